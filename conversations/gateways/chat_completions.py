"""The chat completions protocol: a request as JSON, and its answers as deltas."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import jiter

from conversations import limits
from conversations.gateways import chat_fields
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.mapping import map_payload
from conversations.text import clean_line, clean_text
from conversations.wire import Finished, FinishReason, ReasoningDelta, TextDelta

if TYPE_CHECKING:
    from conversations.wire import Delta, Request, Usage

Json = dict[str, object]

DONE = b"[DONE]"
MODEL_LETTERS = 200


def render_request(request: Request) -> Json:
    """Return the body of a streamed request, in the order in which it is sent."""
    body: Json = {
        "model": request.model,
        "stream": True,
        "messages": [
            {"role": message.role, "content": message.content}
            for message in request.messages
        ],
    }
    if request.max_output_tokens is not None:
        body["max_completion_tokens"] = request.max_output_tokens
    body["stream_options"] = {"include_usage": True}
    return body


# Most deltas have none of these and are taken as they are.
_UNCLEAN = re.compile("[\x00\r\ud800-\udfff]")
# Halves whose other half may come with the next delta: of CRLF, of a surrogate pair.
_HALF = re.compile("[\r\ud800-\udbff]\\Z")


class ChatDecoder:
    """Turns the events of one stream, or one whole completion, into deltas.

    Raises GatewayError for an error object in the stream, for what cannot be
    understood, and beyond `limits.ANSWER_BYTES` of text.
    """

    def __init__(self) -> None:
        self.done = False
        self._raw_reason: str | None = None
        self._usage: Usage | None = None
        self._model = ""
        self._held = ""
        self._bytes_left = limits.ANSWER_BYTES
        self._thought = self._refused = self._called = False

    @property
    def finished(self) -> bool:
        """Whether the gateway has said why it ended; only usage may follow."""
        return self.done or self._raw_reason is not None

    def decode(self, name: str, data: bytes) -> list[Delta]:
        """Return the deltas of the event `name` with `data`."""
        self._check_size()
        if data == DONE:
            self.done = True
            return []
        chunk = parse(data)
        if name == "error" or not isinstance(chunk, dict):
            raise map_payload(chunk) if name == "error" else _garbled(data)
        if chunk.get("error") or chunk.get("object") == "error":
            raise map_payload(chunk)
        if usage := chunk.get("usage"):
            self._usage = chat_fields.read_usage(usage) or self._usage
        if not self._model and isinstance(model := chunk.get("model"), str):
            self._model = clean_line(model)[:MODEL_LETTERS]
        deltas: list[Delta] = []
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._choice(choice, deltas)
        return deltas

    def finish(self) -> list[Delta]:
        """Return what is still held back, and the one Finished."""
        self._check_size()
        deltas: list[Delta] = []
        if self._held:
            deltas.append(TextDelta(clean_text(self._held)))
            self._held = ""
        deltas.append(
            Finished(self._reason(), self._raw_reason or "", self._usage, self._model)
        )
        return deltas

    def _choice(self, choice: Json, deltas: list[Delta]) -> None:
        # A whole completion has a message where a stream has deltas.
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            if len(delta) > 1 or "content" not in delta:
                self._extras(delta, deltas)
            if content := delta.get("content"):
                self._text(chat_fields.read_text(content), deltas)
        if reason := choice.get("finish_reason"):
            self._raw_reason = self._raw_reason or clean_line(str(reason))
            native = choice.get("native_finish_reason")
            self._refused = self._refused or native == "refusal"

    def _extras(self, delta: Json, deltas: list[Delta]) -> None:
        if reasoning := chat_fields.read_reasoning(delta):
            self._thought = True
            deltas.append(ReasoningDelta(clean_text(reasoning)))
        for call in chat_fields.read_tool_calls(delta):
            self._called = True
            deltas.append(call)
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refused = True
            self._text(refusal, deltas)

    def _text(self, text: str, deltas: list[Delta]) -> None:
        if self._held or _UNCLEAN.search(text):
            text = self._clean(text)
        size = len(text) if text.isascii() else len(text.encode())
        if size > self._bytes_left:
            text = text.encode()[: max(self._bytes_left, 0)].decode("utf-8", "ignore")
        self._bytes_left -= size
        if text:
            deltas.append(TextDelta(text))

    def _check_size(self) -> None:
        """Refuse to go on; what fitted has been handed out before."""
        if self._bytes_left < 0:
            raise GatewayError(
                ErrorKind.TOO_LONG, f"More than {limits.ANSWER_BYTES:,} bytes."
            )

    def _clean(self, text: str) -> str:
        text = self._held + text
        half = _HALF.search(text)
        self._held = half[0] if half else ""
        text = text.removesuffix(self._held)
        # JSON may carry the two halves of a pair in two deltas; only UTF-16 joins them.
        joined = text.encode("utf-16-le", "surrogatepass")
        return clean_text(joined.decode("utf-16-le", "replace"))

    def _reason(self) -> FinishReason:
        reason = chat_fields.read_reason(self._raw_reason)
        if reason is FinishReason.LENGTH and not self._wrote_or_thought():
            return FinishReason.CONTEXT
        if self._refused and reason is FinishReason.STOP:
            return FinishReason.FILTERED
        if self._called and reason is FinishReason.STOP:
            return FinishReason.TOOL_CALLS
        return reason

    def _wrote_or_thought(self) -> bool:
        thought = self._thought or bool(self._usage and self._usage.reasoning_tokens)
        return thought or self._bytes_left < limits.ANSWER_BYTES


def parse(data: bytes) -> object:
    """Return the JSON in `data`; raises GARBLED. Lone surrogates are let in here."""
    try:
        return jiter.from_json(data)
    except ValueError:
        pass
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise _garbled(data) from None


def _garbled(data: bytes) -> GatewayError:
    return GatewayError(ErrorKind.GARBLED, data[:200].decode("utf-8", "replace"))
