"""Responses, in the standard's event names or in OpenRouter's prose ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Json, Protocol, Usage
from tests.gateway.surfaces.writer import ABSURD, Writer, frame, without_none

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.problems import Problem
    from tests.gateway.style import Style

STATUSES = {"completed", "failed", "cancelled", "queued", "in_progress"}
# OpenRouter's guide has names of its own for some events.
PROSE = {
    "response.output_text.delta": "response.content_part.delta",
    "response.reasoning_summary_text.delta": "response.reasoning.delta",
    "response.completed": "response.done",
    "response.incomplete": "response.done",
    "error": "response.error",
}


class ResponsesWriter(Writer):
    protocol: ClassVar[Protocol] = Protocol.RESPONSES
    reasons: ClassVar[dict[str, str]] = {
        "stop": "completed",
        "tool_calls": "completed",
        "length": "max_output_tokens",
        "filtered": "content_filter",
    }

    def __init__(self, model: str, style: Style, seal: Callable[[], str]) -> None:
        super().__init__(model, style, seal)
        self._answer_id = self._id("resp_")
        self._output: list[Json] = []
        self._item: Json = {}
        self._parts: list[Json] = []
        self._texts: list[str] = []
        self._head = self._tail = b""
        self._sequence = 0
        self._kind = ""
        self._ending: Json = {}

    def opening(self) -> bytes:
        response = self._response("in_progress")
        return self._frame("response.created", response=response) + self._frame(
            "response.in_progress", response=response
        )

    def token(self, text: str) -> bytes:
        before = self._begin_part("output_text")
        self._texts.append(text)
        if not self.style.sequence:
            return before + self._head + text.encode() + self._tail
        self._sequence += 1
        tail = self._tail % (self._sequence - 1)
        return before + self._head + text.encode() + tail

    def say(self, text: str) -> bytes:
        before = self._begin_part("output_text")
        self._texts.append(text)
        return before + self._delta("response.output_text.delta", text, logprobs=[])

    def begin_thought(self, kind: str) -> bytes:
        self._kind = kind
        item: Json = {"id": self._id("rs_"), "type": "reasoning", "summary": []}
        # Only the copy in output_item.done is complete.
        before = self._begin_item(item, {"encrypted_content": "gAAAAincomplete"})
        if kind not in ("plain", "details", "summary"):
            return before
        part = {"type": "summary_text", "text": ""}
        name = "response.reasoning_summary_part.added"
        return before + self._on_item(name, summary_index=0, part=part)

    def think(self, text: str) -> bytes:
        if self._kind in ("hidden", "omitted"):
            return b""
        self._texts.append(text)
        if self._kind == "text":
            name = "response.reasoning_text.delta"
            return self._on_item(name, content_index=0, delta=text)
        name = "response.reasoning_summary_text.delta"
        return self._on_item(name, summary_index=0, delta=text)

    def end_thought(self) -> bytes:
        text = "".join(self._texts)
        self._texts = []
        self.thought.append(text)
        frames = b""
        if self._kind == "text":
            self._item["content"] = [{"type": "reasoning_text", "text": text}]
            name = "response.reasoning_text.done"
            frames = self._on_item(name, content_index=0, text=text)
        elif self._kind not in ("hidden", "omitted"):
            frames = self._end_summary(text)
        if self._kind != "text":
            self._item["encrypted_content"] = self._seal()
        return frames + self._end_item()

    def cite(self, url: str, title: str) -> bytes:
        before = self._begin_part("output_text")
        note: Json = {"type": "url_citation", "url": url, "title": title}
        note |= {"start_index": 0, "end_index": 1}
        notes = self._parts[-1]["annotations"]
        assert isinstance(notes, list)
        index = len(notes)
        notes.append(note)
        name = "response.output_text.annotation.added"
        fields: Json = {"annotation_index": index, "annotation": note}
        return before + self._on_part(name, **fields)

    def refuse(self, text: str) -> bytes:
        before = self._begin_part("refusal")
        self._texts.append(text)
        return before + self._delta("response.refusal.delta", text)

    def call(self, index: int, name: str, pieces: list[str]) -> bytes:
        arguments = "".join(pieces)
        item: Json = {"id": self._id("fc_"), "type": "function_call", "name": name}
        item |= {
            "call_id": f"call_{index + 1}",
            "arguments": "",
            "status": "in_progress",
        }
        frames = self._begin_item(item)
        for piece in pieces:
            kind = "response.function_call_arguments.delta"
            frames += self._on_item(kind, delta=piece)
        done: Json = {"arguments": arguments, "name": name}
        frames += self._on_item("response.function_call_arguments.done", **done)
        self._item["arguments"] = arguments
        return frames + self._end_item()

    def closing(self, reason: str, usage: Usage, detail: str = "") -> bytes:
        word = self.reasons.get(reason, reason)
        status = word if word in STATUSES else "incomplete"
        frames = self._end_item("completed" if status == "completed" else "incomplete")
        response = self._response(status)
        if status == "incomplete":
            response["incomplete_details"] = {"reason": word}
        if self.style.usage != "never":
            response["usage"] = self._tell(usage)
        self._ending = response
        frames += self._frame(f"response.{status}", response=response)
        return frames + (demo_wire.DONE if self.style.done else b"")

    def failing(self, problem: Problem) -> bytes:
        code = problem.code or problem.type or "server_error"
        error = {"code": str(code), "message": problem.message}
        response = self._response("failed") | {"error": error}
        return self._frame("response.failed", response=response)

    def whole(self) -> bytes:
        return demo_wire.to_bytes(self._ending)

    def _end_summary(self, text: str) -> bytes:
        part = {"type": "summary_text", "text": text}
        self._item["summary"] = [part]
        text_done = "response.reasoning_summary_text.done"
        part_done = "response.reasoning_summary_part.done"
        return self._on_item(text_done, summary_index=0, text=text) + self._on_item(
            part_done, summary_index=0, part=part
        )

    def _begin_item(self, item: Json, only_now: Json | None = None) -> bytes:
        before = self._end_item()
        self._item = item
        self._parts = []
        return before + self._on_output("added", item | (only_now or {}))

    def _end_item(self, status: str = "completed") -> bytes:
        if not self._item:
            return b""
        frames = self._end_part() if self._parts else b""
        item, self._item = self._item, {}
        if item["type"] == "message":
            item["content"] = self._parts
        if "status" in item:
            item["status"] = status
        frames += self._on_output("done", item)
        self._output.append(item)
        return frames

    def _begin_part(self, kind: str) -> bytes:
        """Open a part of a message, unless one of this kind is open."""
        if self._parts and self._parts[-1]["type"] == kind:
            return b""
        before = (
            self._end_part()
            if self._parts
            else self._begin_item(
                {
                    "id": self._id("msg_"),
                    "type": "message",
                    "role": "assistant",
                    "status": "in_progress",
                    "content": [],
                    "phase": "final_answer",
                }
            )
        )
        part: Json = {"type": kind}
        part |= (
            {"text": "", "annotations": [], "logprobs": []}
            if kind == "output_text"
            else {"refusal": ""}
        )
        self._parts.append(part)
        before += self._on_part("response.content_part.added", part=part)
        self._prepare()
        return before

    def _prepare(self) -> None:
        """Escape once what surrounds every token of the part that is open."""
        sequence, self._sequence = self._sequence, -7
        blank = self._delta("response.output_text.delta", "\0", logprobs=[])
        self._sequence = sequence
        self._head, _, tail = blank.partition(b"\\u0000")
        if self.style.sequence:
            tail = tail.replace(b"%", b"%%").replace(b":-7", b":%d")
        self._tail = tail

    def _end_part(self) -> bytes:
        part, text = self._parts[-1], "".join(self._texts)
        self._texts = []
        if part["type"] == "refusal":
            part["refusal"] = text
            frames = self._on_part("response.refusal.done", refusal=text)
        else:
            part["text"] = text
            self.said.append(text)
            frames = self._on_part("response.output_text.done", text=text, logprobs=[])
        return frames + self._on_part("response.content_part.done", part=part)

    def _delta(self, name: str, text: str, **fields: object) -> bytes:
        return self._on_part(name, delta=text, **fields)

    def _on_part(self, name: str, /, **fields: object) -> bytes:
        return self._on_item(name, content_index=len(self._parts) - 1, **fields)

    def _on_item(self, name: str, /, **fields: object) -> bytes:
        place: Json = {"item_id": self._item["id"], "output_index": len(self._output)}
        return self._frame(name, **place, **fields)

    def _on_output(self, what: str, item: Json) -> bytes:
        name = f"response.output_item.{what}"
        return self._frame(name, output_index=len(self._output), item=item)

    def _frame(self, kind: str, /, **fields: object) -> bytes:
        if self.style.names == "prose":
            kind = PROSE.get(kind, kind)
        body: Json = {"type": kind, **fields}
        if self.style.sequence:
            body["sequence_number"] = self._sequence
            self._sequence += 1
        bare = self.style.bare_responses or not self.style.event_lines
        return frame(body, "" if bare else kind)

    def _response(self, status: str) -> Json:
        return {
            "id": self._answer_id,
            "object": "response",
            "created_at": self.style.created,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": self.model,
            "output": list(self._output),
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "store": False,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": None,
        }

    def _tell(self, usage: Usage) -> Json | None:
        if self.style.usage == "null":
            return None
        if self.style.usage != "absurd":
            return tell_usage(usage)
        return {
            "input_tokens": ABSURD["input"],
            "input_tokens_details": {"cached_tokens": ABSURD["cached"]},
            "output_tokens": ABSURD["output"],
            "output_tokens_details": {"reasoning_tokens": ABSURD["reasoning"]},
            "cost": ABSURD["cost"],
        }


def tell_usage(usage: Usage) -> Json:
    """Return it as responses count: the input includes what was cached or written."""
    asked, made = usage.input_tokens or 0, usage.output_tokens or 0
    short, long = usage.cache_write_tokens, usage.cache_write_1h_tokens
    details: Json = {"cached_tokens": usage.cached_input_tokens or 0}
    details["cache_write_tokens"] = (short or 0) + (long or 0)
    if long is not None:
        lifetimes = {"ttl_30m_tokens": short or 0, "ttl_12h_tokens": long}
        details["cache_write_tokens_details"] = lifetimes
    return {
        "input_tokens": asked,
        "input_tokens_details": details,
        "output_tokens": made,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": asked + made,
        **without_none(cost=float(usage.cost) if usage.cost is not None else None),
    }
