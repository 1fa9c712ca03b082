"""What the model is shown for one turn, decided without a database or a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from conversations.context.budget import budget_for
from conversations.context.turns import (
    MESSAGE_TOKENS,
    leave_out_empty,
    messages_of,
    render,
    says_something,
    size,
    split_by_asked,
)
from conversations.wire import Context, ContextState, Item, Outcome, RequestMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conversations.wire import (
        ContextSettings,
        History,
        HistoryMessage,
        ModelFacts,
        Turn,
    )

# What the chat format takes once, for the answer to begin (OpenAI cookbook, "How to
# count tokens with tiktoken").
PRIMING_TOKENS = 3

# Models refuse a request that ends with an assistant message, so a user's line follows
# what is to be continued. It is never stored.
CONTINUE_LINE = (
    "Your last answer broke off. Go on exactly where it stopped, in the middle of a "
    "word if need be. Do not repeat anything, and do not remark on the break."
)
CONTINUE_LINE_TOKENS = 36

START = ContextState()


@dataclass(frozen=True, slots=True)
class _Part:
    """Messages that are sent one after the other, and their line of the manifest."""

    item: Item
    messages: tuple[RequestMessage, ...]


def assemble(
    history: History,
    settings: ContextSettings,
    model: ModelFacts,
    state: ContextState = START,
) -> Context:
    """Return what to send: system prompt, newest whole turns that fit, the question.

    Sizes are in tokens. Raises nothing: where the system prompt and the question
    alone are too large, the context says so by `over_budget`.
    """
    budget = budget_for(settings, model)
    head, tail = _head(settings), _tail(history)
    fixed = PRIMING_TOKENS + _tokens(head) + _tokens(tail)
    turns, empty = split_by_asked(history.turns)
    kept = _newest_that_fit(turns, budget - fixed)
    older = turns[: len(turns) - len(kept)]
    sent = (*_sent_turns(kept), *_mark_too_large(tail, over=fixed > budget))
    return Context(
        messages=tuple(message for part in (*head, *sent) for message in part.messages),
        items=(
            *(part.item for part in head),
            *_dropped_turns(older, "Older than what fits.", history.turns_before),
            *_dropped_turns(empty, "Nothing was asked."),
            *(part.item for part in sent),
        ),
        tokens=PRIMING_TOKENS + _tokens(head) + _tokens(sent),
        budget=budget,
        state=ContextState(state.epoch, _first_message(sent)),
    )


def _head(settings: ContextSettings) -> tuple[_Part, ...]:
    prompt, ref = settings.system_prompt, settings.system_prompt_ref
    if not says_something(prompt):
        return ()
    tokens = settings.system_prompt_tokens + MESSAGE_TOKENS
    item = Item("system", Outcome.SENT, tokens, first=ref, last=ref)
    return (_Part(item, (RequestMessage("system", prompt),)),)


def _tail(history: History) -> tuple[_Part, ...]:
    asking = _part("asking", history.asking, "user")
    partial = _part(
        "partial", (history.partial,) if history.partial else (), "assistant"
    )
    return (*asking, *partial, _go_on()) if asking and partial else asking


def _part(
    kind: Literal["asking", "partial"],
    messages: Iterable[HistoryMessage],
    role: Literal["user", "assistant"],
) -> tuple[_Part, ...]:
    said = leave_out_empty(messages)
    if not said:
        return ()
    item = Item(kind, Outcome.SENT, size(said), first=said[0].id, last=said[-1].id)
    return (_Part(item, tuple(RequestMessage(role, one.content) for one in said)),)


def _go_on() -> _Part:
    item = Item("continue", Outcome.SENT, CONTINUE_LINE_TOKENS + MESSAGE_TOKENS)
    return _Part(item, (RequestMessage("user", CONTINUE_LINE),))


def _mark_too_large(parts: tuple[_Part, ...], *, over: bool) -> tuple[_Part, ...]:
    if not over:
        return parts
    reason = "Larger than what fits, even without earlier turns."
    return tuple(
        replace(part, item=replace(part.item, reason=reason)) for part in parts
    )


def _newest_that_fit(turns: Sequence[Turn], room: int) -> Sequence[Turn]:
    start = len(turns)
    for turn in reversed(turns):
        room -= size(messages_of(turn))
        if room < 0:
            break
        start -= 1
    return turns[start:]


def _sent_turns(turns: Sequence[Turn]) -> tuple[_Part, ...]:
    if not turns:
        return ()
    messages = tuple(message for turn in turns for message in render(turn))
    return (_Part(_run(turns, Outcome.SENT), messages),)


def _dropped_turns(
    turns: Sequence[Turn], reason: str, turns_before: int = 0
) -> tuple[Item, ...]:
    """Name a run that is not sent; of `turns_before` only the number is known."""
    if not turns and not turns_before:
        return ()
    run = _run(turns, Outcome.DROPPED)
    first = "" if turns_before else run.first
    count = run.turns + turns_before
    return (replace(run, reason=reason, first=first, turns=count),)


def _run(turns: Sequence[Turn], outcome: Outcome) -> Item:
    tokens = sum([size(messages_of(turn)) for turn in turns])
    ids = [one.id for turn in (*turns[:1], *turns[-1:]) for one in messages_of(turn)]
    first, last = (ids[0], ids[-1]) if ids else ("", "")
    return Item("turns", outcome, tokens, first=first, last=last, turns=len(turns))


def _first_message(sent: tuple[_Part, ...]) -> str | None:
    return sent[0].item.first or None if sent else None


def _tokens(parts: Iterable[_Part]) -> int:
    return sum([part.item.tokens for part in parts])
