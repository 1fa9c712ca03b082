"""Connections to gateways: the SDK's transport, our clock and our decoder."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from openai import AsyncOpenAI, Omit, omit

from conversations import limits
from conversations.gateways.catalog import read_listings
from conversations.gateways.chat_completions import render_request
from conversations.gateways.demo import DemoTransport
from conversations.gateways.errors import ErrorKind
from conversations.gateways.network import make_transport
from conversations.gateways.reading import Clock, read_answer, read_body
from conversations.gateways.refusals import FAILURES, map_exception, refuse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    from openai import AsyncAPIResponse

    from conversations.gateways.base import ModelListing, Route
    from conversations.wire import Delta, Request

    # A request that is sent when it is entered.
    Opening = AbstractAsyncContextManager[AsyncAPIResponse[Any]]

_DEMO_URL = "http://demo.invalid/v1"
_MOST_SDKS = 64


class _Sdk(AsyncOpenAI):
    """The SDK without what it takes from the environment for every gateway alike.

    Otherwise OPENAI_CUSTOM_HEADERS, OPENAI_ORG_ID and OPENAI_PROJECT_ID, meant for
    one gateway, would go to all.
    """

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        return {
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
            "User-Agent": "Roundtable",
        }


class Connections:
    """One pool of connections for every gateway, and one SDK a route."""

    def __init__(
        self, count_tokens: Callable[[str], int], demo_speed: float = 1.0
    ) -> None:
        self._http = _client(make_transport())
        self._demo = _client(DemoTransport(count_tokens, speed=demo_speed))
        self._sdks: dict[Route, _Sdk] = {}

    async def stream(
        self, route: Route, request: Request
    ) -> AsyncGenerator[Delta, None]:
        """Yield an answer's deltas; raises GatewayError with secrets still in it."""
        clock = Clock()
        try:
            async with (
                _open(self._create(route, request), clock) as response,
                aclosing(read_answer(response, clock)) as deltas,
            ):
                async for delta in deltas:
                    yield delta
        except FAILURES as error:
            raise map_exception(error) from None

    async def list_models(self, route: Route) -> list[ModelListing]:
        """Return the gateway's list; raises GatewayError with secrets still in it."""
        clock = Clock()
        try:
            listing = self._sdk(route).models.with_streaming_response.list(
                extra_headers=_headers(route)
            )
            async with _open(listing, clock) as response:
                return read_listings(await read_body(response, clock))
        except FAILURES as error:
            raise map_exception(error) from None

    async def aclose(self) -> None:
        self._sdks.clear()
        await self._http.aclose()
        await self._demo.aclose()

    def _create(self, route: Route, request: Request) -> Opening:
        body = render_request(request)
        most = request.max_output_tokens
        return self._sdk(route).chat.completions.with_streaming_response.create(
            model=request.model,
            # As extra body the SDK takes them as they are: it would walk through
            # the whole history, on the loop, to find nothing to change.
            messages=[],
            extra_body={"messages": body["messages"]},
            max_completion_tokens=omit if most is None else most,
            stream=True,
            stream_options={"include_usage": True},
            extra_headers=_headers(route),
        )

    def _sdk(self, route: Route) -> _Sdk:
        if route not in self._sdks:
            if len(self._sdks) >= _MOST_SDKS:
                self._sdks.clear()
            self._sdks[route] = _Sdk(
                api_key=route.key or "none",
                base_url=_DEMO_URL if route.demo else route.base_url,
                max_retries=0,
                http_client=self._demo if route.demo else self._http,
            )
        return self._sdks[route]


def _client(transport: httpx2.AsyncBaseTransport | None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=transport,
        follow_redirects=False,
        # Our clock covers the rest: it knows a silent gateway from a thinking one.
        timeout=httpx2.Timeout(None, connect=limits.GATEWAY_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [refuse]},
    )


def _headers(route: Route) -> dict[str, str | Omit]:
    return {} if route.key else {"Authorization": omit}


@asynccontextmanager
async def _open(opening: Opening, clock: Clock) -> AsyncIterator[httpx2.Response]:
    """Send a request; the response is closed, and with it the connection, at exit."""
    wait = limits.GATEWAY_CONNECT_SECONDS + limits.GATEWAY_FIRST_BYTE_SECONDS
    try:
        async with clock.within(wait):
            response = await opening.__aenter__()
    except TimeoutError:
        raise clock.error(ErrorKind.TIMEOUT) from None
    try:
        yield response.http_response
    finally:
        await opening.__aexit__(None, None, None)
