"""Chat completions as a gateway writes them: for the demo and for test gateways."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Json = dict[str, object]

DONE = b"data: [DONE]\n\n"
STREAM_TYPE = "text/event-stream; charset=utf-8"

# About one token, with the space before it.
_PIECE = re.compile(r"\s*\S{1,6}|\s+")


def split_pieces(text: str) -> list[str]:
    """Cut `text` into pieces of about a token each; joined they are `text` again."""
    return _PIECE.findall(text)


def to_bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def event(value: object) -> bytes:
    """Return one server-sent event with `value` as JSON."""
    return b"data: " + to_bytes(value) + b"\n\n"


def chunk(model: str, delta: Json, finish: str | None = None) -> bytes:
    """Return the event of one chunk of a streamed completion."""
    choice: Json = {"index": 0, "delta": delta, "finish_reason": finish}
    return event(_envelope(model, "chat.completion.chunk", [choice]))


def opening(model: str) -> bytes:
    return chunk(model, {"role": "assistant", "content": ""})


def text_chunk(model: str, text: str) -> bytes:
    return chunk(model, {"content": text})


def reasoning_chunk(model: str, text: str) -> bytes:
    return chunk(model, {"reasoning_content": text})


def usage_chunk(model: str, usage: Json) -> bytes:
    return event({**_envelope(model, "chat.completion.chunk", []), "usage": usage})


def completion(model: str, message: Json, finish: str, usage: Json) -> bytes:
    """Return the body of a completion that is not streamed."""
    choice: Json = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "finish_reason": finish,
    }
    return to_bytes({**_envelope(model, "chat.completion", [choice]), "usage": usage})


def usage(input_tokens: int, output_tokens: int, **details: object) -> Json:
    return {
        "prompt_tokens": input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
        **details,
    }


def error(message: str, kind: str = "server_error", code: object = None) -> Json:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def models(names: Sequence[str], **facts: object) -> bytes:
    rows = [{"id": name, "object": "model", "created": 0, **facts} for name in names]
    return to_bytes({"object": "list", "data": rows})


def _envelope(model: str, kind: str, choices: list[Json]) -> Json:
    return {
        "id": "chatcmpl-demo",
        "object": kind,
        "created": 0,
        "model": model,
        "choices": choices,
    }
