"""The SDK's own iterator against our decoder, on the same bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2
from openai import AsyncOpenAI

from bench.figures import Figure
from bench.options import Options
from conversations.gateways import demo_wire
from conversations.gateways.reading import Clock, read_answer

REPEATS = 3
MICROSECONDS = 1e6
BASE_URL = "http://bench.invalid/v1"

Reader = Callable[[AsyncOpenAI], Awaitable[int]]


def measure(options: Options) -> list[Figure]:
    """Read the same stream with each; the best of a few times counts."""
    chunks = [
        demo_wire.text_chunk("bench", f"word{number} ")
        for number in range(options.chunks)
    ]
    cost = {
        name: asyncio.run(_measure(reader, chunks)) for name, reader in READERS.items()
    }
    ratio = cost["SDK's iterator"] / cost["our decoder"]
    return [
        *(Figure("decoder", name, value, "µs a chunk") for name, value in cost.items()),
        Figure("decoder", "SDK's iterator / our decoder", ratio, "×"),
    ]


async def _measure(reader: Reader, chunks: list[bytes]) -> float:
    transport = httpx2.MockTransport(lambda _: _response(chunks))
    async with httpx2.AsyncClient(transport=transport) as client:
        sdk = AsyncOpenAI(
            api_key="none", base_url=BASE_URL, max_retries=0, http_client=client
        )
        times = [await _time(reader, sdk, len(chunks)) for _ in range(REPEATS)]
    return min(times) * MICROSECONDS / len(chunks)


async def _time(reader: Reader, sdk: AsyncOpenAI, expected: int) -> float:
    began = time.process_time()
    count = await reader(sdk)
    used = time.process_time() - began
    if count != expected:
        raise RuntimeError(f"{count} of {expected} chunks were read.")
    return used


async def _read_with_sdk(sdk: AsyncOpenAI) -> int:
    stream = await sdk.chat.completions.create(
        model="bench", messages=[{"role": "user", "content": "Go."}], stream=True
    )
    return len([chunk.choices[0].delta.content async for chunk in stream])


async def _read_with_ours(sdk: AsyncOpenAI) -> int:
    async with sdk.chat.completions.with_streaming_response.create(
        model="bench", messages=[{"role": "user", "content": "Go."}], stream=True
    ) as response:
        deltas = read_answer(response.http_response, Clock())
        # The last one is Finished.
        return len([delta async for delta in deltas]) - 1


async def _read_bytes(sdk: AsyncOpenAI) -> int:
    async with sdk.chat.completions.with_streaming_response.create(
        model="bench", messages=[{"role": "user", "content": "Go."}], stream=True
    ) as response:
        return len([data async for data in response.http_response.aiter_bytes()])


READERS: dict[str, Reader] = {
    "SDK's iterator": _read_with_sdk,
    "our decoder": _read_with_ours,
    "bytes alone": _read_bytes,
}


def _response(chunks: list[bytes]) -> httpx2.Response:
    headers = {"content-type": demo_wire.STREAM_TYPE}
    return httpx2.Response(200, headers=headers, stream=_Body(chunks))


class _Body(httpx2.AsyncByteStream):
    """Every chunk in a read of its own."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
