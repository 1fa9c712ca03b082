"""One open page of a conversation, and what it is sent in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conversations import limits
from conversations.live.listener import Listener
from conversations.live.room import Branch, Cursor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from conversations.live.buffer import Buffer
    from conversations.live.presence import Presence
    from conversations.live.room import Room


class Viewer(Listener):
    """A socket's place in a conversation: what it has seen, where it reads.

    The loop pulls: it compares this place with the room and sends the difference,
    articles first, then text. Nothing queues up, and a slow page gets fewer,
    larger frames.
    """

    conversation_id: UUID

    def __init__(
        self,
        *,
        conversation_id: UUID,
        user_id: int,
        session: tuple[str, str],
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
    ) -> None:
        super().__init__(user_id=user_id, session=session, send=send, close=close)
        self.conversation_id = conversation_id
        self._subscribed = False
        self._seen = 0
        self._news = -1
        self._met = 0
        self._cursor = Cursor()
        self._branch = Branch()
        self._elsewhere: UUID | None = None
        self._acknowledged = 0
        self._subscriptions = 0

    def subscribe(self, *, seen: int, cursor: Cursor, branch: Branch) -> None:
        """Take the page's own word for where it is; begin or begin again."""
        self._subscriptions += 1
        self._seen = seen
        self._branch = branch
        self._cursor = cursor
        self._acknowledged = cursor.read
        self._news = -1
        self._met = 0
        self._subscribed = True
        self.wake.set()

    def acknowledge(self, *, message_id: str, read: int) -> None:
        """Note that the page has read so many characters; a pause may end.

        Those of the reasoning and of the text count alike.
        """
        if message_id == self._cursor.message_id:
            self._acknowledged = max(self._acknowledged, read)
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
            for send in (self._send_reasoning, self._send_text):
                buffer = room.buffer
                if buffer is not None and self._shows(buffer, room):
                    await send(buffer)
            await self._send_presence(room.presence)
            await self.send_news()

    def _shows(self, buffer: Buffer, room: Room) -> bool:
        """Tell whether the page has the article of what is being written."""
        is_here = buffer.message_id != self._elsewhere
        return is_here and not self.is_behind(room)

    async def _send_changes(self, room: Room) -> None:
        news, subscriptions = room.news, self._subscriptions
        changes = await room.changes(self._seen, self._branch)
        for frame in changes.frames:
            # The page has said anew where it is, perhaps on another branch.
            if subscriptions != self._subscriptions:
                return
            await self._send(frame)
        if subscriptions != self._subscriptions:
            return
        self._seen = max(self._seen, changes.version)
        self._branch = changes.branch or self._branch
        self._elsewhere = changes.elsewhere
        if changes.running is not None:
            self._cursor = changes.running
            self._acknowledged = changes.running.read
        self._news = news
        if news != room.news:
            self.wake.set()

    async def _send_presence(self, presence: Presence) -> None:
        if self._met != presence.version:
            self._met = presence.version
            await self._send(presence.frame)

    async def _send_reasoning(self, buffer: Buffer) -> None:
        place = self._place(buffer)
        paused = self._is_paused(place)
        if paused or buffer.reasoning_length <= place.reasoning:
            return
        frame = buffer.reasoning_frame(place.reasoning)
        self._cursor = replace(place, reasoning=buffer.reasoning_length)
        await self._send(frame)

    async def _send_text(self, buffer: Buffer) -> None:
        place = self._place(buffer)
        ahead = buffer.length > place.offset or buffer.closed > place.closed
        if self._is_paused(place) or not ahead or buffer.length < place.offset:
            return
        frame = buffer.frame(place.offset, place.closed)
        closed = max(buffer.closed, place.closed)
        self._cursor = replace(place, offset=buffer.length, closed=closed)
        await self._send(frame)

    def _is_paused(self, place: Cursor) -> bool:
        return place.read - self._acknowledged > limits.UNACKNOWLEDGED_CHARACTERS

    def _place(self, buffer: Buffer) -> Cursor:
        place, message_id = self._cursor, str(buffer.message_id)
        if place.message_id != message_id:
            self._acknowledged = 0
            return Cursor(message_id, buffer.attempt)
        if place.attempt != buffer.attempt:
            self._acknowledged = place.offset
            return replace(place, attempt=buffer.attempt, reasoning=0)
        return place
