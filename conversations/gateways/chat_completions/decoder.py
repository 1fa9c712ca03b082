"""The chat completions protocol: its answers as deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import limits
from conversations.gateways.chat_completions.fields import (
    CallReader,
    is_known_reason,
    read_citations,
    read_reason,
    read_reasoning,
    read_text,
)
from conversations.gateways.chat_completions.reasoning_details import ReasoningDetails
from conversations.gateways.chat_completions.think_tags import ThinkTags
from conversations.gateways.chat_completions.usage import read_usage
from conversations.gateways.decoding import DONE, Decoder, garbled, parse, read_objects
from conversations.gateways.errors import GatewayError
from conversations.gateways.failures.mapping import map_payload
from conversations.gateways.usage import merge_usage
from conversations.text import clean_line, clean_text
from conversations.wire import FinishReason, Json

if TYPE_CHECKING:
    from conversations.wire import Delta

# What a delta may hold beside its text.
_EXTRAS = frozenset(
    {
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "tool_calls",
        "function_call",
        "refusal",
        "annotations",
    }
)
_PAGES = frozenset({"citations", "search_results"})
_NONE = frozenset({"null", "none"})


class ChatDecoder(Decoder):
    """Turns the events of one stream, or one whole completion, into deltas."""

    def __init__(self) -> None:
        super().__init__()
        self._native = ""
        # Where the answer is. Some give both: the delta what is new, the message all of
        # it so far.
        self._places = ("delta", "message")
        self._calls = CallReader()
        self._tags = ThinkTags()
        self._details = ReasoningDetails()

    def decode(self, name: str, data: bytes) -> list[Delta]:
        """Return the deltas of the event `name` with `data`."""
        self._check()
        if data == DONE or self.done:
            self.done = True
            return []
        if name == "error":
            raise _error_of(data)
        chunk = parse(data)
        if not isinstance(chunk, dict):
            raise garbled(data)
        if chunk.get("error") or "error" in (chunk.get("object"), chunk.get("type")):
            raise map_payload(chunk)
        self._envelope(chunk)
        deltas: list[Delta] = []
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and not choice.get("index"):
                self._choice(choice, deltas)
        return deltas

    def decode_whole(self, data: bytes) -> list[Delta]:
        """Return the deltas of a whole completion, where no stream came."""
        self._places = ("message", "delta")
        return self.decode("", data)

    def finish(self) -> list[Delta]:
        """Return what is still held back, and the one Finished."""
        deltas: list[Delta] = []
        thought, text = self._tags.close()
        self._think(thought, deltas)
        self._text(text, deltas)
        return deltas + super().finish()

    def _envelope(self, chunk: Json) -> None:
        if not self._model or not self._answer_id:
            self._name(chunk.get("model"), chunk.get("id"))
        if (usage := chunk.get("usage")) and (read := read_usage(usage)):
            self._usage = merge_usage(self._usage, read)
        if not _PAGES.isdisjoint(chunk):
            self._cite_all(chunk)

    def _choice(self, choice: Json, deltas: list[Delta]) -> None:
        place, other = self._places
        delta = choice.get(place)
        if not isinstance(delta, dict):
            delta = choice.get(other)
        if isinstance(delta, dict):
            content = delta.get("content")
            if not _EXTRAS.isdisjoint(delta) or isinstance(content, list):
                self._extras(delta, deltas)
            if content:
                text = content if isinstance(content, str) else read_text(content)
                self._say(text, deltas)
        if reason := choice.get("finish_reason"):
            self._end(str(reason), choice.get("native_finish_reason"))

    def _extras(self, delta: Json, deltas: list[Delta]) -> None:
        if reasoning := read_reasoning(delta):
            self._think(reasoning, deltas)
            # Who has a field for thoughts puts none into the text.
            self._tags.settle()
        for number, detail in enumerate(read_objects(delta.get("reasoning_details"))):
            self._details.add(detail, number)
        for call in self._calls.read(delta):
            self._called = True
            deltas.append(call)
        self._cite_all(delta)
        refusal = delta.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refuse(refusal, deltas)

    def _say(self, text: str, deltas: list[Delta]) -> None:
        if self._tags.settled:
            self._text(text, deltas)
            return
        thought, text = self._tags.feed(text)
        self._think(thought, deltas)
        self._text(text, deltas)

    def _refuse(self, refusal: str, deltas: list[Delta]) -> None:
        detail = self._detail + clean_text(refusal)
        self._detail = detail[: limits.ERROR_CHARACTERS]
        self._text(refusal, deltas)

    def _end(self, reason: str, native: object) -> None:
        reason = clean_line(reason)
        if self._raw_reason is not None or reason.lower() in _NONE:
            return
        self._raw_reason = reason
        self._native = clean_line(native) if isinstance(native, str) else ""
        filtered = read_reason(reason, self._native) is FinishReason.FILTERED
        if filtered and not self._detail and not is_known_reason(self._native):
            self._detail = self._native

    def _cite_all(self, place: Json) -> None:
        for url, title in read_citations([place]):
            self._cite(url, title)

    def _read_reason(self) -> FinishReason:
        return read_reason(self._raw_reason, self._native)

    def _items(self) -> tuple[Json, ...]:
        return self._details.items()


def _error_of(data: bytes) -> GatewayError:
    """Return the error in an event that is named so, whatever its data look like."""
    try:
        return map_payload(parse(data))
    except GatewayError:
        return map_payload(data.decode("utf-8", "replace"))
