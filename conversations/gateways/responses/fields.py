"""The fields of a response, in every shape that gateways give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.decoding import (
    NAME_LETTERS,
    read_count,
    read_object,
    read_objects,
)
from conversations.gateways.usage import read_full_cost
from conversations.text import clean_line, join_halves
from conversations.wire import FinishReason, Json, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Between two messages of one answer, and between two parts of its reasoning.
BREAK = "\n\n"

_ENDS = ("completed", "incomplete", "failed", "cancelled")
_OF_EVENT = {f"response.{end}": end for end in _ENDS} | {"response.done": "completed"}
_REASONS = {
    "completed": FinishReason.STOP,
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "length": FinishReason.LENGTH,
    "max_messages": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT,
    "context_length_exceeded": FinishReason.CONTEXT,
    "content_filter": FinishReason.FILTERED,
    "steered": FinishReason.PAUSED,
    "cancelled": FinishReason.CANCELLED,
}


def read_end(kind: str, response: Json) -> str:
    """Return the gateway's own word for how a response ended, "" if it has not.

    The event `kind` says so where the response does not ("" for no event).
    """
    status = response.get("status")
    ended = _OF_EVENT.get(kind, "" if status else "completed")
    if response.get("error"):
        return "failed"
    if ended == "failed" or status not in _ENDS:
        status = ended
    if status in ("completed", "incomplete"):
        reason = read_object(response, "incomplete_details").get("reason")
        status = reason if reason and isinstance(reason, str) else status
    return clean_line(str(status))[:NAME_LETTERS]


def read_reason(raw: str | None) -> FinishReason:
    """Return our word for an end: none, or incomplete for no known reason, is a cut."""
    return _REASONS.get(raw or "", FinishReason.CUT)


def read_failure(event: Json, response: Json) -> Json:
    """Return the error of a failed response, as an error object by itself."""
    error = response.get("error") or event.get("error")
    fields = error if isinstance(error, dict) else {"message": error or "failed"}
    # OpenRouter's own word stands beside the error.
    return {"error": {"error_type": response.get("error_type"), **fields}}


def read_delta(event: Json) -> str:
    """Return the text of a delta: a string, or an object that has one."""
    delta = event.get("delta")
    text = delta.get("text") if isinstance(delta, dict) else delta
    return text if isinstance(text, str) else ""


def read_answer(items: Iterable[Json]) -> str:
    """Return what the messages among `items` say, refusals included."""
    messages = [_read_message(item) for item in items if item.get("type") == "message"]
    return BREAK.join(text for text in messages if text)


def read_rest(said: str, whole: str) -> str:
    """Return what `whole` goes on with after `said`, "" where it begins otherwise."""
    beginning, wanted = _units(said), _units(whole)
    if not wanted.startswith(beginning):
        return ""
    return wanted[len(beginning) :].decode("utf-16-le", "surrogatepass")


def is_same(one: str, other: str) -> bool:
    """Whether two texts are the same once halves of pairs have been joined."""
    return join_halves(one) == join_halves(other)


def read_refusal(items: Iterable[Json]) -> str:
    """Return the first refusal among the messages."""
    texts = (
        part.get("refusal")
        for item in items
        for part in read_objects(item.get("content"))
    )
    return next((text for text in texts if text and isinstance(text, str)), "")


def read_reasoning(item: Json) -> list[str]:
    """Return the parts of a reasoning item: of its summary, else of its content."""
    if item.get("type") != "reasoning":
        return []
    for name in ("summary", "content"):
        texts = [part.get("text") for part in read_objects(item.get(name))]
        if parts := [text for text in texts if text and isinstance(text, str)]:
            return parts
    return []


def read_citations(items: Iterable[Json]) -> Iterator[Json]:
    """Yield what the messages refer to."""
    for item in items:
        for part in read_objects(item.get("content")):
            for annotation in read_objects(part.get("annotations")):
                yield read_citation(annotation)


def read_citation(annotation: Json) -> Json:
    """Return the fields of an annotation; some gateways nest them under its type."""
    return read_object(annotation, "url_citation") or annotation


def read_usage(usage: object) -> Usage | None:
    """Return the tokens and the cost of a usage object, None where it names none.

    No request has no input: a gateway that says so has not counted.
    """
    if not isinstance(usage, dict):
        return None
    inputs = read_object(usage, "input_tokens_details")
    outputs = read_object(usage, "output_tokens_details")
    lifetimes = read_object(inputs, "cache_write_tokens_details")
    written = lifetimes.get("ttl_30m_tokens", inputs.get("cache_write_tokens"))
    read = Usage(
        input_tokens=read_count(usage.get("input_tokens")) or None,
        cached_input_tokens=read_count(inputs.get("cached_tokens")),
        cache_write_tokens=read_count(written),
        cache_write_1h_tokens=read_count(lifetimes.get("ttl_12h_tokens")),
        output_tokens=read_count(usage.get("output_tokens")),
        reasoning_tokens=read_count(outputs.get("reasoning_tokens")),
        cost=read_full_cost(usage),
    )
    counted = read.input_tokens or read.output_tokens or read.cost
    return read if counted else None


def _read_message(item: Json) -> str:
    texts = [
        part.get("text") or part.get("refusal")
        for part in read_objects(item.get("content"))
    ]
    return "".join(text for text in texts if isinstance(text, str))


def _units(text: str) -> bytes:
    """Return `text` as UTF-16, in which a delta may end between halves of a pair."""
    return text.encode("utf-16-le", "surrogatepass")
