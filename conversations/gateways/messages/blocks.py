"""The content blocks of an answer in the messages protocol, kept to be given back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conversations import limits
from conversations.text import join_halves

if TYPE_CHECKING:
    from conversations.wire import Json

THINKING = ("thinking", "redacted_thinking")
# What a block takes in memory beside its text.
_BLOCK_BYTES = 1_000


def is_signed(block: Json) -> bool:
    """Tell whether `block` is thinking that its model takes back."""
    if block.get("type") == "redacted_thinking":
        return bool(block.get("data"))
    return block.get("type") == "thinking" and bool(block.get("signature"))


class Blocks:
    """The content blocks of one answer, put together again exactly as they came.

    Deltas find their block by its index and type: some gateways number all alike.
    """

    def __init__(self) -> None:
        self._blocks: list[_Block] = []
        self._newest: dict[tuple[object, str], _Block] = {}
        self._bytes_left = limits.ANSWER_BYTES

    def weigh(self, size: int) -> None:
        """Count `size` bytes beside the text; beyond the bound nothing is kept."""
        self._bytes_left -= size
        if self._bytes_left < 0:
            self._blocks.clear()
            self._newest.clear()

    def start(self, index: object, content: Json) -> None:
        """Begin a block with what is known of it."""
        self.weigh(_BLOCK_BYTES)
        if self._bytes_left >= 0:
            block = _Block(content)
            self._blocks.append(block)
            self._newest[index, block.kind] = block

    def add(self, index: object, field: str, text: str) -> None:
        """Add `text` to a field of the newest block that has it, or begin such."""
        kind = _KIND_OF_FIELD[field]
        block = self._newest.get((index, kind))
        if block is None and kind != _TOOL:
            self.start(index, {"type": kind})
            block = self._newest.get((index, kind))
        if block is not None and text:
            block.pieces[field].append(text)

    def cite(self, index: object, citation: Json) -> None:
        """Add a citation to the text it belongs to."""
        if block := self._newest.get((index, "text")):
            known = block.content.get("citations")
            listed = known if isinstance(known, list) else []
            block.content["citations"] = [*listed, citation]

    def items(self) -> tuple[Json, ...]:
        """Return all blocks where there is thinking to be given back, else none.

        Nor where a tool is called: no call may be given back without its result.
        """
        kinds = {block.kind for block in self._blocks}
        if kinds.isdisjoint(THINKING) or "tool_use" in kinds:
            return ()
        items = tuple(block.build() for block in self._blocks)
        return items if any(is_signed(item) for item in items) else ()


_TOOL = "tool"
# The fields that come in pieces, each of one kind of block. What a tool of the
# gateway's own is asked comes as JSON.
_KIND_OF_FIELD = {
    "text": "text",
    "thinking": "thinking",
    "signature": "thinking",
    "partial_json": _TOOL,
}


class _Block:
    def __init__(self, content: Json) -> None:
        self.content = dict(content)
        name = str(content.get("type"))
        self.kind = _TOOL if name.endswith("_tool_use") else name
        self.pieces: dict[str, list[str]] = {field: [] for field in _KIND_OF_FIELD}

    def build(self) -> Json:
        """Return the block with all its pieces, its fields in their order."""
        content = dict(self.content)
        if self.kind in ("text", "thinking"):
            content[self.kind] = self._join(self.kind)
        if signatures := [piece for piece in self.pieces["signature"] if piece]:
            # It comes whole; an empty one after it is none.
            content["signature"] = signatures[-1]
        if self.pieces["partial_json"]:
            content["input"] = _parse("".join(self.pieces["partial_json"]))
        return content

    def _join(self, field: str) -> str:
        first = self.content.get(field)
        begun = first if isinstance(first, str) else ""
        return join_halves("".join([begun, *self.pieces[field]]))


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {}
