"""The messages protocol of Anthropic: its answers as deltas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conversations.gateways.decoding import (
    DONE,
    MOST_CALLS,
    NAME_LETTERS,
    Decoder,
    garbled,
    parse,
    read_object,
    read_objects,
)
from conversations.gateways.failures.mapping import map_payload
from conversations.gateways.messages.blocks import THINKING, Blocks
from conversations.gateways.messages.fields import Tally, read_reason, read_refusal
from conversations.text import clean_line, clean_text
from conversations.wire import FinishReason, ToolCallDelta

if TYPE_CHECKING:
    from conversations.wire import Delta, Json


class MessagesDecoder(Decoder):
    """Turns the events of one stream, or one whole message, into deltas."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = Blocks()
        self._tally = Tally()
        # The number of each call, by the index of its block.
        self._calls: dict[object, int] = {}
        self._thought = self._thinks_anew = False

    def decode(self, name: str, data: bytes) -> list[Delta]:
        """Return the deltas of the event `name` with `data`; its own type decides."""
        self._check()
        if data == DONE:
            self.done = True
            return []
        event = parse(data)
        if not isinstance(event, dict):
            raise map_payload(event) if name == "error" else garbled(data)
        kind = event.get("type") or name
        if "error" in (kind, name, event.get("object")) or event.get("error"):
            raise map_payload(event)
        deltas: list[Delta] = []
        if kind == "content_block_delta":
            self._delta(event, deltas, len(data))
        elif kind == "content_block_start":
            self._blocks.weigh(len(data))
            self._start(event.get("index"), event.get("content_block"), deltas)
        else:
            self._outline(str(kind), event, deltas)
        return deltas

    def _delta(self, event: Json, deltas: list[Delta], size: int) -> None:
        delta, index = event.get("delta"), _index(event.get("index"))
        if not isinstance(delta, dict):
            return
        kind = delta.get("type")
        if kind == "text_delta":
            if isinstance(text := delta.get("text"), str):
                self._blocks.add(index, "text", text)
                self._text(text, deltas)
        elif kind == "thinking_delta":
            if isinstance(text := delta.get("thinking"), str):
                self._blocks.add(index, "thinking", text)
                self._ponder(text, deltas)
        else:
            self._blocks.weigh(size)
            self._rarer(index, delta, deltas)

    def _rarer(self, index: int, delta: Json, deltas: list[Delta]) -> None:
        if isinstance(signature := delta.get("signature"), str):
            self._thought = True
            self._blocks.add(index, "signature", signature)
        elif isinstance(piece := delta.get("partial_json"), str):
            if index in self._calls:
                call = ToolCallDelta(self._calls[index], arguments=clean_text(piece))
                deltas.append(call)
            else:
                self._blocks.add(index, "partial_json", piece)
        elif isinstance(citation := delta.get("citation"), dict):
            self._blocks.cite(index, citation)
            self._cite_one(citation)

    def _start(self, index: object, block: object, deltas: list[Delta]) -> None:
        """Begin a block; of a whole message it is all there."""
        if not isinstance(block, dict):
            return
        self._blocks.start(_index(index), block)
        if block.get("type") == "tool_use":
            self._call(_index(index), block, deltas)
        if block.get("type") in THINKING:
            self._thinks_anew = self._thoughts.opened
            self._thought = True
        if isinstance(thinking := block.get("thinking"), str):
            self._ponder(thinking, deltas)
        if isinstance(text := block.get("text"), str):
            self._text(text, deltas)
        for citation in read_objects(block.get("citations")):
            self._cite_one(citation)

    def _ponder(self, text: str, deltas: list[Delta]) -> None:
        """Show thinking, a blank line between one block of it and the next."""
        self._thought = True
        if self._thinks_anew and text:
            self._thinks_anew = False
            text = f"\n\n{text}"
        self._think(text, deltas)

    def _call(self, index: int, block: Json, deltas: list[Delta]) -> None:
        self._called = True
        if len(self._calls) >= MOST_CALLS:
            return
        number = self._calls[index] = len(self._calls)
        asked = block.get("input")
        deltas.append(
            ToolCallDelta(
                number,
                clean_text(str(block.get("id") or "")[:NAME_LETTERS]),
                clean_text(str(block.get("name") or "")[:NAME_LETTERS]),
                clean_text(json.dumps(asked)) if asked else "",
            )
        )

    def _cite_one(self, citation: Json) -> None:
        url = citation.get("url") or citation.get("source")
        self._cite(url, citation.get("title"))

    def _outline(self, kind: str, event: Json, deltas: list[Delta]) -> None:
        """Take an event that is about the message as a whole."""
        if kind == "message_start":
            self._about(read_object(event, "message"), begun=True)
        elif kind == "message_delta":
            self._about(event | read_object(event, "delta"))
        elif kind == "message":
            self._about(event)
            blocks = event.get("content")
            for index, block in enumerate(blocks if isinstance(blocks, list) else ()):
                self._start(index, block, deltas)
        self.done = self.done or kind in ("message", "message_stop")

    def _about(self, message: Json, *, begun: bool = False) -> None:
        self._name(message.get("model"), message.get("id"))
        self._tally.add(message.get("usage"), begun=begun)
        if reason := message.get("stop_reason"):
            raw = clean_line(str(reason))[:NAME_LETTERS]
            self._raw_reason = self._raw_reason or raw
        self._detail = read_refusal(message.get("stop_details")) or self._detail
        self._usage = self._tally.usage(ended=self._raw_reason is not None)

    def _items(self) -> tuple[Json, ...]:
        return self._blocks.items()

    def _read_reason(self) -> FinishReason:
        return read_reason(self._raw_reason)

    def _made_anything(self) -> bool:
        # Thinking may be withheld or redacted.
        return self._thought or super()._made_anything()


def _index(value: object) -> int:
    return value if isinstance(value, int) else 0
