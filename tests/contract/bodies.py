"""What should be sent: each protocol's request, written down once more by hand.

Nothing of the code that is tested is used here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.wire import Json, Protocol
from tests.contract.surfaces import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.contract.surfaces import Surface

EFFORT = "high"
OUTPUT_TOKENS = 4_096
ONE_HOUR: Json = {"type": "ephemeral", "ttl": "1h"}
NO_COMPRESSION = [{"id": "context-compression", "enabled": False}]
# Parameters that tie a conversation to one cache.
CACHE_KEYS = {"openai": "prompt_cache_key", "openrouter": "session_id"}
# Responses gateways that are asked for what they thought.
ASKED_FOR_THOUGHTS = ("openai", "openrouter", "opper")


@dataclass(frozen=True)
class Said:
    """A message of a conversation; `native` is the reply in the gateway's own items."""

    role: str
    text: str
    id: str = ""
    native: tuple[Json, ...] = ()

    @property
    def plain(self) -> Said:
        return replace(self, native=())


def expected_body(surface: Surface, said: Sequence[Said], conversation: str) -> bytes:
    """Return the request's body, byte for byte."""
    body = _BODIES[surface.protocol](surface, said)
    if key := CACHE_KEYS.get(surface.kind):
        body[key] = conversation
    if surface.kind == "openrouter":
        body["plugins"] = NO_COMPRESSION
    return to_bytes(body)


def to_bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _chat(surface: Surface, said: Sequence[Said]) -> Json:
    rows: list[Json] = []
    for each in said:
        row: Json = {"role": each.role, "content": each.text}
        if each.native:
            row["reasoning_details"] = list(each.native)
        rows.append(row)
    nested = surface.kind == "openrouter"
    return {
        "model": MODEL,
        "stream": True,
        "messages": rows,
        "stream_options": {"include_usage": True},
        **({"reasoning": {"effort": EFFORT}} if nested else {}),
        **({} if nested else {"reasoning_effort": EFFORT}),
    }


def _responses(surface: Surface, said: Sequence[Said]) -> Json:
    asks = surface.kind in ASKED_FOR_THOUGHTS
    summary: Json = {"summary": "auto"} if asks else {}
    include: Json = {"include": ["reasoning.encrypted_content"]} if asks else {}
    return {
        "model": MODEL,
        "stream": True,
        "store": False,
        **include,
        "reasoning": {"effort": EFFORT, **summary},
        "input": [item for each in said for item in _items(each)],
    }


def _items(said: Said) -> list[Json]:
    if said.role != "assistant":
        part = {"type": "input_text", "text": said.text}
        return [{"type": "message", "role": said.role, "content": [part]}]
    if said.native:
        return list(said.native)
    text: Json = {"type": "output_text", "text": said.text, "annotations": []}
    return [
        {
            "type": "message",
            "role": "assistant",
            "id": f"msg_{said.id.replace('-', '')}",
            "status": "completed",
            "content": [text],
        }
    ]


def _messages(_: Surface, said: Sequence[Said]) -> Json:
    system, *rest = said
    rows: list[Json] = [{"role": each.role, "content": _blocks(each)} for each in rest]
    # Marked where the cache is to begin again: what never changes, and what is newest.
    rows[-1]["content"] = [_text(rest[-1].text) | {"cache_control": ONE_HOUR}]
    return {
        "model": MODEL,
        "max_tokens": OUTPUT_TOKENS,
        "stream": True,
        "system": [_text(system.text) | {"cache_control": ONE_HOUR}],
        "messages": rows,
        "thinking": {"type": "adaptive", "display": "summarized"},
        "output_config": {"effort": EFFORT},
    }


def _blocks(said: Said) -> list[Json]:
    return list(said.native) or [_text(said.text)]


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


_BODIES = {
    Protocol.CHAT_COMPLETIONS: _chat,
    Protocol.RESPONSES: _responses,
    Protocol.MESSAGES: _messages,
}
