"""The demo gateway: the real wire format with no model behind it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2

from conversations.gateways.decoding import parse
from conversations.gateways.demo import wire as demo_wire
from conversations.gateways.demo.given import list_files, read_text
from conversations.gateways.demo.recipes import Answer, Asked, answer
from conversations.gateways.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

MODEL = "demo"
WINDOW_TOKENS = 32_000
THINKING_SECONDS = 0.3
# What the wire format itself adds to a message.
MESSAGE_TOKENS = 4


class DemoTransport(httpx2.AsyncBaseTransport):
    """Answers requests in this process, as a gateway would over the network.

    `speed` 1 is a human pace; tests take more.
    """

    def __init__(self, count_tokens: Callable[[str], int], speed: float = 1.0) -> None:
        self._count_tokens = count_tokens
        self._speed = speed

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            body = demo_wire.models([MODEL], context_length=WINDOW_TOKENS)
            return _whole(200, body)
        asked = await asyncio.to_thread(self._read, await request.aread())
        if asked is None:
            message = "The demo needs JSON with a list of messages."
            error = demo_wire.error(message, "invalid_request_error")
            return _whole(400, demo_wire.to_bytes(error))
        answered = answer(asked)
        if answered.status != 200:
            body = demo_wire.to_bytes(demo_wire.error(answered.error))
            return _whole(answered.status, body)
        return httpx2.Response(
            200,
            headers={"content-type": demo_wire.STREAM_TYPE},
            stream=_Stream(self._write(asked, answered)),
        )

    def _read(self, body: bytes) -> Asked | None:
        try:
            payload = parse(body)
        except GatewayError:
            return None
        rows = payload.get("messages") if isinstance(payload, dict) else None
        known = [
            row
            for row in (rows if isinstance(rows, list) else ())
            if isinstance(row, dict)
        ]
        messages = tuple(
            (str(row.get("role")), read_text(row.get("content"))) for row in known
        )
        files = tuple(list_files(row.get("content")) for row in known)
        return Asked(messages, self._count, files) if messages else None

    def _count(self, messages: tuple[tuple[str, str], ...]) -> int:
        return sum(
            self._count_tokens(content) + MESSAGE_TOKENS for _, content in messages
        )

    async def _write(self, asked: Asked, answered: Answer) -> AsyncIterator[bytes]:
        yield demo_wire.opening(MODEL)
        await asyncio.sleep(THINKING_SECONDS / self._speed)
        thought = demo_wire.split_pieces(answered.thought)
        chunks = [demo_wire.reasoning_chunk(MODEL, piece) for piece in thought]
        text = demo_wire.split_pieces(answered.shown)
        chunks += [demo_wire.text_chunk(MODEL, piece) for piece in text]
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number, chunk in enumerate(chunks, start=1):
            yield chunk
            due = start + number / (answered.pace * self._speed)
            await asyncio.sleep(max(due - loop.time(), 0))
        for end in self._end(asked, answered):
            yield end

    def _end(self, asked: Asked, answered: Answer) -> list[bytes]:
        if answered.error:
            return [demo_wire.event(demo_wire.error(answered.error))]
        if answered.finish is None:
            return []
        thought = self._count_tokens(answered.thought)
        details = {"completion_tokens_details": {"reasoning_tokens": thought}}
        written = thought + self._count_tokens(answered.shown)
        usage = demo_wire.usage(asked.tokens, written, **(details if thought else {}))
        return [
            demo_wire.chunk(MODEL, {}, answered.finish),
            demo_wire.usage_chunk(MODEL, usage),
            demo_wire.DONE,
        ]


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._chunks


def _whole(status: int, body: bytes) -> httpx2.Response:
    return httpx2.Response(
        status, headers={"content-type": "application/json"}, content=body
    )
