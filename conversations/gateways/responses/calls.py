"""The tool calls of a response, in pieces or whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.decoding import MOST_CALLS, read_count
from conversations.text import clean_text
from conversations.wire import ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conversations.wire import Json


class Calls:
    """Numbers the calls of one answer and gives each of their pieces once."""

    def __init__(self) -> None:
        self._numbers: dict[int | str, int] = {}
        self._argued: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._numbers)

    def read_item(self, event: Json, item: Json) -> Iterator[ToolCallDelta]:
        """Yield what is new in a call as an item: its name, and arguments in whole."""
        if item.get("type") != "function_call":
            return
        known = len(self._numbers)
        number = self._number(event.get("output_index"), item.get("id"))
        arguments = self._whole(number, item.get("arguments"))
        if len(self._numbers) > known:
            name = item.get("call_id") or item.get("id")
            yield ToolCallDelta(number, _text(name), _text(item.get("name")), arguments)
        elif arguments:
            yield ToolCallDelta(number, arguments=arguments)

    def read_piece(self, event: Json) -> Iterator[ToolCallDelta]:
        """Yield a piece of a call's arguments."""
        number = self._number(event.get("output_index"), event.get("item_id"))
        if piece := _text(event.get("delta")):
            self._argued.add(number)
            yield ToolCallDelta(number, arguments=piece)

    def read_arguments(self, event: Json) -> Iterator[ToolCallDelta]:
        """Yield a call's arguments in whole, unless they came in pieces."""
        number = self._number(event.get("output_index"), event.get("item_id"))
        if arguments := self._whole(number, event.get("arguments")):
            yield ToolCallDelta(number, arguments=arguments)

    def read_output(self, items: Iterable[Json]) -> Iterator[ToolCallDelta]:
        """Yield the calls of a whole response, unless any came before it."""
        if not self:
            for position, item in enumerate(items):
                yield from self.read_item({"output_index": position}, item)

    def _number(self, index: object, name: object) -> int:
        """Item ids are not to be relied on where there is an index: some rotate."""
        count = read_count(index)
        key = _text(name) if count is None else count
        if key not in self._numbers and len(self._numbers) < MOST_CALLS:
            self._numbers[key] = len(self._numbers)
        return self._numbers.get(key, MOST_CALLS)

    def _whole(self, number: int, arguments: object) -> str:
        text = "" if number in self._argued else _text(arguments)
        if text:
            self._argued.add(number)
        return text


def _text(value: object) -> str:
    return clean_text(value) if isinstance(value, str) else ""
