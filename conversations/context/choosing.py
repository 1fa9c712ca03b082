"""Which of the summary, facts and pins has a place in a new epoch."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from conversations.context.memory import (
    HEADING_TOKENS,
    OPENING_TOKENS,
    Note,
    note_tokens,
)
from conversations.context.turns import MESSAGE_TOKENS, says_something

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conversations.wire import (
        Fact,
        HistoryMessage,
        Memory,
        Pin,
        Summary,
        Turn,
    )

# Of what a request may have in all.
PINS_PART = 4
FACTS_PART = 8
MOST_FACTS = 60
# What a memory takes beside its notes.
MEMORY_TOKENS = OPENING_TOKENS + MESSAGE_TOKENS


@dataclass(frozen=True, slots=True)
class Pinned:
    """A pinned message and what its copy takes, in tokens.

    `index` is that of its turn, -1 where that is not read.
    """

    message: HistoryMessage
    index: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What will be remembered, wherever the context begins.

    `pins` are newest first. Which of them are copied depends on which turns leave;
    they have `pins_room`, in tokens. For `no_summary` and `no_facts` there is no room.
    """

    summary: Summary | None
    no_summary: Summary | None
    facts: tuple[Fact, ...]
    no_facts: tuple[Fact, ...]
    pins: tuple[Pinned, ...]
    pins_room: int

    def pins_at(self, start: int) -> tuple[list[Pinned], list[Pinned]]:
        """Return which pins are copied, and for which there is no room.

        Both oldest first, where turns from `start` on are sent. The newest go first.
        """
        room = self.pins_room
        copied: list[Pinned] = []
        no_room: list[Pinned] = []
        for one in self.pins:
            if one.index >= start:
                continue
            fits = one.tokens <= room
            room -= one.tokens if fits else 0
            (copied if fits else no_room).append(one)
        return copied[::-1], no_room[::-1]

    def sizes(self, turns: int, *, left_before: bool) -> list[int]:
        """Return what is remembered at most if 0, 1, … `turns` leave, in tokens.

        `left_before` says that some have left already.
        """
        copied = [0] * (turns + 1)
        for one in self.pins:
            if one.index < turns:
                copied[one.index + 1] += one.tokens
        always = facts_tokens(self.facts) + summary_tokens(self.summary)
        sizes = [always + min(pins, self.pins_room) for pins in accumulate(copied)]
        if not left_before:
            sizes[0] -= summary_tokens(self.summary)
        return [one + MEMORY_TOKENS if one else 0 for one in sizes]


def choose(
    memory: Memory,
    turns: Sequence[Turn],
    room: int,
    most: int,
    pins_room: int | None = None,
) -> Choice:
    """Return what has a place in `room`, of a request of at most `most`; in tokens.

    Pins go first, for a person chose them, then the summary, then facts. Pins may have
    more room than the rest: `pins_room`.
    """
    pins = _pins(memory.pins, turns)
    pins_room = room if pins_room is None else pins_room
    pins_room = max(0, min(pins_room - MEMORY_TOKENS, most // PINS_PART))
    room -= MEMORY_TOKENS
    room -= min(pins_room, sum(one.tokens for one in pins))
    summary = memory.summary
    fits = summary_tokens(summary) <= room
    room -= summary_tokens(summary) if fits else 0
    facts = _facts(memory.facts, min(room, most // FACTS_PART))
    chosen = {fact.id for fact in facts}
    return Choice(
        summary=summary if fits else None,
        no_summary=None if fits else summary,
        facts=facts,
        no_facts=_by_id(one for one in memory.facts if one.id not in chosen),
        pins=pins,
        pins_room=pins_room,
    )


def summary_tokens(summary: Summary | None) -> int:
    """Return what a summary takes in a memory."""
    if summary is None:
        return 0
    return note_tokens(Note("summary", summary.text), summary.tokens)


def fact_tokens(fact: Fact) -> int:
    """Return what a fact takes in a memory."""
    return note_tokens(Note("fact", fact.text), fact.tokens)


def facts_tokens(facts: Sequence[Fact]) -> int:
    """Return what facts take in a memory, with their heading."""
    return sum(map(fact_tokens, facts)) + HEADING_TOKENS if facts else 0


def _pins(pins: Iterable[Pin], turns: Sequence[Turn]) -> tuple[Pinned, ...]:
    said = [one for one in pins if says_something(one.message.content)]
    said.sort(key=lambda one: one.place, reverse=True)
    index = _indexes({one.message.id for one in said}, turns)
    return tuple(
        Pinned(one.message, index.get(one.message.id, -1), _pin_tokens(one.message))
        for one in said
    )


def _pin_tokens(message: HistoryMessage) -> int:
    return note_tokens(Note("pin", message.content), message.tokens)


def _indexes(ids: set[str], turns: Sequence[Turn]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, turn in enumerate(turns if ids else ()):
        for one in turn.messages:
            if one.id in ids:
                found[one.id] = index
        if turn.reply is not None and turn.reply.id in ids:
            found[turn.reply.id] = index
    return found


def _facts(facts: Iterable[Fact], room: int) -> tuple[Fact, ...]:
    """Pinned ones first, then the newest; in the order in which they were found."""
    room -= HEADING_TOKENS
    chosen: list[Fact] = []
    for fact in sorted(facts, key=lambda one: (one.pinned, one.id), reverse=True):
        tokens = fact_tokens(fact)
        if tokens <= room and len(chosen) < MOST_FACTS:
            room -= tokens
            chosen.append(fact)
    return _by_id(chosen)


def _by_id(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=lambda one: one.id))
