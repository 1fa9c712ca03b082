"""A conversation of equal turns that has come near the end of its context."""

from __future__ import annotations

from dataclasses import replace

from conversations.context.assembly import assemble
from conversations.wire import (
    Context,
    ContextSettings,
    ContextState,
    History,
    HistoryMessage,
    Memory,
    ModelFacts,
    Outcome,
    Role,
    Sample,
    Summary,
    Turn,
)

# Of 10,000 tokens, 8,000 are ours; a turn takes 400.
MODEL = ModelFacts("any", 10_000)
SETTINGS = ContextSettings(keep_share=0.5)
BUDGET = 8_000
QUESTION = (HistoryMessage("q", Role.USER, "And now?", 6),)
# A gateway that counts as we do.
EXACT = tuple(Sample(40_000 * n, 40_000 * n) for n in (1, 2, 1, 2, 1))


def turn(number: int, tokens: int = 196) -> Turn:
    asked = HistoryMessage(f"u{number}", Role.USER, f"Question {number}?", tokens)
    reply = HistoryMessage(f"a{number}", Role.ASSISTANT, f"Answer {number}.", tokens)
    return Turn((asked,), reply)


def history(turns: int, memory: Memory | None = None, before: int = 0) -> History:
    said = tuple(turn(number) for number in range(turns))
    return History(said, QUESTION, None, before, memory or Memory())


def saved(context: Context, *, must_roll: bool = False) -> ContextState:
    """Return what the next turn goes on from."""
    return ContextState(replace(context.epoch, id="epoch"), EXACT, must_roll)


def begun(turns: int = 0, settings: ContextSettings = SETTINGS) -> ContextState:
    """Return the state after a conversation has begun, long before it is full."""
    state = ContextState(samples=EXACT)
    return saved(assemble(history(turns), settings, MODEL, state))


def started_at(number: int) -> ContextState:
    state = begun()
    assert state.epoch is not None
    return replace(state, epoch=replace(state.epoch, first_message=f"u{number}"))


def first_turn(context: Context) -> str:
    return next(message.id for message in context.messages if message.id)


def lines(context: Context, kind: str) -> list[tuple[Outcome, str, str, int]]:
    return [
        (item.outcome, item.first, item.last, item.turns)
        for item in context.items
        if item.kind == kind
    ]


def summary(until: int, tokens: int = 300) -> Summary:
    return Summary(7, "They spoke of much.", tokens, f"a{until}")
