"""Open pages, as the sockets of this process serve them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings

from conversations.routing import websocket_urlpatterns
from tests.rights.world import World

PATIENCE_SECONDS = 15
SUBSCRIBE = {"t": "sub", "seen": 0}
Frame = dict[str, Any]

_sockets = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))


class Page:
    """A socket of somebody, and all frames that have come down it."""

    def __init__(self, world: World, role: str, path: str) -> None:
        key = world.sessions.get(role, "no-such-session")
        cookie = f"{settings.SESSION_COOKIE_NAME}={key}".encode()
        self._socket = WebsocketCommunicator(_sockets, path, [(b"cookie", cookie)])
        self.frames: list[Frame] = []

    async def open(self) -> None:
        accepted, _ = await self._socket.connect(PATIENCE_SECONDS)
        assert accepted

    async def leave(self) -> None:
        await self._socket.disconnect(timeout=PATIENCE_SECONDS)

    async def say(self, frame: object) -> None:
        """Send a frame: text and bytes as they are, all else as JSON."""
        if isinstance(frame, bytes):
            await self._socket.send_to(bytes_data=frame)
            return
        text = frame if isinstance(frame, str) else json.dumps(frame)
        await self._socket.send_to(text_data=text)

    async def step(self) -> int:
        """Take one frame; return the code where it is the last, else 0."""
        output = await self._socket.receive_output(PATIENCE_SECONDS)
        if output["type"] == "websocket.close":
            return int(output["code"])
        self.frames.append(json.loads(output["text"]))
        return 0

    async def until(self, seen: Callable[[Frame], bool]) -> Frame:
        """Take frames up to the first that is as wanted."""
        while True:
            assert await self.step() == 0, "It was closed."
            if seen(self.frames[-1]):
                return self.frames[-1]

    async def code(self) -> int:
        """Take frames to the end; return the code."""
        while not (code := await self.step()):
            pass
        return code

    async def settle(self) -> list[str]:
        """Say once more where it is; return the kinds of frames up to the answer."""
        began = len(self.frames)
        await self.say(SUBSCRIBE)
        await self.until(of_kind("v"))
        return [frame["t"] for frame in self.frames[began:]]


@asynccontextmanager
async def page_of(world: World, role: str, path: str = "") -> AsyncIterator[Page]:
    """Open a page: of the conversation of alice's team, unless a path is given."""
    page = Page(world, role, path or path_of(world.own.conversation.pk))
    await page.open()
    try:
        yield page
    finally:
        await page.leave()


def path_of(pk: object) -> str:
    return f"/ws/c/{pk}/"


def of_kind(kind: str) -> Callable[[Frame], bool]:
    return lambda frame: frame["t"] == kind
