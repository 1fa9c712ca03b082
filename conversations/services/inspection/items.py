"""A manifest as people read it: line by line, down to the messages of each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from conversations.context.assembly import CONTINUE_LINE
from conversations.context.manifest import from_json
from conversations.models import Generation, Message
from conversations.services.branching.branches import list_path
from conversations.services.inspection.said import (
    Said,
    find_asked,
    find_messages,
    find_shown_from,
    read_said,
    read_turns,
)
from conversations.services.rebuilding import dialect_of
from conversations.wire import Item, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

# Of a run of turns that is longer, only both ends are listed.
MOST_TURNS = 8
END_TURNS = 3
# Messages that are read at each end of a run, to find those turns.
END_MESSAGES = 60
FIRST_MESSAGES = 400
ALL_MESSAGES = 1_000_000
MEMORY = frozenset({"summary", "facts", "pin"})
NAMES = {
    "system": "System prompt",
    "summary": "Summary",
    "facts": "Facts",
    "pin": "Pinned message",
    "partial": "Answer so far",
    "continue": "Asked to go on",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of what was sent or left out. `tokens` are our estimate, None: unknown.

    `text` is all of it, where it is no message of the conversation. Of a long run of
    turns `said` is the beginning and `said_last` the end; between them are
    `turns_between` with `tokens_between`.
    """

    kind: str
    name: str
    outcome: str
    tokens: int | None
    reason: str = ""
    note: str = ""
    text: str = ""
    said: tuple[Said, ...] = ()
    said_last: tuple[Said, ...] = ()
    turns_between: int = 0
    tokens_between: int | None = None
    parts: tuple[Row, ...] = ()

    @property
    def is_sent(self) -> bool:
        return self.outcome == Outcome.SENT


def items_of(generation: Generation) -> tuple[Item, ...]:
    """Return the manifest of a generation, () where nothing was planned."""
    return from_json((generation.manifest or {}).get("items", ()))


def read_rows(
    *, generation: Generation, items: Sequence[Item], path: Sequence[UUID]
) -> tuple[Row, ...]:
    """Return the manifest's lines in their order, with what each is made of.

    `path` is the branch above the reply, newest first, as `read_path_of` gave it.
    """
    runs = _Runs(generation, path)
    rows = [_row(generation, item, runs) for item in items]
    return tuple(_gather_memory(generation, rows))


def read_path_of(*, generation: Generation, items: Sequence[Item]) -> list[UUID]:
    """Return message ids above a reply, newest first, as far back as `items` name any."""
    leaf = generation.message.parent_id
    if leaf is None:
        return []
    named = {UUID(pk) for item in items if _is_run(item) for pk in _ends(item)}
    path = list_path(leaf=leaf, limit=FIRST_MESSAGES)
    if len(path) < FIRST_MESSAGES or named.issubset(path):
        return path
    return list_path(leaf=leaf, limit=ALL_MESSAGES)


def _is_run(item: Item) -> bool:
    return item.kind in {"turns", "asking"}


def _ends(item: Item) -> list[str]:
    return [pk for pk in (item.first, item.last) if pk]


class _Runs:
    """The messages between two of a branch."""

    def __init__(self, generation: Generation, path: Sequence[UUID]) -> None:
        self._dialect = dialect_of(generation)
        self._shown_from = find_shown_from(generation)
        self._epoch = generation.epoch
        self._path = path
        self._places = {pk: place for place, pk in enumerate(path)}

    def read_said(self, messages: Iterable[Message]) -> tuple[Said, ...]:
        """Return messages as they were sent."""
        return read_said(messages, self._dialect, shown_from=self._shown_from)

    def ids(self, item: Item) -> list[UUID]:
        """Return the ids of a run, oldest first; the newest where its start is unknown."""
        newest = self._places.get(UUID(item.last)) if item.last else self._newest_left()
        if newest is None:
            return []
        oldest = self._places.get(UUID(item.first)) if item.first else None
        if oldest is None:
            oldest = newest + END_MESSAGES - 1
        else:
            oldest += self._count_unsent(oldest + 1)
        return list(reversed(self._path[newest : oldest + 1]))

    def _count_unsent(self, place: int) -> int:
        """Return how many messages from a place upwards are for people only."""
        above = self._path[place : place + END_MESSAGES]
        rows = Message.objects.filter(pk__in=above, meant_for=Message.MeantFor.PEOPLE)
        unsent = set(rows.values_list("pk", flat=True))
        return len(list(itertools.takewhile(unsent.__contains__, above)))

    def _newest_left(self) -> int | None:
        """Return the place of the newest message before the epoch begins."""
        first = self._epoch.first_message if self._epoch else None
        place = self._places.get(first) if first else None
        return None if place is None else place + 1


def _row(generation: Generation, item: Item, runs: _Runs) -> Row:
    name = NAMES.get(item.kind) or _name_run(item, is_first=not generation.start)
    row = Row(item.kind, name, item.outcome, _tokens(item), item.reason)
    if item.kind == "turns":
        return _with_turns(row, item, runs)
    if item.kind == "system":
        return _with_prompt(row, generation)
    text = {
        "partial": generation.message.content[: generation.start],
        "continue": CONTINUE_LINE,
    }.get(item.kind, "")
    asked = find_asked(runs.ids(item)) if item.kind == "asking" else ()
    said = asked or find_messages(_pinned(item))
    return replace(row, text=text, said=runs.read_said(said))


def _tokens(item: Item) -> int | None:
    """Return the tokens of a line; of turns that were not read they are unknown."""
    is_read = item.kind != "turns" or item.first or item.outcome is Outcome.SENT
    return item.tokens if is_read else None


def _pinned(item: Item) -> list[UUID]:
    return [UUID(item.first)] if item.kind == "pin" and item.first else []


def _name_run(item: Item, *, is_first: bool) -> str:
    if item.kind == "asking":
        return "New message" if is_first else "Message to be answered"
    which = "earlier" if item.outcome is Outcome.SENT else "older"
    return f"{item.turns:,} {which} turn{'' if item.turns == 1 else 's'}"


def _with_prompt(row: Row, generation: Generation) -> Row:
    revision = generation.revision
    if revision is None:
        return replace(row, note="no longer known")
    return replace(row, note=str(revision), text=revision.text)


def _with_turns(row: Row, item: Item, runs: _Runs) -> Row:
    """List the turns of a run, of a long one both ends."""
    ids = runs.ids(item)
    if item.first and len(ids) <= 2 * END_MESSAGES:
        turns = read_turns(ids)
        if len(turns) != item.turns:
            # Scattered turns that were left out: others are between them.
            return row
        if len(turns) <= MOST_TURNS:
            return _complete(replace(row, said=_flat(turns, runs)), item)
        first, last = turns[:END_TURNS], turns[-END_TURNS:]
    else:
        first = read_turns(ids[:END_MESSAGES])[:END_TURNS] if item.first else []
        last = read_turns(ids[-END_MESSAGES:])[-END_TURNS:]
    row = replace(row, said=_flat(first, runs), said_last=_flat(last, runs))
    return _complete(row, item, shown=len(first) + len(last))


def _complete(row: Row, item: Item, *, shown: int | None = None) -> Row:
    """Add what is not listed: the turns between, and tokens beside the text."""
    listed = sum(one.tokens or 0 for one in (*row.said, *row.said_last))
    between = 0 if shown is None else max(item.turns - shown, 0)
    rest = None if row.tokens is None else max(row.tokens - listed, 0)
    return replace(row, turns_between=between, tokens_between=rest)


def _flat(turns: Iterable[list[Message]], runs: _Runs) -> tuple[Said, ...]:
    said = [message for turn in turns for message in turn]
    return runs.read_said(said)


def _gather_memory(generation: Generation, rows: list[Row]) -> list[Row]:
    """Put what is remembered into one line: it is sent as one message."""
    parts = tuple(row for row in rows if row.kind in MEMORY)
    if not parts:
        return rows
    place = next(n for n, row in enumerate(rows) if row.kind in MEMORY)
    sent = [part for part in parts if part.is_sent]
    memory = Row(
        "memory",
        "Notes on what came before",
        Outcome.SENT if sent else Outcome.DROPPED,
        sum(part.tokens or 0 for part in sent),
        text=generation.epoch.memory if generation.epoch and sent else "",
        parts=parts,
    )
    rest = [row for row in rows[place:] if row.kind not in MEMORY]
    return [*rows[:place], memory, *rest]
