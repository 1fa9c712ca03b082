"""Connections to gateways: the SDKs' transport, our clock and our decoders."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import httpx2

from conversations import limits
from conversations.gateways.catalog.listing import list_models
from conversations.gateways.demo.transport import DemoTransport
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.failures.refusals import FAILURES, map_exception, refuse
from conversations.gateways.presets import PRESETS
from conversations.gateways.protocols import CODECS, request_bytes
from conversations.gateways.transport import openai_sdk
from conversations.gateways.transport.headers import auth_headers, extra_headers
from conversations.gateways.transport.network import make_transport
from conversations.gateways.transport.reading import Clock, read_answer, read_body
from conversations.wire import Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from types import ModuleType

    from conversations.gateways.base import ModelListing, Route
    from conversations.wire import Delta, Json, Request

    # A request that is sent when it is entered.
    Opening = AbstractAsyncContextManager[httpx2.Response]

_DEMO_URL = PRESETS["demo"].surfaces[Protocol.CHAT_COMPLETIONS].base_url


class Connections:
    """One pool of connections for every gateway, the demo among them."""

    def __init__(
        self, count_tokens: Callable[[str], int], demo_speed: float = 1.0
    ) -> None:
        demo = DemoTransport(count_tokens, speed=demo_speed)
        self._http = _client(demo)
        self._openai = openai_sdk.make_sdk(self._http)

    async def stream(
        self, route: Route, request: Request, body: bytes | None = None
    ) -> AsyncGenerator[Delta, None]:
        """Yield an answer's deltas; raises GatewayError with secrets still in it."""
        clock = Clock()
        decoder = CODECS[route.protocol].decoder()
        try:
            async with (
                _open(await self._ask(route, request, body), clock) as response,
                aclosing(read_answer(response, clock, decoder)) as deltas,
            ):
                async for delta in deltas:
                    yield delta
        except FAILURES as error:
            raise map_exception(error) from None

    async def list_models(self, route: Route) -> list[ModelListing]:
        """Return the gateway's list; raises GatewayError with secrets still in it."""
        fetch = partial(self.fetch, route)
        return await list_models(route.preset, _base_url(route), fetch)

    async def fetch(self, route: Route, url: str, body: Json | None = None) -> bytes:
        """Return what is at `url`; raises GatewayError with secrets still in it."""
        clock = Clock()
        try:
            async with _open(self._get(route, url, body), clock) as response:
                return await read_body(response, clock)
        except FAILURES as error:
            raise map_exception(error) from None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _ask(self, route: Route, request: Request, body: bytes | None) -> Opening:
        if body is None:
            # A long history is not rendered on the loop.
            body = await asyncio.to_thread(request_bytes, route.protocol, request)
        if route.protocol == Protocol.MESSAGES:
            sdk = await _load_anthropic()
            opening: Opening = sdk.open_messages(self._http, route, body)
            return opening
        url = _base_url(route) + CODECS[route.protocol].path
        headers = auth_headers(route) | extra_headers(route)
        return openai_sdk.post(self._openai, url, body, headers)

    @asynccontextmanager
    async def _get(
        self, route: Route, url: str, body: Json | None
    ) -> AsyncIterator[httpx2.Response]:
        if not _is_same_server(url, _base_url(route)):
            raise GatewayError(ErrorKind.REDIRECT, f"To {url}")
        request = self._http.build_request(
            "GET" if body is None else "POST",
            url,
            content=None if body is None else json.dumps(body).encode(),
            headers=openai_sdk.HEADERS | auth_headers(route) | extra_headers(route),
        )
        response = await self._http.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()


async def _load_anthropic() -> ModuleType:
    """Return the module of an SDK that takes 40 MB: only where it is needed."""
    name = "conversations.gateways.transport.anthropic_sdk"
    return await asyncio.to_thread(import_module, name)


def _base_url(route: Route) -> str:
    return _DEMO_URL if route.preset == "demo" else route.base_url.rstrip("/")


def _is_same_server(url: str, base_url: str) -> bool:
    one, other = httpx2.URL(url), httpx2.URL(base_url)
    return (one.scheme, one.netloc) == (other.scheme, other.netloc)


def _client(demo: httpx2.AsyncBaseTransport) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        transport=make_transport(),
        mounts={f"all://{httpx2.URL(_DEMO_URL).host}": demo},
        follow_redirects=False,
        # Our clock covers the rest: it knows a silent gateway from a thinking one.
        timeout=httpx2.Timeout(None, connect=limits.GATEWAY_CONNECT_SECONDS),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [refuse]},
    )


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
        yield response
    finally:
        await opening.__aexit__(None, None, None)
