"""An answer as it arrives: its bytes by the clock, its deltas by its content type."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx2

from conversations import limits
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.failures.mapping import plain_text
from conversations.gateways.transport.headers import read_headers
from conversations.gateways.transport.sse import EventSplitter
from conversations.wire import Finished

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from conversations.gateways.decoding import Decoder
    from conversations.wire import Delta

# After its finish reason a gateway has this long to send usage and to hang up.
AFTER_FINISH_SECONDS = 2.0
AFTER_DONE_SECONDS = 0.1

# The share of the idle time by which it may end early.
_SLACK = 0.05
DETAIL_LETTERS = 300
EVENT_STREAM = "text/event-stream"


class Clock:
    """How long a request may still take. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.end = self.loop.time() + limits.GATEWAY_TOTAL_SECONDS

    def within(self, seconds: float) -> asyncio.Timeout:
        """Return a timeout after `seconds`, or at the end of the request."""
        return asyncio.timeout_at(self.after(seconds))

    def after(self, seconds: float) -> float:
        """Return the moment in `seconds`, or the end of the request."""
        return min(self.loop.time() + seconds, self.end)

    def error(self, kind: ErrorKind) -> GatewayError:
        """Return the error for a timeout of `kind`, or of the whole request."""
        if self.loop.time() >= self.end:
            total = limits.GATEWAY_TOTAL_SECONDS
            return GatewayError(ErrorKind.TIMEOUT, f"No end after {total:g} s.")
        return GatewayError(kind)


def read_answer(
    response: httpx2.Response, clock: Clock, decoder: Decoder
) -> AsyncGenerator[Delta, None]:
    """Yield the deltas of an answer and one Finished, as `decoder` understands it.

    Its content type decides, not what was asked for. Raises GatewayError, and what
    the transport raises.
    """
    is_stream = _content_type(response) == EVENT_STREAM
    read = _read_stream if is_stream else _read_whole
    return read(response, clock, decoder)


async def read_body(response: httpx2.Response, clock: Clock) -> bytes:
    """Return a whole body; raises GatewayError where it is late or too big.

    Of a stream that nobody asked for it is the first event.
    """
    body = bytearray()
    async with aclosing(_read_chunks(response, clock)) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > limits.GATEWAY_EVENT_BYTES:
                raise GatewayError(ErrorKind.TOO_LONG, "The response is too big.")
    if _content_type(response) != EVENT_STREAM:
        return bytes(body)
    splitter = EventSplitter()
    events = [*splitter.feed(bytes(body)), *splitter.close()]
    return events[0][1] if events else b""


async def _read_stream(
    response: httpx2.Response, clock: Clock, decoder: Decoder
) -> AsyncGenerator[Delta, None]:
    splitter, counted = EventSplitter(), None
    async with aclosing(_read_chunks(response, clock, decoder)) as chunks:
        async for chunk in chunks:
            for name, data in splitter.feed(chunk):
                for delta in decoder.decode(name, data):
                    yield delta
            if counted is None and (counted := decoder.counted):
                yield counted
    for delta in _complete(read_tail(splitter, decoder), response):
        yield delta


def read_tail(splitter: EventSplitter, decoder: Decoder) -> list[Delta]:
    """Return what a missing last blank line left; half an event is only a cut."""
    deltas: list[Delta] = []
    for name, data in splitter.close():
        try:
            deltas += decoder.decode(name, data)
        except GatewayError as error:
            if error.kind is not ErrorKind.GARBLED:
                raise
    return deltas + decoder.finish()


async def _read_whole(
    response: httpx2.Response, clock: Clock, decoder: Decoder
) -> AsyncGenerator[Delta, None]:
    body = await read_body(response, clock)
    content_type = _content_type(response)
    if not content_type.endswith("json"):
        raise _not_an_answer(content_type, body)
    deltas = decoder.decode_whole(body)
    if not deltas and not decoder.finished:
        raise _not_an_answer(content_type, body)
    for delta in _complete(deltas + decoder.finish(), response):
        yield delta


def _complete(deltas: list[Delta], response: httpx2.Response) -> list[Delta]:
    return [
        read_headers(delta, response.headers) if isinstance(delta, Finished) else delta
        for delta in deltas
    ]


def _content_type(response: httpx2.Response) -> str:
    value: str = response.headers.get("content-type", "")
    return value.partition(";")[0].strip().lower()


async def _read_chunks(
    response: httpx2.Response, clock: Clock, decoder: Decoder | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield the body as it arrives; any byte counts as a sign of life."""
    kind, wait = ErrorKind.TIMEOUT, limits.GATEWAY_FIRST_BYTE_SECONDS
    patience = _Patience(clock, decoder)
    try:
        async with (
            aclosing(response.aiter_bytes()) as body,
            clock.within(wait) as timeout,
        ):
            async for chunk in body:
                yield chunk
                kind = ErrorKind.STALLED
                if moment := patience.renew():
                    timeout.reschedule(moment)
    except TimeoutError:
        if not patience.finished:
            raise clock.error(kind) from None
    except httpx2.HTTPError:
        if not patience.finished:
            raise


class _Patience:
    """How long to wait for the next piece of a body.

    Once the decoder knows the end, all that follows has one short time.
    """

    def __init__(self, clock: Clock, decoder: Decoder | None) -> None:
        self._clock = clock
        self._decoder = decoder
        self._now = clock.loop.time
        self._renew_at = 0.0
        self._end: float | None = None

    @property
    def finished(self) -> bool:
        """Whether there is nothing left that would be missed."""
        return self._decoder is not None and self._decoder.finished

    def renew(self) -> float | None:
        """Return until when to wait now, None where that has hardly changed."""
        if self.finished:
            return self._last()
        now = self._now()
        if now < self._renew_at:
            return None
        # To set a timer for each piece would cost as much as to decode it.
        self._renew_at = now + limits.GATEWAY_IDLE_SECONDS * _SLACK
        return self._clock.after(limits.GATEWAY_IDLE_SECONDS)

    def _last(self) -> float | None:
        assert self._decoder is not None
        wait = AFTER_DONE_SECONDS if self._decoder.done else AFTER_FINISH_SECONDS
        moment = self._clock.after(wait)
        if self._end is not None and moment >= self._end:
            return None
        self._end = moment
        return moment


def _not_an_answer(content_type: str, body: bytes) -> GatewayError:
    text = plain_text(body.decode("utf-8", "replace"))
    detail = f"{content_type or 'no content type'}: {text[:DETAIL_LETTERS]}"
    return GatewayError(ErrorKind.NOT_A_STREAM, detail)
