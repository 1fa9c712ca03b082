"""An answer as it arrives: its bytes by the clock, its deltas by its content type."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx2

from conversations import limits
from conversations.gateways.chat_completions import ChatDecoder
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.mapping import plain_text
from conversations.gateways.sse import EventSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from conversations.wire import Delta

# After its finish reason a gateway has this long to send usage and to hang up.
AFTER_FINISH_SECONDS = 2.0
AFTER_DONE_SECONDS = 0.1

DETAIL_LETTERS = 300


class Clock:
    """How long a request may still take. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.end = self._loop.time() + limits.GATEWAY_TOTAL_SECONDS

    def within(self, seconds: float) -> asyncio.Timeout:
        """Return a timeout after `seconds`, or at the end of the request."""
        return asyncio.timeout_at(self.after(seconds))

    def after(self, seconds: float) -> float:
        """Return the moment in `seconds`, or the end of the request."""
        return min(self._loop.time() + seconds, self.end)

    def error(self, kind: ErrorKind) -> GatewayError:
        """Return the error for a timeout of `kind`, or of the whole request."""
        if self._loop.time() >= self.end:
            total = limits.GATEWAY_TOTAL_SECONDS
            return GatewayError(ErrorKind.TIMEOUT, f"No end after {total:g} s.")
        return GatewayError(kind)


async def read_answer(
    response: httpx2.Response, clock: Clock
) -> AsyncGenerator[Delta, None]:
    """Yield the deltas of a response to a chat completion and one Finished.

    Raises GatewayError, and what the transport raises.
    """
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    if content_type == "text/event-stream":
        deltas = _read_stream(response, clock)
    elif content_type.endswith("json"):
        deltas = _read_completion(response, clock)
    else:
        raise _not_an_answer(content_type, await read_body(response, clock))
    async with aclosing(deltas):
        async for delta in deltas:
            yield delta


async def read_body(response: httpx2.Response, clock: Clock) -> bytes:
    """Return a whole body; raises GatewayError where it is late or too big."""
    body = bytearray()
    async with aclosing(_read_chunks(response, clock, ChatDecoder())) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > limits.GATEWAY_EVENT_BYTES:
                raise GatewayError(ErrorKind.TOO_LONG, "The response is too big.")
    return bytes(body)


async def _read_stream(
    response: httpx2.Response, clock: Clock
) -> AsyncGenerator[Delta, None]:
    splitter, decoder = EventSplitter(), ChatDecoder()
    async with aclosing(_read_chunks(response, clock, decoder)) as chunks:
        async for chunk in chunks:
            for name, data in splitter.feed(chunk):
                for delta in decoder.decode(name, data):
                    yield delta
    for delta in read_tail(splitter, decoder):
        yield delta


def read_tail(splitter: EventSplitter, decoder: ChatDecoder) -> list[Delta]:
    """Return what a missing last blank line left; half an event is only a cut."""
    deltas: list[Delta] = []
    for name, data in splitter.close():
        try:
            deltas += decoder.decode(name, data)
        except GatewayError as error:
            if error.kind is not ErrorKind.GARBLED:
                raise
    return deltas + decoder.finish()


async def _read_completion(
    response: httpx2.Response, clock: Clock
) -> AsyncGenerator[Delta, None]:
    body = await read_body(response, clock)
    decoder = ChatDecoder()
    deltas = decoder.decode("", body)
    if not deltas and not decoder.finished:
        raise _not_an_answer("application/json", body)
    for delta in deltas + decoder.finish():
        yield delta


async def _read_chunks(
    response: httpx2.Response, clock: Clock, decoder: ChatDecoder
) -> AsyncGenerator[bytes, None]:
    """Yield the body as it arrives; any byte counts as a sign of life."""
    kind, wait = ErrorKind.TIMEOUT, limits.GATEWAY_FIRST_BYTE_SECONDS
    try:
        async with (
            aclosing(response.aiter_bytes()) as body,
            clock.within(wait) as patience,
        ):
            async for chunk in body:
                yield chunk
                kind = ErrorKind.STALLED
                patience.reschedule(clock.after(_patience(decoder)))
    except TimeoutError:
        if not decoder.finished:
            raise clock.error(kind) from None
    except httpx2.HTTPError:
        if not decoder.finished:
            raise


def _patience(decoder: ChatDecoder) -> float:
    if decoder.done:
        return AFTER_DONE_SECONDS
    return AFTER_FINISH_SECONDS if decoder.finished else limits.GATEWAY_IDLE_SECONDS


def _not_an_answer(content_type: str, body: bytes) -> GatewayError:
    text = plain_text(body.decode("utf-8", "replace"))
    detail = f"{content_type or 'no content type'}: {text[:DETAIL_LETTERS]}"
    return GatewayError(ErrorKind.NOT_A_STREAM, detail)
