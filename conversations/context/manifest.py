"""A manifest as JSON, as it is stored with its generation."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from conversations.wire import Item, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.wire.epochs import ItemKind


class Line(TypedDict):
    """An `Item`; what is empty is left out."""

    kind: ItemKind
    outcome: str
    tokens: int
    reason: NotRequired[str]
    first: NotRequired[str]
    last: NotRequired[str]
    turns: NotRequired[int]


def to_json(items: Iterable[Item]) -> list[Line]:
    """Return `items` as plain JSON values."""
    return [_line(item) for item in items]


def from_json(lines: Iterable[Line]) -> tuple[Item, ...]:
    """Return the items that `to_json` was given.

    Raises `KeyError` or `ValueError` on what it did not write.
    """
    return tuple(_item(line) for line in lines)


def _line(item: Item) -> Line:
    line = Line(kind=item.kind, outcome=item.outcome.value, tokens=item.tokens)
    if item.reason:
        line["reason"] = item.reason
    if item.first:
        line["first"] = item.first
    if item.last:
        line["last"] = item.last
    if item.turns:
        line["turns"] = item.turns
    return line


def _item(line: Line) -> Item:
    return Item(
        kind=line["kind"],
        outcome=Outcome(line["outcome"]),
        tokens=line["tokens"],
        reason=line.get("reason", ""),
        first=line.get("first", ""),
        last=line.get("last", ""),
        turns=line.get("turns", 0),
    )
