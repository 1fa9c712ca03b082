"""What the sockets of all pages have in common."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, cast

from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY

from conversations import limits
from conversations.consumers.frames import NOT_UNDERSTOOD, parse_frame
from conversations.consumers.rights import GoneError
from conversations.live.guard import GONE, NO_RIGHT, SIGNED_OUT
from conversations.live.hub import RESTARTING, get_hub
from conversations.live.tasks import create_task

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from django.contrib.auth.models import AnonymousUser

    from conversations.models import User

logger = logging.getLogger(__name__)

# Applications may close with 3000 to 4999.
TOO_MUCH = 4429
TRY_AGAIN = 4500


class PageConsumer(AsyncWebsocketConsumer):
    """One socket of a page. Closing it never stops an answer."""

    follower: asyncio.Task[None] | None = None

    async def may_open(self, user: User) -> bool:
        """Tell whether somebody may open this page."""
        raise NotImplementedError

    def join(self, user: User, session: tuple[str, str]) -> Coroutine[None, None, None]:
        """Join the hub; return what sends to the page until cancelled."""
        raise NotImplementedError

    def leave(self, *, at_once: bool) -> bool:
        """Leave the hub; tell whether it was joined."""
        raise NotImplementedError

    async def take(self, frame: dict[str, Any]) -> bool:
        """Do what the page says; tell whether it was understood."""
        raise NotImplementedError

    async def connect(self) -> None:
        # Closed before the accept, htmx would reconnect for ever.
        await self.accept()
        user = cast("User | AnonymousUser", self.scope["user"])
        hub, session = get_hub(), self.scope["session"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
        elif not await self.may_open(user):
            await self.close(GONE)
        elif hub.draining or hub.count_sockets(user.pk) >= limits.SOCKETS_PER_USER:
            await self.close(RESTARTING if hub.draining else TOO_MUCH)
        else:
            key = session.session_key or "", session.get(HASH_SESSION_KEY, "")
            self.follower = create_task(self._follow(self.join(user, key)))

    async def _follow(self, following: Coroutine[None, None, None]) -> None:
        try:
            await following
        except Exception:
            logger.exception("A page could not be followed; it comes back.")
            await self.end(TRY_AGAIN)

    async def disconnect(self, code: int) -> None:
        self.leave(at_once=False)
        if self.follower is not None:
            self.follower.cancel()
            await asyncio.wait([self.follower])

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        if self.follower is None:
            return
        if not self._within_rate():
            await self.end(TOO_MUCH)
            return
        frame = parse_frame(text_data)
        try:
            if frame is None or not await self.take(frame):
                await self.send_frame(NOT_UNDERSTOOD)
        except GoneError as gone:
            await self.end(gone.code)

    _window_began = 0.0
    _frames = 0

    def _within_rate(self) -> bool:
        now = time.monotonic()
        if now - self._window_began >= 1:
            self._window_began, self._frames = now, 0
        self._frames += 1
        return self._frames <= limits.FRAMES_PER_SECOND

    async def send_frame(self, text: str) -> None:
        """Send past Channels' dispatch, which would take a turn on the global thread."""
        await self.base_send({"type": "websocket.send", "text": text, "bytes": None})

    async def end(self, code: int) -> None:
        """Close the page; whoever has lost a right is gone for the others at once."""
        if not self.leave(at_once=code in (SIGNED_OUT, NO_RIGHT, GONE)):
            return
        if self.follower is not None and self.follower is not asyncio.current_task():
            self.follower.cancel()
        await self.close(code)
