"""The usage of a chat completion, in every shape that gateways give it."""

from __future__ import annotations

from conversations.gateways.decoding import first_count, read_count, read_object
from conversations.gateways.usage import read_full_cost
from conversations.wire import Json, Usage

# Where gateways split what was written by how long it is kept.
_LIFETIMES = (
    "cache_creation",
    "cache_creation_token_details",
    "cache_write_tokens_details",
)


def read_usage(usage: object) -> Usage | None:
    """Return the tokens of a usage object, None where it names none we trust.

    `input_tokens` and `output_tokens` are not read: as aliases here they are often
    zero (gateways of the one-api family).
    """
    if not isinstance(usage, dict):
        return None
    prompt = read_object(usage, "prompt_tokens_details")
    completion = read_object(usage, "completion_tokens_details")
    written, written_1h = _read_writes(usage, prompt)
    read = Usage(
        input_tokens=read_count(usage.get("prompt_tokens")),
        cached_input_tokens=first_count(
            prompt.get("cached_tokens"),
            usage.get("prompt_cache_hit_tokens"),
            usage.get("cached_tokens"),
        ),
        cache_write_tokens=written,
        cache_write_1h_tokens=written_1h,
        output_tokens=read_count(usage.get("completion_tokens")),
        reasoning_tokens=first_count(
            completion.get("reasoning_tokens"), usage.get("reasoning_tokens")
        ),
        cost=read_full_cost(usage),
    )
    return None if read == Usage() else read


def _read_writes(usage: Json, prompt: Json) -> tuple[int | None, int | None]:
    """Return the tokens written to the cache for minutes, and for longer."""
    total = first_count(
        prompt.get("cache_write_tokens"), prompt.get("cache_creation_tokens")
    )
    parts: Json = {}
    for place in (usage, prompt):
        for name in _LIFETIMES:
            parts |= read_object(place, name)
    short = first_count(
        parts.get("ephemeral_5m_input_tokens"), parts.get("ttl_30m_tokens")
    )
    long = first_count(
        parts.get("ephemeral_1h_input_tokens"), parts.get("ttl_12h_tokens")
    )
    if total is None or not long:
        return (short if total is None else total), long
    return max(total - long, 0), long
