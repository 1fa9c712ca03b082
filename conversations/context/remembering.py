"""What stands for turns that left: written at a roll, kept as it is until the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.context.choosing import (
    MEMORY_TOKENS,
    facts_tokens,
    summary_tokens,
)
from conversations.context.memory import Note, render_memory
from conversations.wire import Item, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conversations.context.branch import Branch
    from conversations.context.choosing import Pinned
    from conversations.context.epochs import Beginning
    from conversations.wire import Epoch, Fact, Summary

NO_ROOM = "No room for it."
PIN_NO_ROOM = (
    "No room for it: pinned messages share a quarter of what fits, newer ones first."
)
FACTS_NO_ROOM = "No room for them: pinned and newer ones go first."
NOT_NEEDED = "What it covers is sent in full."
NOT_YET = "New since the context last rolled; it is sent after the next roll."
FACTS_NOT_YET = "New since the context last rolled; they are sent after the next roll."


@dataclass(frozen=True, slots=True)
class Remembered:
    """A memory, "" for none, and its lines in the manifest.

    `tokens` is what sending it takes; `summary` the id of the one that is in it. Of
    the `items`, what is `new` is no part of an epoch that began before.
    """

    text: str
    tokens: int
    items: tuple[Item, ...]
    summary: int | None
    new: tuple[Item, ...] = ()


def remember_anew(branch: Branch, beginning: Beginning) -> Remembered:
    """Write the memory of a new epoch."""
    choice = branch.choice
    copied, no_room = choice.pins_at(beginning.start)
    summary = choice.summary if beginning.has_summary else None
    unused = choice.summary if summary is None else None
    sent = [*_summary(summary), *_facts(choice.facts), *_pins(copied)]
    left_out = (
        *_left_out(_summary(unused), NOT_NEEDED),
        *_left_out(_summary(choice.no_summary), NO_ROOM),
        *_left_out(_facts(choice.no_facts), FACTS_NO_ROOM),
        *_left_out(_pins(no_room), PIN_NO_ROOM),
    )
    sent = _with_opening(sent)
    return Remembered(
        text=render_memory(_notes(summary, choice.facts, copied)),
        tokens=sum(item.tokens for item in sent),
        items=(*sent, *left_out),
        summary=summary.id if summary else None,
    )


def remember_on(branch: Branch, epoch: Epoch, start: int) -> Remembered:
    """Return the memory of an epoch that goes on, and name what is not yet in it.

    `start` is the index of the first turn that is sent.
    """
    known = {(item.kind, item.first) for item in epoch.noted}
    memory = branch.history.memory
    pins = [one for one in reversed(branch.choice.pins) if one.index < start]
    fresh = [*_summary(memory.summary), *_pins(pins)]
    new = (
        *_left_out(
            (one for one in fresh if (one.kind, one.first) not in known), NOT_YET
        ),
        *_left_out(_facts(_new_facts(memory.facts, epoch)), FACTS_NOT_YET),
    )
    noted = epoch.noted
    if epoch.memory and not noted:
        noted = (Item("summary", Outcome.SENT, epoch.memory_tokens),)
    return Remembered(epoch.memory, epoch.memory_tokens, noted, epoch.summary, new)


def _notes(
    summary: Summary | None, facts: Iterable[Fact], pins: Iterable[Pinned]
) -> list[Note]:
    return [
        *([Note("summary", summary.text)] if summary else []),
        *(Note("fact", one.text) for one in facts),
        *(Note("pin", one.message.content, one.message.role) for one in pins),
    ]


def _summary(summary: Summary | None) -> list[Item]:
    if summary is None:
        return []
    name = str(summary.id)
    return [Item("summary", Outcome.SENT, summary_tokens(summary), "", name, name)]


def _facts(facts: Sequence[Fact]) -> list[Item]:
    """Return facts as one item: they are many, and short."""
    if not facts:
        return []
    first, last = str(facts[0].id), str(facts[-1].id)
    return [Item("facts", Outcome.SENT, facts_tokens(facts), "", first, last)]


def _pins(pins: Iterable[Pinned]) -> list[Item]:
    return [
        Item("pin", Outcome.SENT, one.tokens, "", one.message.id, one.message.id)
        for one in pins
    ]


def _with_opening(items: list[Item]) -> list[Item]:
    """Count what opens a memory with the first that is in it."""
    if not items:
        return []
    first, *rest = items
    return [replace(first, tokens=first.tokens + MEMORY_TOKENS), *rest]


def _left_out(items: Iterable[Item], reason: str) -> list[Item]:
    return [replace(one, outcome=Outcome.DROPPED, reason=reason) for one in items]


def _new_facts(facts: Iterable[Fact], epoch: Epoch) -> list[Fact]:
    """Return the facts found since the epoch began: their ids only grow."""
    named = [item.last for item in epoch.noted if item.kind == "facts"]
    newest = max((int(one) for one in named if one.isdigit()), default=-1)
    new = [fact for fact in facts if fact.id > newest]
    return sorted(new, key=lambda fact: fact.id)
