"""Django behind ASGI with one hop to a thread a request.

The stock handler hops to a thread for every synchronous middleware and gives each
request a fresh thread, and so a fresh database connection: 9 ms for a page that
does nothing. All our views and middleware are synchronous, so the whole request
runs on one thread of a pool that stays.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

    Send = Callable[[Mapping[str, object]], Awaitable[None]]

THREADS = 8


class PooledHandler(ASGIHandler):
    """Answers HTTP requests; each runs whole on a thread of the pool."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __call__(  # type: ignore[override]
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._threads, self._respond, scope, body)
        await self.send_response(response, cast("Send", send))

    def _respond(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        with body:
            request, refusal = self.create_request(scope, body)
            response = refusal if request is None else self.get_response(request)
            assert response is not None
            whole = _read_whole(response)
        # Closing sends request_finished.
        response.close()
        return whole


def _read_whole(response: HttpResponseBase) -> HttpResponseBase:
    """Read a file on this thread: the loop must not wait for a disk."""
    if not isinstance(response, StreamingHttpResponse):
        return response
    content = cast("Iterator[bytes]", response.streaming_content)
    whole = HttpResponse(b"".join(content), status=response.status_code)
    whole.headers, whole.cookies = response.headers, response.cookies
    return whole
