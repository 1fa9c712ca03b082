"""Events of the messages protocol, and what becomes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conversations.gateways.messages.decoder import MessagesDecoder
from conversations.wire import Finished
from tests.gateways.decoded import read_pieces

if TYPE_CHECKING:
    from conversations.wire import Delta, Json

SIGNED: Json = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
OMITTED: Json = {"type": "thinking", "thinking": "", "signature": "b21pdHRlZA=="}
REDACTED: Json = {"type": "redacted_thinking", "data": "cmVkYWN0ZWQ="}
CITED: Json = {
    "type": "web_search_result_location",
    "url": "https://a.example/",
    "title": "A",
}


def to_bytes(event: object) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def decode(*events: object) -> list[Delta]:
    decoder = MessagesDecoder()
    deltas = [each for event in events for each in decoder.decode("", to_bytes(event))]
    return deltas + decoder.finish()


def finish(*events: object) -> Finished:
    last = decode(*events)[-1]
    assert isinstance(last, Finished)
    return last


def start(index: int = 0, kind: str = "text", **fields: object) -> Json:
    block = {"type": kind, **fields}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int = 0, kind: str = "text_delta", **fields: object) -> Json:
    change = {"type": kind, **fields}
    return {"type": "content_block_delta", "index": index, "delta": change}


def said(text: str, index: int = 0) -> Json:
    return delta(index, "text_delta", text=text)


def thought(text: str, index: int = 0) -> Json:
    return delta(index, "thinking_delta", thinking=text)


def signed(signature: str, index: int = 0) -> Json:
    return delta(index, "signature_delta", signature=signature)


def opened(**usage: object) -> Json:
    message: Json = {"id": "msg_1", "model": "claude-9", "content": []}
    return {"type": "message_start", "message": message | {"usage": usage}}


def stopped(reason: str | None, usage: object = None, **more: object) -> Json:
    change = {"stop_reason": reason, "stop_sequence": None, **more}
    return {"type": "message_delta", "delta": change, "usage": usage}


STOP: Json = {"type": "message_stop"}
STREAM: list[Json] = [
    opened(input_tokens=10, cache_read_input_tokens=90, output_tokens=1),
    start(0, "thinking", thinking="", signature=""),
    {"type": "ping"},
    thought("Let me "),
    thought("think."),
    signed("c2lnbmF0dXJl"),
    {"type": "content_block_stop", "index": 0},
    start(1, text=""),
    said("Grüße ", 1),
    said("😀\n", 1),
    {"type": "content_block_stop", "index": 1},
    stopped("end_turn", {"output_tokens": 30}),
    STOP,
]


def frame(events: list[Json]) -> bytes:
    return b"".join(
        b"event: %b\ndata: %b\n\n"
        % (str(event["type"]).encode(), json.dumps(event, ensure_ascii=False).encode())
        for event in events
    )


def read(*pieces: bytes) -> list[Delta]:
    return read_pieces(MessagesDecoder(), pieces)
