"""What may be sent of a conversation: ways to choose, ours and those of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bench.economics_talks import SYSTEM_TOKENS, Talk
from conversations.context.assembly import assemble
from conversations.context.epochs import leaving
from conversations.wire import (
    Context,
    ContextSettings,
    ContextState,
    History,
    HistoryMessage,
    Memory,
    ModelFacts,
    Outcome,
    RequestMessage,
    Role,
    Sample,
    Summary,
    Turn,
)

SYSTEM = "The system prompt."
# Larger than everything: only the budget bounds a request.
MODEL = ModelFacts("model", 1_000_000_000, endpoint="here")
SETTINGS = ContextSettings(SYSTEM, "1", SYSTEM_TOKENS)
# What a message takes beside its words, and what a prompt takes beside its messages.
MESSAGE_TOKENS, PRIMING_TOKENS = 4, 3
# So many requests back are looked at to predict the next one.
SAMPLES = 50
SUMMARY_TOKENS = 600
# From here on a summary is written, so that it is there when it is needed.
NEAR = 0.9
# While no more than this part of what would leave is missing in it, it will do.
MISSING_SHARE = 1 / 3
# A cheap model's price beside that of the one that is asked, and how much dearer
# what it writes is than what it reads.
CHEAP, OUTPUT = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request; `kept` is what it holds of earlier turns, in tokens.

    `memory_tokens` stand for the turns that left; `extra` is what was spent beside it,
    in tokens at the full price of input.
    """

    messages: Sequence[RequestMessage]
    kept: int
    predicted: int
    memory_tokens: int = 0
    is_new: bool = False
    extra: float = 0.0


class Sliding:
    """The newest turns that fit, chosen anew for each request, as others do."""

    def __init__(self, budget: int) -> None:
        self._budget = budget

    def send(self, talk: Talk, turn: int) -> Sent:
        """Return the request for a turn."""
        asking = talk.turns[turn].messages
        fixed = PRIMING_TOKENS + SYSTEM_TOKENS + MESSAGE_TOKENS + _size(asking)
        first, kept = turn, 0
        while first:
            more = _size(_said(talk.turns[first - 1]))
            if fixed + kept + more > self._budget:
                break
            first, kept = first - 1, kept + more
        said = [one for each in talk.turns[first:turn] for one in _said(each)]
        messages = [_message(one) for one in (*said, *asking)]
        system = RequestMessage("system", SYSTEM)
        return Sent([system, *messages], kept, fixed + kept)

    def hear(self, talk: Talk, turn: int, actual: int) -> None:
        """Learn nothing."""


@dataclass
class Epochs:
    """Our own rule, carried from turn to turn as the services do."""

    settings: ContextSettings
    summarises: bool = False
    _state: ContextState = field(default_factory=ContextState)
    _tokens: int = 0
    _summary: Summary | None = None
    _extra: float = 0.0
    _epochs: int = 0

    def send(self, talk: Talk, turn: int) -> Sent:
        """Return the request for a turn."""
        history = self._history(talk, turn, talk.turns[turn].messages)
        context = self._assemble(history)
        if context.is_new and self._summary is not None:
            context = self._assemble(self._remembering(history))
        if context.is_new:
            self._epochs += 1
            epoch = replace(context.epoch, id=str(self._epochs))
            self._state = replace(self._state, epoch=epoch)
        self._tokens = context.tokens
        extra, self._extra = self._extra, 0.0
        return Sent(
            context.messages,
            _kept(context),
            context.predicted,
            context.epoch.memory_tokens,
            context.is_new,
            extra,
        )

    def hear(self, talk: Talk, turn: int, actual: int) -> None:
        """Learn what the gateway has counted, and summarise what will leave soon."""
        samples = (*self._state.samples, Sample(self._tokens, actual))[-SAMPLES:]
        self._state = replace(self._state, samples=samples)
        if self.summarises:
            history = self._remembering(self._history(talk, turn + 1, ()))
            context = self._assemble(history)
            if context.is_new or context.share >= NEAR:
                self._summarise(history)

    def _assemble(self, history: History) -> Context:
        return assemble(history, self.settings, MODEL, self._state)

    def _history(
        self, talk: Talk, end: int, asking: tuple[HistoryMessage, ...]
    ) -> History:
        epoch = self._state.epoch
        start = epoch.turns_before if epoch else 0
        return History(talk.turns[start:end], asking, turns_before=start)

    def _remembering(self, history: History) -> History:
        return replace(history, memory=Memory(summary=self._summary))

    def _summarise(self, history: History) -> None:
        """Have a cheap model add what would leave to what it wrote before.

        As the services do: unless little of it is missing there.
        """
        left = leaving(history, self.settings, MODEL, self._state)
        before, ids = self._summary, [each.reply.id for each in left if each.reply]
        known = ids.index(before.until) + 1 if before and before.until in ids else 0
        missing = _sum(left[known:])
        if not ids or missing <= MISSING_SHARE * _sum(left):
            return
        read = missing + (before.tokens if before else 0)
        self._extra += CHEAP * (read + OUTPUT * SUMMARY_TOKENS)
        text = f"What was said until {ids[-1]}."
        number = before.id + 1 if before else 1
        self._summary = Summary(number, text, SUMMARY_TOKENS, ids[-1])


def _sum(turns: Sequence[Turn]) -> int:
    return sum(_size(_said(each)) for each in turns)


def _said(turn: Turn) -> tuple[HistoryMessage, ...]:
    return (*turn.messages, turn.reply) if turn.reply else turn.messages


def _size(messages: Sequence[HistoryMessage]) -> int:
    return sum(one.tokens + MESSAGE_TOKENS for one in messages)


def _message(one: HistoryMessage) -> RequestMessage:
    role: Literal["user", "assistant"] = (
        "user" if one.role == Role.USER else "assistant"
    )
    return RequestMessage(role, one.content, one.id)


def _kept(context: Context) -> int:
    return sum(
        item.tokens
        for item in context.items
        if (item.kind, item.outcome) == ("turns", Outcome.SENT)
    )


Policy = Sliding | Epochs
Way = Callable[[int], Policy]

SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NO_TRIM, SLIDING = "no trim", "sliding window"
LAST_TURNS, LAST = 20, "last 20 turns"


def epochs_name(share: float, *, summarises: bool = False) -> str:
    """Return the name of our rule with this share kept."""
    return f"epochs, L = {share:g}{' with summaries' if summarises else ''}"


def _epochs(share: float, *, summarises: bool = False) -> Way:
    def make(budget: int) -> Policy:
        settings = replace(SETTINGS, keep_share=share, cap=budget)
        return Epochs(settings, summarises)

    return make


# What holds where admins choose nothing else.
SHARE = SETTINGS.keep_share
OURS = epochs_name(SHARE)
SUMMARISED = epochs_name(SHARE, summarises=True)
WAYS: dict[str, Way] = {
    NO_TRIM: lambda _: Epochs(SETTINGS),
    LAST: lambda budget: Epochs(replace(SETTINGS, last_turns=LAST_TURNS, cap=budget)),
    SLIDING: Sliding,
    **{epochs_name(share): _epochs(share) for share in sorted({*SHARES, SHARE})},
    SUMMARISED: _epochs(SHARE, summarises=True),
}
