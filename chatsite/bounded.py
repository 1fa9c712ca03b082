"""Daphne keeps what comes, and what is to go, whole; this keeps no more than fits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from django.conf import settings
from twisted.internet import reactor

from chatsite.bodies import is_upload, most_body_bytes, refuse_busy, refuse_large
from chatsite.long import BROKEN_OFF
from conversations import limits
from conversations.middleware import SecurityHeaders

if TYPE_CHECKING:
    from daphne.server import Server
    from django.http import HttpResponse

# How long what still comes is thrown away, so that the sender can read the answer.
LINGER_SECONDS = 5


class Pace:
    """What Twisted tells of a reader: whether there is room for more of an answer."""

    def __init__(self) -> None:
        self._room = asyncio.Event()
        self._room.set()
        self.is_lost = False

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's
        self._room.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's
        self._room.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's
        self.is_lost = True
        self._room.set()

    async def wait(self) -> None:
        """Wait for room. Raises `ConnectionError` where nobody reads any more."""
        await self._room.wait()
        if self.is_lost:
            message = "The reader is gone."
            raise ConnectionError(message)


class BoundedRequest(WebRequest):  # type: ignore[misc]  # ships no types
    """Answers 413 as soon as it is clear, by the header or by what has come.

    It answers 503 where too many files are on their way already.
    """

    # From their first byte to the end of the answer.
    uploads: ClassVar[set[BoundedRequest]] = set()
    pace: Pace | None = None

    content: Any
    # The cookie, as it came.
    session = b""
    _kept = 0
    _refused: Any = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's
        target, _, _ = self.channel._path.partition(b"?")  # noqa: SLF001
        self._target = unquote(target.decode("latin-1"))
        name = settings.SESSION_COOKIE_NAME.encode()
        self.session = self.received_cookies.get(name, b"")
        self._most = most_body_bytes(self._target, has_session=bool(self.session))
        refusal = self._find_refusal(length)
        super().gotLength(length if refusal is None else 0)
        if refusal is not None:
            self._refuse(refusal)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's
        self._kept += len(data)
        if self._refused is None and self._kept > self._most:
            self._refuse(self._say_too_large())
        if self._refused is None:
            super().handleContentChunk(data)

    def process(self) -> Any:
        if self._refused is None:
            return super().process()
        self.channel.loseConnection()
        return None

    async def wait_for_room(self) -> None:
        """Wait until the reader has taken what was written, of an answer in parts."""
        if self.channel is None:
            message = "The reader was gone before."
            raise ConnectionError(message)
        if self.pace is None:
            self.pace = Pace()
            self.registerProducer(self.pace, True)
        await self.pace.wait()

    def finish(self) -> None:
        self.uploads.discard(self)
        if self.pace is not None:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's
        self.uploads.discard(self)
        if self._refused is not None and self._refused.active():
            self._refused.cancel()
        if self.pace is not None:
            self.pace.stopProducing()
        super().connectionLost(reason)

    def _find_refusal(self, length: int | None) -> HttpResponse | None:
        """Return the answer to what need not come at all; else an upload is counted."""
        if length is not None and length > self._most:
            return self._say_too_large()
        if is_upload(self._target) and length != 0:
            own = sum(each.session == self.session for each in self.uploads)
            most = limits.UPLOADS_WAITING, limits.UPLOADS_WAITING_PER_SESSION
            if len(self.uploads) >= most[0] or own >= most[1]:
                return refuse_busy()
            self.uploads.add(self)
        return None

    def _say_too_large(self) -> HttpResponse:
        return refuse_large(self._target, has_session=bool(self.session))

    def _refuse(self, answer: HttpResponse) -> None:
        self.uploads.discard(self)
        self.content.close()
        self.content = BytesIO()
        # It would be told to go on.
        self.requestHeaders.removeHeader(b"Expect")
        self.channel.persistent = False
        self.channel.transport.write(_write(answer))
        self._refused = reactor.callLater(
            LINGER_SECONDS, self.channel.transport.abortConnection
        )


def bound_requests(server: Server) -> None:
    """Let a server's connections keep no more than fits."""
    reply = server.handle_reply

    async def reply_at_pace(protocol: Any, message: Mapping[str, Any]) -> None:
        if message["type"] == BROKEN_OFF:
            if protocol.channel is not None:
                protocol.channel.transport.abortConnection()
            return
        await reply(protocol, message)
        if message.get("more_body"):
            await protocol.wait_for_room()

    server.handle_reply = reply_at_pace
    factory = server.http_factory
    build = factory.buildProtocol

    def build_bounded(address: Any) -> Any:
        protocol = build(address)
        # Twisted would parse forms and files on the loop, for nobody.
        protocol.requestFactory = partial(BoundedRequest, parsePOSTFormSubmission=False)
        return protocol

    factory.buildProtocol = build_bounded


def _write(answer: HttpResponse) -> bytes:
    answer = SecurityHeaders(lambda _: answer)(None)  # type: ignore[arg-type]  # asks nothing of it
    answer["Content-Length"] = len(answer.content)
    answer["Connection"] = "close"
    first = f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}\r\n".encode()
    return first + answer.serialize_headers() + b"\r\n\r\n" + answer.content
