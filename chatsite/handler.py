"""Django behind ASGI with one hop to a thread a request.

The stock handler hops to a thread for every synchronous middleware and gives each
request a fresh thread, and so a fresh database connection: 9 ms for a page that
does nothing. All our views and middleware are synchronous, so the whole request
runs on one thread of a pool that stays.
"""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from chatsite.bodies import (
    TooLargeError,
    is_upload,
    most_body_bytes,
    refuse_busy,
    refuse_large,
    refuse_strangers,
)
from chatsite.long import BROKEN_OFF, LongResponse, make_piece
from chatsite.persons import find_person
from chatsite.turns import Turns
from conversations import limits
from conversations.middleware import SecurityHeaders

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

    Send = Callable[[Mapping[str, object]], Awaitable[None]]

THREADS = 8
# Exports: each takes these threads in turn, a piece at a time.
LONG_AT_ONCE = 2
# Of a body, 8 kB each.
PARTS_AT_ONCE = 100


class PooledHandler(ASGIHandler):
    """Answers HTTP requests; each runs whole on a thread of the pool."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")
        # What waits for a file to be read must hold nobody else up.
        self._upload_turns = Turns(
            ThreadPoolExecutor(limits.EXTRACTIONS_AT_ONCE, thread_name_prefix="upload")
        )
        self._uploads = 0
        self._long_threads = ThreadPoolExecutor(LONG_AT_ONCE, thread_name_prefix="long")

    async def __call__(  # type: ignore[override]
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        path = str(scope.get("path", ""))
        try:
            body = await _read_bounded(receive, most_body_bytes(path))
        except RequestAborted:
            return
        except TooLargeError:
            response: HttpResponseBase = _guard(refuse_large(path))
        else:
            brings_files = is_upload(path) and scope.get("method") == "POST"
            respond = self._respond_upload if brings_files else self._respond_soon
            response = await respond(scope, body)
        if isinstance(response, LongResponse):
            await self._send_long(response, cast("Send", send))
        else:
            await self.send_response(response, cast("Send", send))

    async def _respond_soon(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._respond, scope, body)

    async def _respond_upload(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        if self._uploads >= limits.UPLOADS_WAITING:
            body.close()
            return _guard(refuse_busy())
        self._uploads += 1
        loop = asyncio.get_running_loop()
        try:
            person = await loop.run_in_executor(self._threads, find_person, scope)
            if not person:
                body.close()
                return _guard(refuse_strangers())
            work = partial(self._respond, scope, body)
            return await self._upload_turns.run(person, work)
        finally:
            self._uploads -= 1

    def _respond(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        with body:
            request, refusal = self.create_request(scope, body)
            response = refusal if request is None else self.get_response(request)
            assert response is not None
            if isinstance(response, LongResponse):
                return response
            whole = _read_whole(response)
        # Closing sends request_finished.
        response.close()
        return whole

    async def _send_long(self, response: LongResponse, send: Send) -> None:
        """Make a response piece by piece, on a thread, as it is taken."""
        pieces = iter(response)
        run = partial(asyncio.get_running_loop().run_in_executor, self._long_threads)
        make = partial(run, make_piece, pieces)
        headers = [
            (name.encode("ascii"), value.encode("latin-1"))
            for name, value in response.items()
        ]
        status = response.status_code
        try:
            piece = await make()
            start = {
                "type": "http.response.start",
                "status": status,
                "headers": headers,
            }
            await send(start)
            while piece:
                body = {"type": "http.response.body", "body": piece, "more_body": True}
                await send(body)
                piece = await make()
            await send({"type": "http.response.body"})
        except ConnectionError:
            # Whoever wanted it is gone.
            return
        except Exception:
            await send({"type": BROKEN_OFF})
            raise
        finally:
            # Closing sends request_finished.
            await run(response.close)


async def _read_bounded(receive: ASGIReceiveCallable, most: int) -> IO[bytes]:
    """Return a request's body. Raises `TooLargeError` before it keeps more than `most`."""
    in_memory = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    body = tempfile.SpooledTemporaryFile(max_size=in_memory)  # noqa: SIM115 - its reader closes it
    size, parts, more = 0, 0, True
    while more:
        parts += 1
        if parts % PARTS_AT_ONCE == 0:
            # They may all be there: others are to have their turn.
            await asyncio.sleep(0)
        message = cast("Mapping[str, Any]", await receive())
        part = message.get("body", b"")
        size += len(part)
        if message["type"] == "http.disconnect" or size > most:
            body.close()
            raise TooLargeError if size > most else RequestAborted
        body.write(part)
        more = message.get("more_body", False)
    body.seek(0)
    return cast("IO[bytes]", body)


def _guard(response: HttpResponse) -> HttpResponse:
    """Return an answer of ours with the headers of every other."""
    return SecurityHeaders(lambda _: response)(None)  # type: ignore[arg-type]  # asks nothing of it


def _read_whole(response: HttpResponseBase) -> HttpResponseBase:
    """Read a file on this thread: the loop must not wait for a disk."""
    if not isinstance(response, StreamingHttpResponse):
        return response
    content = cast("Iterator[bytes]", response.streaming_content)
    whole = HttpResponse(b"".join(content), status=response.status_code)
    whole.headers, whole.cookies = response.headers, response.cookies
    return whole
