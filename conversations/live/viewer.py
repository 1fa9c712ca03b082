"""One open page of a conversation, and what it is sent in which order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conversations import limits
from conversations.live.room import Cursor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from conversations.live.buffer import Buffer
    from conversations.live.room import Room


class Viewer:
    """A socket's place in a conversation: what it has seen, where it reads.

    The loop pulls: it compares this place with the room and sends the difference,
    articles first, then text. Nothing queues up, and a slow page gets fewer,
    larger frames.
    """

    def __init__(
        self,
        *,
        conversation_id: UUID,
        user_id: int,
        session: tuple[str, str],
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
    ) -> None:
        self.conversation_id = conversation_id
        self.user_id = user_id
        self.session = session
        self.wake = asyncio.Event()
        self._send = send
        self.close = close
        self._subscribed = False
        self._seen = 0
        self._news = -1
        self._cursor = Cursor()
        self._acknowledged = 0

    def subscribe(self, *, seen: int, cursor: Cursor) -> None:
        """Take the page's own word for where it is; begin or begin again."""
        self._seen = seen
        self._cursor = cursor
        self._acknowledged = cursor.offset
        self._news = -1
        self._subscribed = True
        self.wake.set()

    def acknowledge(self, *, message_id: str, offset: int) -> None:
        """Note that the page has read up to `offset`; a pause may end."""
        if message_id == self._cursor.message_id:
            self._acknowledged = max(self._acknowledged, offset)
            self.wake.set()

    def is_behind(self, room: Room) -> bool:
        """Tell whether there are changes that have not been sent."""
        return self._subscribed and (room.announcing or self._news != room.news)

    async def follow(self, room: Room) -> None:
        """Send what changes in `room` until cancelled."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            if not self._subscribed:
                continue
            if self._news != room.news:
                await self._send_changes(room)
            # Text of an answer whose article is still to come would find no place.
            if room.buffer is not None and not self.is_behind(room):
                await self._send_text(room.buffer)

    async def _send_changes(self, room: Room) -> None:
        news = room.news
        changes = await room.changes(self._seen)
        for frame in changes.frames:
            await self._send(frame)
        self._seen = max(self._seen, changes.version)
        if changes.running is not None:
            self._cursor = changes.running
            self._acknowledged = changes.running.offset
        self._news = news
        if news != room.news:
            self.wake.set()

    async def _send_text(self, buffer: Buffer) -> None:
        place = self._place(buffer)
        paused = place.offset - self._acknowledged > limits.UNACKNOWLEDGED_CHARACTERS
        ahead = buffer.length > place.offset or buffer.closed > place.closed
        if paused or not ahead or buffer.length < place.offset:
            return
        frame = buffer.frame(place.offset, place.closed)
        self._cursor = Cursor(
            place.message_id,
            buffer.attempt,
            buffer.length,
            max(buffer.closed, place.closed),
        )
        await self._send(frame)

    def _place(self, buffer: Buffer) -> Cursor:
        message_id = str(buffer.message_id)
        if self._cursor.message_id == message_id:
            return self._cursor
        self._acknowledged = 0
        return Cursor(message_id, buffer.attempt)
