"""Chat completions, in every dialect of them that is spoken."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, ClassVar

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Json, Protocol, Usage
from tests.gateway.surfaces.writer import ABSURD, Writer, frame, without_none

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.problems import Problem
    from tests.gateway.style import Style

KIND = "chat.completion.chunk"
# Some gateways begin with a chunk that has no choices.
_PREFACES: dict[str, Json] = {
    "filter": {"prompt_filter_results": [{"prompt_index": 0}]},
    "debug": {"debug": {"echo_upstream_body": {}}},
}


class ChatWriter(Writer):
    protocol: ClassVar[Protocol] = Protocol.CHAT_COMPLETIONS
    reasons: ClassVar[dict[str, str]] = {"filtered": "content_filter"}

    def __init__(self, model: str, style: Style, seal: Callable[[], str]) -> None:
        super().__init__(model, style, seal)
        # Long answers are not kept unless somebody wants them whole.
        self.keeps_text = style.form == "json"
        self._answer_id = self._id("chatcmpl-")
        self._kind = ""
        self._details: list[Json] = []
        self._message: Json = {"role": "assistant", "content": ""}
        self._usage: Json = {}
        self._reason = ""
        self._count = 0
        # Escaped once, as a server at full speed would.
        head, _, self._tail = self._chunk({"content": "\0"}).partition(b"\\u0000")
        self._head = head
        self._everywhere = style.usage == "everywhere"

    def opening(self) -> bytes:
        more = _PREFACES.get(self.style.preface)
        return frame(self._envelope(KIND, []) | more) if more else b""

    def role(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def token(self, text: str) -> bytes:
        if self._everywhere:
            return self.say(text)
        if self.keeps_text:
            self.said.append(text)
        return self._head + text.encode() + self._tail

    def say(self, text: str) -> bytes:
        if self.keeps_text:
            self.said.append(text)
        self._count += 1
        if self._everywhere:
            usage = Usage(input_tokens=100, output_tokens=self._count)
            return self._chunk({"content": text}, usage=self._tell(usage))
        return self._chunk({"content": text})

    def begin_thought(self, kind: str) -> bytes:
        self._kind = kind
        if kind in ("hidden", "omitted"):
            return self._detail("encrypted", data=self._seal(), id=self._id("rs_"))
        return b""

    def think(self, text: str) -> bytes:
        self.thought.append(text)
        if self._kind == "plain":
            return self._chunk(dict.fromkeys(self.style.thoughts, text))
        if self._kind == "details":
            return self._detail("text", text=text)
        if self._kind == "summary":
            return self._detail("summary", summary=text)
        return b""

    def end_thought(self) -> bytes:
        if self._kind == "details":
            return self._detail("text", signature=self._seal())
        return b""

    def cite(self, url: str, title: str) -> bytes:
        if self.style.cites == "top":
            row: Json = {"index": 0, "delta": {}, "finish_reason": None}
            pages = _rows(self._message.get("citations"))
            self._message["citations"] = [*pages, {"url": url, "title": title}]
            named = [page["url"] for page in _rows(self._message["citations"])]
            return frame(self._envelope(KIND, [row]) | {"citations": named})
        page = {"url": url, "title": title, "start_index": 0, "end_index": 1}
        note = {"type": "url_citation", "url_citation": page}
        self._message.setdefault("annotations", [])
        self._message["annotations"] = [*_rows(self._message["annotations"]), note]
        return self._chunk({"annotations": [note]})

    def refuse(self, text: str) -> bytes:
        self._message["refusal"] = text
        return self._chunk({"refusal": text})

    def call(self, index: int, name: str, pieces: list[str]) -> bytes:
        start = {"name": name, "arguments": ""}
        place = 0 if self.style.stuck_index else index
        rows: list[Json] = [
            {
                "index": place,
                "id": f"call_{index + 1}",
                "type": "function",
                "function": start,
            }
        ]
        rows += [{"index": place, "function": {"arguments": each}} for each in pieces]
        whole = {**rows[0], "function": {"name": name, "arguments": "".join(pieces)}}
        calls = [*_rows(self._message.get("tool_calls")), whole]
        self._message["tool_calls"] = calls
        return b"".join(self._chunk({"tool_calls": [row]}) for row in rows)

    def closing(self, reason: str, usage: Usage, detail: str = "") -> bytes:
        self._reason = self.reasons.get(reason, reason)
        self._usage = self._tell(usage)
        frames = _PLACES.get(self.style.usage, _at_the_end)(self)
        return frames + (demo_wire.DONE if self.style.done is not False else b"")

    def failing(self, problem: Problem) -> bytes:
        kind = problem.type or "server_error"
        return frame(demo_wire.error(problem.message, kind, problem.code))

    def whole(self) -> bytes:
        message = {**self._message, "content": "".join(self.said)}
        if self.thought:
            text = "".join(self.thought)
            message |= dict.fromkeys(self.style.thoughts, text)
        if self._details:
            message["reasoning_details"] = self._details
        choice = {"index": 0, "message": message, "finish_reason": self._reason}
        body = self._envelope("chat.completion", [choice])
        return demo_wire.to_bytes(body | _named("usage", self._usage))

    def finishing(self, usage: Json | None = None) -> bytes:
        return self._chunk({}, self._reason, usage)

    def counting(self, *choices: Json) -> bytes:
        rows = list(choices)
        body = self._envelope(KIND, rows)
        return frame(body | _named("usage", self._usage))

    def _detail(self, kind: str, **fields: object) -> bytes:
        last = self._details[-1] if self._details else {}
        if last.get("type") != f"reasoning.{kind}":
            last = {"type": f"reasoning.{kind}", "index": len(self._details)}
            last["format"] = "anthropic-claude-v1"
            self._details.append(last)
        sent = {name: last[name] for name in ("type", "index", "format")}
        for name, value in fields.items():
            is_text = name in ("text", "summary")
            last[name] = str(last.get(name, "")) + str(value) if is_text else value
        sent |= fields
        return self._chunk({"reasoning_details": [sent]})

    def _tell(self, usage: Usage) -> Json:
        if self.style.usage == "absurd":
            return {
                "prompt_tokens": ABSURD["input"],
                "completion_tokens": ABSURD["output"],
                "prompt_tokens_details": {"cached_tokens": ABSURD["cached"]},
                "completion_tokens_details": {"reasoning_tokens": ABSURD["reasoning"]},
                "cost": ABSURD["cost"],
            }
        told = tell_usage(usage)
        if self.style.usage == "alias":
            told |= {"input_tokens": 0, "output_tokens": 0}
        return told

    def _chunk(
        self, delta: Json, finish: str | None = None, usage: Json | None = None
    ) -> bytes:
        choice: Json = {"index": 0, "delta": delta, "finish_reason": finish}
        if self.style.omits_null and finish is None:
            del choice["finish_reason"]
        if self.style.native and finish is not None:
            choice["native_finish_reason"] = self.style.native
        body = self._envelope(KIND, [choice])
        if self.style.obfuscates:
            body["obfuscation"] = "x" * 8
        return frame(body | _named("usage", usage))

    def _envelope(self, kind: str, choices: list[Json]) -> Json:
        return {
            "id": self._answer_id,
            "object": kind,
            "created": self.style.created,
            "model": self.model,
            "choices": choices,
        }


def tell_usage(usage: Usage) -> Json:
    """Return a chat completion's usage, with the details that are known."""
    prompt, completion = usage.input_tokens or 0, usage.output_tokens or 0
    written = (usage.cache_write_tokens, usage.cache_write_1h_tokens)
    writes = [each for each in written if each is not None]
    read = without_none(
        cached_tokens=usage.cached_input_tokens,
        # No chat completion says how long it is kept.
        cache_write_tokens=sum(writes) if writes else None,
    )
    made = without_none(reasoning_tokens=usage.reasoning_tokens)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        **_named("prompt_tokens_details", read),
        **_named("completion_tokens_details", made),
        **without_none(cost=float(usage.cost) if usage.cost is not None else None),
    }


def _at_the_end(writer: ChatWriter) -> bytes:
    return writer.finishing() + writer.counting()


def _on_the_finish(writer: ChatWriter) -> bytes:
    return writer.finishing(writer._usage)


def _with_a_choice(writer: ChatWriter) -> bytes:
    return writer.finishing() + writer.counting({"index": 0, "delta": {}})


def _with_the_finish_again(writer: ChatWriter) -> bytes:
    delta: Json = {"role": "assistant", "content": ""}
    again: Json = {"index": 0, "delta": delta, "finish_reason": writer._reason}
    return writer.finishing() + writer.counting(again)


def _then_null(writer: ChatWriter) -> bytes:
    null = writer._envelope(KIND, []) | {"usage": None}
    return writer.finishing() + writer.counting() + frame(null)


def _not_at_all(writer: ChatWriter) -> bytes:
    return writer.finishing()


_PLACES: dict[str, Callable[[ChatWriter], bytes]] = {
    "finish": _on_the_finish,
    "everywhere": _on_the_finish,
    "filled": _with_a_choice,
    "repeated": _with_the_finish_again,
    "null": _then_null,
    "never": _not_at_all,
}


def _named(name: str, value: Json | None) -> Json:
    return {name: value} if value else {}


def _rows(value: object) -> list[Json]:
    return copy.copy(value) if isinstance(value, list) else []
