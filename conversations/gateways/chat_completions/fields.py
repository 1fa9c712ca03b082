"""The fields of a chat completion, in every shape that gateways give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.decoding import (
    MOST_CALLS,
    NAME_LETTERS,
    read_count,
    read_object,
    read_objects,
)
from conversations.text import clean_text
from conversations.wire import FinishReason, Json, ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Iterator

_REASONS = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT,
    "tool_calls": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.FILTERED,
    "sensitive": FinishReason.FILTERED,
    "safety": FinishReason.FILTERED,
    "refusal": FinishReason.FILTERED,
    "error": FinishReason.ERROR,
    "network_error": FinishReason.ERROR,
}
# What a gateway's translation hides and its model's own word tells.
_HIDDEN = {
    (FinishReason.STOP, FinishReason.FILTERED),
    (FinishReason.LENGTH, FinishReason.CONTEXT),
}


def read_reason(raw: str | None, native: str = "") -> FinishReason:
    """Return our word for a finish reason: none is a cut, an unknown one a stop.

    `native` is the model's own, where the gateway tells it beside its translation.
    """
    if raw is None:
        return FinishReason.CUT
    reason = _REASONS.get(raw.lower(), FinishReason.STOP)
    beneath = _REASONS.get(native.lower(), reason)
    return beneath if (reason, beneath) in _HIDDEN else reason


def is_known_reason(raw: str) -> bool:
    """Whether `raw` says no more than our own word for it does."""
    return raw.lower() in _REASONS


def read_text(content: object) -> str:
    """Return the text of `content`: a string, or a list of typed parts."""
    if isinstance(content, str):
        return content
    texts = [part.get("text") for part in read_objects(content)]
    return "".join(text for text in texts if isinstance(text, str))


def read_reasoning(delta: Json) -> str:
    """Return the reasoning of a delta, once where it comes under several names."""
    details = read_objects(delta.get("reasoning_details"))
    texts = [part.get("text") or part.get("summary") for part in details]
    if text := "".join(text for text in texts if isinstance(text, str)):
        return text
    value = delta.get("reasoning") or delta.get("reasoning_content")
    if isinstance(value, str):
        return value
    # Among the parts of the content, where it is a list of them.
    parts = read_objects(delta.get("content"))
    return "".join(read_text(part.get("thinking")) for part in parts)


def read_citations(places: list[Json]) -> Iterator[tuple[object, object]]:
    """Yield the address and the title of every page that `places` refer to."""
    for place in places:
        for note in read_objects(place.get("annotations")):
            page = read_object(note, "url_citation") or note
            yield page.get("url"), page.get("title")
        for name in ("citations", "search_results"):
            pages = place.get(name)
            for page in pages if isinstance(pages, list) else ():
                if isinstance(page, dict):
                    yield page.get("url"), page.get("title")
                else:
                    yield page, None


class CallReader:
    """Reads the pieces of tool calls; `index` says which call a piece belongs to.

    Some gateways give every call the index 0: a new id there is a new call.
    Beyond `MOST_CALLS` nothing is read.
    """

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._ids: dict[int, str] = {}

    def read(self, delta: Json) -> Iterator[ToolCallDelta]:
        """Yield the pieces in a delta, or in a whole message."""
        calls = read_objects(delta.get("tool_calls"))
        function = delta.get("function_call")
        if isinstance(function, dict):
            calls.append({"function": function})
        for position, call in enumerate(calls):
            fields = read_object(call, "function")
            index = read_count(call.get("index"))
            call_id = clean_text(str(call.get("id") or "")[:NAME_LETTERS])
            if max(len(self._numbers), len(self._ids)) >= MOST_CALLS:
                return
            yield ToolCallDelta(
                self._number(position if index is None else index, call_id),
                call_id,
                clean_text(str(fields.get("name") or "")[:NAME_LETTERS]),
                clean_text(str(fields.get("arguments") or "")),
            )

    def _number(self, index: int, call_id: str) -> int:
        number = self._numbers.setdefault(index, index)
        if call_id and self._ids.setdefault(number, call_id) != call_id:
            number = max(self._ids) + 1
            self._numbers[index] = number
            self._ids[number] = call_id
        return number
