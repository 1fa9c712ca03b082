"""Messages, as Anthropic and those who speak like it send them."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Json, Protocol, Usage
from tests.gateway.surfaces.writer import ABSURD, Writer, frame, without_none

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.problems import Problem
    from tests.gateway.style import Style

ZEROS = Usage(input_tokens=0, output_tokens=0)


class MessagesWriter(Writer):
    protocol: ClassVar[Protocol] = Protocol.MESSAGES
    reasons: ClassVar[dict[str, str]] = {
        "stop": "end_turn",
        "length": "max_tokens",
        "filtered": "refusal",
        "tool_calls": "tool_use",
    }

    def __init__(self, model: str, style: Style, seal: Callable[[], str]) -> None:
        super().__init__(model, style, seal)
        # What is told of the tokens before any is written.
        self._first = Usage(output_tokens=1)
        self._answer_id = self._id("msg_")
        self._blocks: list[Json] = []
        self._open = ""
        self._head = self._tail = b""
        self._texts: list[str] = []
        self._kind = ""
        self._ending: Json = {}
        self._usage: Json = {}

    def read(self, usage: Usage) -> None:
        self._first = replace(usage, output_tokens=1)

    def opening(self) -> bytes:
        late = self.style.usage in ("late", "filled")
        message = self._message([], None, self._tell(ZEROS if late else self._first))
        return self._frame("message_start", message=message) + self.ping()

    def ping(self) -> bytes:
        return self._frame("ping")

    def token(self, text: str) -> bytes:
        before = self._begin("text", {"type": "text", "text": ""})
        self._texts.append(text)
        return before + self._head + text.encode() + self._tail

    def say(self, text: str) -> bytes:
        before = self._begin("text", {"type": "text", "text": ""})
        self._texts.append(text)
        return before + self._delta("text_delta", text=text)

    def begin_thought(self, kind: str) -> bytes:
        self._kind = kind
        if kind == "hidden":
            block: Json = {"type": "redacted_thinking", "data": self._seal()}
            return self._begin("redacted_thinking", block) + self._end()
        return self._begin("thinking", {"type": "thinking", "thinking": ""})

    def think(self, text: str) -> bytes:
        if self._kind in ("hidden", "omitted"):
            return b""
        self._texts.append(text)
        return self._delta("thinking_delta", thinking=text)

    def end_thought(self) -> bytes:
        if self._kind == "hidden":
            return b""
        signature = self._seal()
        self._blocks[-1]["signature"] = signature
        return self._delta("signature_delta", signature=signature) + self._end()

    def cite(self, url: str, title: str) -> bytes:
        before = self._begin("text", {"type": "text", "text": ""})
        citation: Json = {
            "type": "web_search_result_location",
            "url": url,
            "title": title,
            "cited_text": "",
            "encrypted_index": "",
        }
        known = self._blocks[-1].get("citations")
        rows = known if isinstance(known, list) else []
        self._blocks[-1]["citations"] = [*rows, citation]
        return before + self._delta("citations_delta", citation=citation)

    def refuse(self, text: str) -> bytes:
        return self.say(text)

    def call(self, index: int, name: str, pieces: list[str]) -> bytes:
        block: Json = {"type": "tool_use", "id": f"toolu_{index + 1}", "name": name}
        frames = self._end() + self._begin(f"tool {index}", block | {"input": {}})
        with contextlib.suppress(ValueError):
            self._blocks[-1]["input"] = json.loads("".join(pieces) or "{}")
        for piece in pieces:
            frames += self._delta("input_json_delta", partial_json=piece)
        return frames + self._end()

    def closing(self, reason: str, usage: Usage, detail: str = "") -> bytes:
        stop = self.reasons.get(reason, reason)
        self._ending = {"stop_reason": stop, "stop_sequence": None}
        if stop == "refusal":
            details = {"type": "refusal", "category": detail or None}
            self._ending["stop_details"] = details | {"explanation": None}
        self._usage = self._tell(usage)
        frames = self._end()
        body: Json = {"delta": self._ending}
        if self.style.usage != "never":
            body["usage"] = self._last(usage)
        frames += self._frame("message_delta", **body)
        frames += self._frame("message_stop")
        return frames + (demo_wire.DONE if self.style.done else b"")

    def failing(self, problem: Problem) -> bytes:
        kind = problem.type if problem.type.endswith("_error") else "api_error"
        error: Json = {"type": kind, "message": problem.message}
        return self._frame("error", error=error, request_id=self._id("req_"))

    def whole(self) -> bytes:
        self._end()
        stop = self._ending.get("stop_reason")
        message = self._message(self._blocks, stop, self._usage)
        return demo_wire.to_bytes(message | self._ending)

    def _message(self, blocks: list[Json], stop: object, usage: Json) -> Json:
        return {
            "id": self._answer_id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": blocks,
            "stop_reason": stop,
            "stop_sequence": None,
            **({"usage": usage} if usage else {}),
        }

    def _begin(self, kind: str, block: Json) -> bytes:
        """Open a block, unless one of this kind is open."""
        if self._open == kind:
            return b""
        before = self._end()
        self._open = kind
        self._blocks.append(dict(block))
        start = self._frame(
            "content_block_start", index=self._index, content_block=block
        )
        blank = self._delta("text_delta", text="\0")
        self._head, _, self._tail = blank.partition(b"\\u0000")
        return before + start

    def _end(self) -> bytes:
        if not self._open:
            return b""
        block, text = self._blocks[-1], "".join(self._texts)
        if block["type"] in ("text", "thinking"):
            block[str(block["type"])] = text
        if block["type"] == "text":
            self.said.append(text)
        elif block["type"] == "thinking":
            self.thought.append(text)
        self._open = ""
        self._texts = []
        return self._frame("content_block_stop", index=self._index)

    @property
    def _index(self) -> int:
        return len(self._blocks) - 1

    def _delta(self, kind: str, /, **fields: object) -> bytes:
        delta = {"type": kind, **fields}
        return self._frame("content_block_delta", index=self._index, delta=delta)

    def _frame(self, kind: str, /, **fields: object) -> bytes:
        name = kind if self.style.event_lines else ""
        return frame({"type": kind, **fields}, name)

    def _last(self, usage: Usage) -> Json:
        """The usage of message_delta, which is of the whole so far."""
        if self.style.usage == "early":
            return self._tell(ZEROS) | {"output_tokens": usage.output_tokens or 0}
        if self.style.usage == "final":
            told = self._tell(usage)
            told.pop("cache_creation", None)
            return told
        return self._tell(usage)

    def _tell(self, usage: Usage) -> Json:
        if self.style.usage == "absurd":
            return {
                "input_tokens": ABSURD["input"],
                "cache_read_input_tokens": ABSURD["cached"],
                "output_tokens": ABSURD["output"],
            }
        return {} if self.style.usage == "never" else tell_usage(usage)


def tell_usage(usage: Usage) -> Json:
    """Return it as messages count: what was cached or written is not in the input."""
    read = usage.cached_input_tokens or 0
    short, long = usage.cache_write_tokens or 0, usage.cache_write_1h_tokens or 0
    cost = float(usage.cost) if usage.cost is not None else None
    made = usage.reasoning_tokens
    return {
        "input_tokens": (usage.input_tokens or 0) - read - short - long,
        "cache_creation_input_tokens": short + long,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": short,
            "ephemeral_1h_input_tokens": long,
        },
        "output_tokens": usage.output_tokens or 0,
        **without_none(
            output_tokens_details=None if made is None else {"thinking_tokens": made},
            cost=cost,
        ),
    }
