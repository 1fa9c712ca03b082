"""Streams that are right by the letter of the standard, and unlike any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.gateway.answer import Answer

ODD_CHAT = (
    b': ping\r\ndata:{"choices":\r\ndata: [{"delta":{"content":"t0 "}',
    b"}]}\r\nid: 7\r\n\r",
    b'\nretry: 9\rdata: {"choices":[{"delta":{"content":"t1 "}}]}\r\r',
    b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n',
    b'data: {"choices":[],"usage":null}\n\n',
    b'data: {"choices":[{"delta":{},"finish_reason":"eos"}]}',
)
_LINE_ENDS = (b"\r\n", b"\r", b"\n")


def odd_frames(answer: Answer) -> list[bytes]:
    """Return a short answer whose lines end in every way, and the last in none."""
    writer = answer.writer
    answer.exchange.request.tokens_sent = 2
    frames = writer.opening() + writer.say("t0 ") + writer.say("t1 ")
    frames += writer.closing("stop", answer.count())
    events = frames.removesuffix(b"\n\n").split(b"\n\n")
    return [b": ping\r\nretry: 9\r", *map(_odd, range(len(events)), events)]


def _odd(number: int, event: bytes) -> bytes:
    end = _LINE_ENDS[number % 3]
    lines = event.replace(b"data: {", b"data:{" if number % 2 else b"data: {").split(
        b"\n"
    )
    if number % 2:
        lines.append(b"id: 7")
    # A JSON object may go on in a further data line wherever a space could stand.
    lines = [
        line.replace(b'{"type":', b'{"type":' + end + b"data: ", 1) for line in lines
    ]
    return end.join(lines) + end + end
