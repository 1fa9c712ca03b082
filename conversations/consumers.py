"""The socket of an open conversation: what happened comes down, little goes up."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY

from conversations import limits
from conversations.live.guard import GONE, SIGNED_OUT
from conversations.live.hub import RESTARTING, get_hub
from conversations.live.room import Cursor
from conversations.live.tasks import create_task
from conversations.live.viewer import Viewer
from conversations.models import Conversation, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AnonymousUser

    from conversations.live.room import Room

logger = logging.getLogger(__name__)

# Applications may close with 3000 to 4999.
TOO_MUCH = 4429
TRY_AGAIN = 4500
NOT_UNDERSTOOD = json.dumps({"t": "e", "x": "The page sent something unreadable."})


class ConversationConsumer(AsyncWebsocketConsumer):
    """One socket. Closing it never stops an answer."""

    viewer: Viewer | None = None
    follower: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        # Closed before the accept, htmx would reconnect for ever.
        await self.accept()
        user = cast("User | AnonymousUser", self.scope["user"])
        session = self.scope["session"]
        hub = get_hub()
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
            return
        pk = self.scope["url_route"]["kwargs"]["pk"]
        if not await hub.readers.run(_may_see, user.pk, pk):
            await self.close(GONE)
            return
        if hub.draining or hub.count_sockets(user.pk) >= limits.SOCKETS_PER_USER:
            await self.close(RESTARTING if hub.draining else TOO_MUCH)
            return
        self.viewer = Viewer(
            conversation_id=pk,
            user_id=user.pk,
            session=(session.session_key or "", session.get(HASH_SESSION_KEY, "")),
            send=self._send_frame,
            close=self._close,
        )
        room = hub.watch(self.viewer)
        self.follower = create_task(self._follow(self.viewer, room))

    async def _follow(self, viewer: Viewer, room: Room) -> None:
        try:
            await viewer.follow(room)
        except Exception:
            logger.exception("A page could not be followed; it comes back.")
            await self._close(TRY_AGAIN)

    async def disconnect(self, code: int) -> None:
        if self.viewer is not None:
            get_hub().unwatch(self.viewer)
            self.viewer = None
        if self.follower is not None:
            self.follower.cancel()
            await asyncio.wait([self.follower])

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        viewer = self.viewer
        if viewer is None:
            return
        if not self._within_rate():
            await self._close(TOO_MUCH)
            return
        frame = _parse(text_data)
        command = COMMANDS.get(frame.get("t", "")) if frame else None
        if frame is None or command is None:
            await self._send_frame(NOT_UNDERSTOOD)
        elif command is _subscribe and not await _still_may_see(viewer):
            await self._close(GONE)
        elif not command(viewer, frame):
            await self._send_frame(NOT_UNDERSTOOD)

    _window_began = 0.0
    _frames = 0

    def _within_rate(self) -> bool:
        now = time.monotonic()
        if now - self._window_began >= 1:
            self._window_began, self._frames = now, 0
        self._frames += 1
        return self._frames <= limits.FRAMES_PER_SECOND

    async def _send_frame(self, text: str) -> None:
        # Past Channels' dispatch, which would take a turn on the global thread.
        await self.base_send({"type": "websocket.send", "text": text, "bytes": None})

    async def _close(self, code: int) -> None:
        viewer, self.viewer = self.viewer, None
        if viewer is None:
            return
        get_hub().unwatch(viewer)
        if self.follower is not None and self.follower is not asyncio.current_task():
            self.follower.cancel()
        await self.close(code)


async def _still_may_see(viewer: Viewer) -> bool:
    run = get_hub().readers.run
    return await run(_may_see, viewer.user_id, viewer.conversation_id)


def _may_see(user_id: int, pk: UUID) -> bool:
    user = User.objects.filter(pk=user_id).first()
    visible = Conversation.objects.visible_to(user) if user else None
    return visible is not None and visible.filter(pk=pk).exists()


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > limits.FRAME_BYTES:
        return None
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_command = isinstance(frame, dict) and isinstance(frame.get("t"), str)
    return frame if is_command else None


def _number(frame: dict[str, Any], name: str) -> int | None:
    value = frame.get(name, 0)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 2**53 else None


def _message_id(frame: dict[str, Any]) -> str | None:
    value = frame.get("m")
    if value is None:
        return ""
    if not isinstance(value, str):
        return None
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        return None


def _subscribe(viewer: Viewer, frame: dict[str, Any]) -> bool:
    message_id = _message_id(frame)
    seen = _number(frame, "seen")
    attempt, offset, closed = (_number(frame, name) for name in "aoc")
    if None in (message_id, seen, attempt, offset, closed):
        return False
    cursor = Cursor(message_id or "", attempt or 0, offset or 0, closed or 0)
    viewer.subscribe(seen=seen or 0, cursor=cursor)
    return True


def _acknowledge(viewer: Viewer, frame: dict[str, Any]) -> bool:
    message_id, offset = _message_id(frame), _number(frame, "o")
    if message_id is None or offset is None:
        return False
    viewer.acknowledge(message_id=message_id, offset=offset)
    return True


COMMANDS: dict[str, Callable[[Viewer, dict[str, Any]], bool]] = {
    "sub": _subscribe,
    "k": _acknowledge,
}
