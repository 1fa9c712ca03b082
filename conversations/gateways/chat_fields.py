"""The fields of a chat completion, in every shape that gateways give them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.text import clean_text
from conversations.wire import FinishReason, ToolCallDelta, Usage

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, object]

_REASONS = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.FILTERED,
    "sensitive": FinishReason.FILTERED,
    "refusal": FinishReason.FILTERED,
    "error": FinishReason.ERROR,
    "network_error": FinishReason.ERROR,
}


def read_reason(raw: str | None) -> FinishReason:
    """Return our word for a finish reason: none is a cut, an unknown one a stop."""
    return FinishReason.CUT if raw is None else _REASONS.get(raw, FinishReason.STOP)


def read_text(content: object) -> str:
    """Return the text of `content`: a string, or a list of typed parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def read_reasoning(delta: Json) -> str:
    """Return the reasoning of a delta, once where it comes under several names."""
    details = delta.get("reasoning_details")
    parts = details if isinstance(details, list) else []
    texts = [
        part.get("text") or part.get("summary")
        for part in parts
        if isinstance(part, dict)
    ]
    if text := "".join(text for text in texts if isinstance(text, str)):
        return text
    value = delta.get("reasoning") or delta.get("reasoning_content")
    return value if isinstance(value, str) else ""


def read_tool_calls(delta: Json) -> Iterator[ToolCallDelta]:
    """Yield the pieces of tool calls; `index` says which call a piece belongs to."""
    calls = delta.get("tool_calls")
    for position, call in enumerate(calls if isinstance(calls, list) else ()):
        if not isinstance(call, dict):
            continue
        function = call.get("function")
        fields = function if isinstance(function, dict) else {}
        yield ToolCallDelta(
            _count(call.get("index")) or position,
            clean_text(str(call.get("id") or "")),
            clean_text(str(fields.get("name") or "")),
            clean_text(str(fields.get("arguments") or "")),
        )


def read_usage(usage: object) -> Usage | None:
    """Return the tokens of a usage object, None where it names none we trust.

    `input_tokens` and `output_tokens` are not read: as aliases here they are often
    zero (gateways of the one-api family).
    """
    if not isinstance(usage, dict):
        return None
    prompt = _details(usage, "prompt_tokens_details")
    completion = _details(usage, "completion_tokens_details")
    read = Usage(
        input_tokens=_count(usage.get("prompt_tokens")),
        cached_input_tokens=_first(
            prompt.get("cached_tokens"), usage.get("prompt_cache_hit_tokens")
        ),
        cache_write_tokens=_first(
            prompt.get("cache_write_tokens"), prompt.get("cache_creation_tokens")
        ),
        output_tokens=_count(usage.get("completion_tokens")),
        reasoning_tokens=_count(completion.get("reasoning_tokens")),
    )
    return None if read == Usage() else read


def _details(usage: Json, name: str) -> Json:
    details = usage.get(name)
    return details if isinstance(details, dict) else {}


def _first(*values: object) -> int | None:
    return next((_count(value) for value in values if value is not None), None)


# What the database stores; a larger number is nonsense.
_MOST_TOKENS = 2**31 - 1


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None
