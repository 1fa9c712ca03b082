"""How a model is reached: one door, whatever the gateway and its protocol."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from conversations.gateways.chat_completions import render_request
from conversations.gateways.errors import ErrorKind, GatewayError, scrub

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from conversations.gateways.connections import Connections
    from conversations.wire import Delta, Request

__all__ = [
    "ErrorKind",
    "GatewayError",
    "Gateways",
    "ModelListing",
    "Route",
    "request_bytes",
]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes and what opens the door. A demo needs neither."""

    base_url: str
    key: str = field(repr=False)
    demo: bool = False
    protocol: str = "chat_completions"


@dataclass(frozen=True, slots=True)
class ModelListing:
    """A model as its gateway lists it. Sizes in tokens, None where it is silent."""

    name: str
    window: int | None = None
    max_output: int | None = None


_RENDERERS = {"chat_completions": render_request}


def request_bytes(protocol: str, request: Request) -> bytes:
    """Return the body that `protocol` sends for `request`, byte for byte."""
    body = _RENDERERS[protocol](request)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


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
        self, route: Route, request: Request
    ) -> AsyncGenerator[Delta, None]:
        """Yield the answer's deltas and at last one Finished.

        Raises GatewayError, with no secret in it. Closing the generator closes the
        connection to the gateway.
        """
        connections = await self._connect()
        try:
            async with aclosing(connections.stream(route, request)) as deltas:
                async for delta in deltas:
                    yield delta
        except GatewayError as error:
            error.detail = scrub(error.detail, [route.key])
            raise

    async def list_models(self, route: Route) -> list[ModelListing]:
        """Return what the gateway lists. Raises GatewayError, with no secret in it."""
        connections = await self._connect()
        try:
            return await connections.list_models(route)
        except GatewayError as error:
            error.detail = scrub(error.detail, [route.key])
            raise

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


_loaded: list[ModuleType] = []


async def _load() -> ModuleType:
    if not _loaded:
        name = "conversations.gateways.connections"
        _loaded.append(await asyncio.to_thread(import_module, name))
    return _loaded[0]
