"""How a model is reached: one door, whatever the gateway and its protocol."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from conversations.gateways.catalog.rows import ModelListing
from conversations.gateways.errors import ErrorKind, GatewayError, scrub
from conversations.gateways.protocols import request_bytes, request_parameters
from conversations.wire import Finished, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    from conversations.gateways.transport.connections import Connections
    from conversations.wire import Delta, Json, Request

__all__ = [
    "ErrorKind",
    "GatewayError",
    "Gateways",
    "ModelListing",
    "Route",
    "request_bytes",
    "request_parameters",
]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes and what opens the door. The demo needs neither.

    `preset` names the gateway's kind, one of `presets.PRESETS`; `auth` how it is
    shown the key, one of `presets.Auth`.
    """

    base_url: str
    key: str = field(repr=False)
    protocol: str = Protocol.CHAT_COMPLETIONS
    preset: str = "compatible"
    auth: str = "bearer"


class Gateways:
    """This process's connections to gateways. Belongs to one event loop.

    The SDK and its HTTP client take 40 MB and half a second to import, so they are
    loaded on first use, in a thread.
    """

    def __init__(
        self, count_tokens: Callable[[str], int], *, demo_speed: float = 1.0
    ) -> None:
        self._count_tokens = count_tokens
        self._demo_speed = demo_speed
        self._connections: Connections | None = None

    async def stream(
        self, route: Route, request: Request, body: bytes | None = None
    ) -> AsyncGenerator[Delta, None]:
        """Yield the answer's deltas and at last one Finished.

        Where a gateway counts the prompt before the answer has ended, a Counted says so.
        `body` is the request as `request_bytes` gave it, where that is known. Raises
        GatewayError, with no secret in it. Closing the generator closes the connection
        to the gateway.
        """
        connections = await self._connect()
        with _scrubbed(route):
            async with aclosing(connections.stream(route, request, body)) as deltas:
                async for delta in deltas:
                    if isinstance(delta, Finished):
                        yield _scrub_end(delta, route)
                    else:
                        yield delta

    async def list_models(self, route: Route) -> list[ModelListing]:
        """Return what the gateway lists. Raises GatewayError, with no secret in it."""
        connections = await self._connect()
        with _scrubbed(route):
            return await connections.list_models(route)

    async def fetch(self, route: Route, url: str, body: Json | None = None) -> bytes:
        """Return what the gateway has at `url`: GET, or POST of `body` as JSON.

        At most `limits.GATEWAY_EVENT_BYTES`. Raises GatewayError, with no secret in
        it; also where `url` is not of the route's own server, which alone may have
        the key.
        """
        connections = await self._connect()
        with _scrubbed(route):
            return await connections.fetch(route, url, body)

    async def aclose(self) -> None:
        """Close every connection. The next use opens new ones."""
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.aclose()

    async def _connect(self) -> Connections:
        module = await _load()
        if self._connections is None:
            connections: Connections = module.Connections(
                self._count_tokens, self._demo_speed
            )
            self._connections = connections
        return self._connections


def _scrub_end(finished: Finished, route: Route) -> Finished:
    """Return an end whose words, which people are shown, have no secret in them."""
    detail = scrub(finished.detail, [route.key])
    raw_reason = scrub(finished.raw_reason, [route.key])
    return replace(finished, detail=detail, raw_reason=raw_reason)


@contextmanager
def _scrubbed(route: Route) -> Iterator[None]:
    try:
        yield
    except GatewayError as error:
        error.detail = scrub(error.detail, [route.key])
        raise


_loaded: list[ModuleType] = []


async def _load() -> ModuleType:
    if not _loaded:
        name = "conversations.gateways.transport.connections"
        _loaded.append(await asyncio.to_thread(import_module, name))
    return _loaded[0]
