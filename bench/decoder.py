"""The SDKs' own iterators against our decoders, on the same bytes of each protocol."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from bench.figures import Figure, Goal
from bench.options import Options
from conversations.gateways.demo import wire as demo_wire
from conversations.gateways.protocols import CODECS
from conversations.gateways.transport.reading import Clock, read_answer
from conversations.wire import Protocol, TextDelta
from tests.gateway.style import Style
from tests.gateway.surfaces.chat import ChatWriter
from tests.gateway.surfaces.messages import MessagesWriter
from tests.gateway.surfaces.responses import ResponsesWriter
from tests.gateway.surfaces.writer import Writer

REPEATS = 3
MICROSECONDS = 1e6
BASE_URL = "http://bench.invalid/v1"
# So many events come in one read when a server is faster than its reader.
EVENTS_A_READ = 50
GOAL = Goal(5.0, 8.0)

WRITERS: dict[Protocol, type[Writer]] = {
    Protocol.CHAT_COMPLETIONS: ChatWriter,
    Protocol.RESPONSES: ResponsesWriter,
    Protocol.MESSAGES: MessagesWriter,
}

# Reads a stream and counts the pieces of its text.
Reader = Callable[[httpx2.AsyncClient], Awaitable[int]]


def measure(options: Options) -> list[Figure]:
    """Read the same stream in each way; the best of a few times counts."""
    return [
        figure
        for protocol in Protocol
        for figure in asyncio.run(_measure(protocol, options.chunks))
    ]


async def _measure(protocol: Protocol, count: int) -> list[Figure]:
    single = _write(protocol, count)
    many = [
        b"".join(single[start : start + EVENTS_A_READ])
        for start in range(0, len(single), EVENTS_A_READ)
    ]
    ours = _Ours(protocol)
    sdk = await _time(_SDKS[protocol], single, count)
    mine = await _time(ours.read, single, count)
    joined = await _time(ours.read, many, count)
    name = protocol.replace("_", " ")
    return [
        Figure("decoder", f"{name}: SDK's iterator", sdk, "µs a chunk"),
        Figure("decoder", f"{name}: our decoder", mine, "µs a chunk", GOAL),
        Figure(
            "decoder", f"{name}: {EVENTS_A_READ} a read", joined, "µs a chunk", GOAL
        ),
        Figure("decoder", f"{name}: SDK's iterator / our decoder", sdk / mine, "×"),
    ]


def _write(protocol: Protocol, count: int) -> list[bytes]:
    writer = WRITERS[protocol]("bench", Style(), str)
    tokens = [writer.token(f"word{number} ") for number in range(count)]
    return [writer.opening() + tokens[0], *tokens[1:]]


async def _time(reader: Reader, reads: list[bytes], expected: int) -> float:
    transport = httpx2.MockTransport(lambda _: _response(reads))
    times = []
    async with httpx2.AsyncClient(transport=transport) as client:
        for _ in range(REPEATS):
            began = time.process_time()
            count = await reader(client)
            times.append(time.process_time() - began)
            if count != expected:
                raise RuntimeError(f"{count} of {expected} chunks were read.")
    return min(times) * MICROSECONDS / expected


class _Ours:
    def __init__(self, protocol: Protocol) -> None:
        self._decoder = CODECS[protocol].decoder

    async def read(self, client: httpx2.AsyncClient) -> int:
        """Read as `Gateways.stream` does, without its connection."""
        request = client.build_request("POST", BASE_URL)
        response = await client.send(request, stream=True)
        deltas = read_answer(response, Clock(), self._decoder())
        return len([delta async for delta in deltas if isinstance(delta, TextDelta)])


async def _read_chat(client: httpx2.AsyncClient) -> int:
    stream = await _openai(client).chat.completions.create(
        model="bench", messages=[{"role": "user", "content": "Go."}], stream=True
    )
    return len([chunk.choices[0].delta.content async for chunk in stream])


async def _read_responses(client: httpx2.AsyncClient) -> int:
    stream = await _openai(client).responses.create(
        model="bench", input="Go.", stream=True
    )
    kind = "response.output_text.delta"
    return len([event async for event in stream if event.type == kind])


async def _read_messages(client: httpx2.AsyncClient) -> int:
    sdk = AsyncAnthropic(
        api_key="none", base_url=BASE_URL, max_retries=0, http_client=client
    )
    stream = await sdk.messages.create(
        model="bench",
        max_tokens=9,
        messages=[{"role": "user", "content": "Go."}],
        stream=True,
    )
    return len([event async for event in stream if event.type == "content_block_delta"])


def _openai(client: httpx2.AsyncClient) -> AsyncOpenAI:
    return AsyncOpenAI(
        api_key="none", base_url=BASE_URL, max_retries=0, http_client=client
    )


_SDKS: dict[Protocol, Reader] = {
    Protocol.CHAT_COMPLETIONS: _read_chat,
    Protocol.RESPONSES: _read_responses,
    Protocol.MESSAGES: _read_messages,
}


def _response(reads: list[bytes]) -> httpx2.Response:
    headers = {"content-type": demo_wire.STREAM_TYPE}
    return httpx2.Response(200, headers=headers, stream=_Body(reads))


class _Body(httpx2.AsyncByteStream):
    def __init__(self, reads: list[bytes]) -> None:
        self._reads = reads

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for read in self._reads:
            yield read
