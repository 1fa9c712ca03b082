"""The events of the responses protocol, and reading them without a network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conversations.gateways.responses.decoder import ResponsesDecoder
from conversations.wire import Finished
from tests.gateways.decoded import read_pieces

if TYPE_CHECKING:
    from conversations.wire import Delta, Json


def of(kind: str, **fields: object) -> Json:
    return {"type": f"response.{kind}", **fields}


def say(text: str, index: int = 0) -> Json:
    return of("output_text.delta", output_index=index, delta=text)


def message(text: str, /, **fields: object) -> Json:
    """A message as an item: finished, with its id."""
    part = {"type": "output_text", "text": text, "annotations": []}
    item: Json = {"type": "message", "id": "msg_1", "role": "assistant"}
    return item | {"status": "completed", "content": [part]} | fields


def thought(summary: str, /, **fields: object) -> Json:
    """Reasoning as an item, sealed by its gateway."""
    parts = [{"type": "summary_text", "text": summary}]
    item: Json = {"type": "reasoning", "id": "rs_1", "summary": parts}
    return item | {"encrypted_content": "gAAAA-sealed"} | fields


def done(item: Json, index: int | None = 0) -> Json:
    return of("output_item.done", output_index=index, item=item)


def end(*output: Json, status: str = "completed", **fields: object) -> Json:
    response = {"status": status, "output": list(output), **fields}
    return of(status, response=response)


def decode(*events: object) -> list[Delta]:
    decoder = ResponsesDecoder()
    deltas = [
        delta
        for event in events
        for delta in decoder.decode("", json.dumps(event).encode())
    ]
    return deltas + decoder.finish()


def finish(*events: object) -> Finished:
    """Decode events and return the last delta."""
    last = decode(*events)[-1]
    assert isinstance(last, Finished)
    return last


def stream(*events: object, named: bool = True, ascii_only: bool = False) -> bytes:
    """The bytes of a stream; OpenAI names each event, LiteLLM none."""
    lines = []
    for event in events:
        if named and isinstance(event, dict):
            lines.append(f"event: {event['type']}\n")
        lines.append(f"data: {json.dumps(event, ensure_ascii=ascii_only)}\n\n")
    return "".join(lines).encode()


def read(*pieces: bytes) -> list[Delta]:
    return read_pieces(ResponsesDecoder(), pieces)
