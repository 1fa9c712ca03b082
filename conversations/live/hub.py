"""Per process: who watches, what is being written, and the ticker between them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conversations import limits
from conversations.live.guard import find_lost_pages
from conversations.live.journal import commit_deltas, renew_leases
from conversations.live.news import News
from conversations.live.room import Room
from conversations.live.tasks import Tasks, create_task, repeat
from conversations.live.threads import DatabaseThreads
from conversations.rendering.markdown import closed_blocks

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.live.buffer import Buffer
    from conversations.live.listener import Listener
    from conversations.live.presence import Face
    from conversations.live.room import ReadChanges
    from conversations.live.tasks import Work
    from conversations.live.viewer import Viewer

RESTARTING = 1012
# A request that takes longer to be planned is not waited for.
GIVE_WAY_SECONDS = 0.02
# At most two seconds of ticks.
SEE_OFF_ROUNDS = 200


class Hub:
    """Started once on the server's loop; views reach it from their threads."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.draining = False
        self.tasks = Tasks()
        self.journal = DatabaseThreads("journal", 1)
        self.readers = DatabaseThreads("reader", 3)
        # What nobody waits for.
        self.background = DatabaseThreads("background", 1)
        self.news = News(self._pages, self.readers)
        self._rooms: dict[UUID, Room] = {}
        # Pages that show no conversation.
        self.listeners: set[Listener] = set()
        self._buffers: dict[int, tuple[Buffer, Room]] = {}
        self._dirty: dict[Buffer, Room] = {}
        self._tick_wanted = asyncio.Event()
        self._closing: asyncio.Queue[tuple[Buffer, Room]] = asyncio.Queue()
        self._services: list[asyncio.Task[None]] = []
        self._work: Work | None = None
        self._read: ReadChanges | None = None

    def start(self, *, work: Work, read: ReadChanges) -> None:
        """Begin on the running loop.

        `work` carries out one generation; `read` finds what changed for viewers.
        """
        self.loop = asyncio.get_running_loop()
        self._work = work
        self._read = read
        services = (self._tick, self._close_blocks, self._beat, self._guard)
        all_of_them = (*services, self.news.spread)
        self._services = [create_task(repeat(service)) for service in all_of_them]

    async def drain(self, seconds: float) -> None:
        """Take no new work, let what runs finish, save the rest, close sockets."""
        self.draining = True
        await self.tasks.drain(seconds)
        await self._see_off()
        closing = [page.close(RESTARTING) for page in self._pages()]
        await asyncio.gather(*closing, return_exceptions=True)

    async def _see_off(self) -> None:
        """Let every page have the ends that were just saved, but not for ever."""
        for _ in range(SEE_OFF_ROUNDS):
            rooms = self._rooms.values()
            if not any(one.is_behind(room) for room in rooms for one in room.viewers):
                return
            await asyncio.sleep(limits.TICK_SECONDS)

    async def close(self) -> None:
        """End the services and the database threads. The hub is done for."""
        self.loop = None
        for service in self._services:
            service.cancel()
        await asyncio.gather(*self._services, return_exceptions=True)
        self.journal.close()
        self.readers.close()
        self.background.close()

    # Work

    def run(self, generation_id: int) -> None:
        """Start the work of a generation on the hub's loop, from any thread.

        Without a loop nothing happens: the row stays queued for the next start.
        """
        if self.loop is not None and self._work is not None and not self.draining:
            self.tasks.expect(generation_id)
            self.loop.call_soon_threadsafe(self.tasks.start, generation_id, self._work)

    def give_way(self) -> None:
        """Let what was just started be asked first; to be called on a request's thread.

        A page that is drawn meanwhile would slow it down, as one interpreter does both.
        """
        self.tasks.give_way(GIVE_WAY_SECONDS)

    def stop(self, generation_id: int) -> bool:
        """Stop a generation of this process; return whether there was one."""
        if self.loop is None or generation_id not in self.tasks:
            return False
        self.loop.call_soon_threadsafe(self.tasks.stop, generation_id)
        return True

    # Text

    def open(self, conversation_id: UUID, buffer: Buffer) -> None:
        """Begin to show an answer that is being written."""
        room = self._room(conversation_id)
        room.buffer = buffer
        self._buffers[buffer.generation_id] = (buffer, room)
        self._look_for_blocks(buffer, room)

    def append(self, buffer: Buffer, text: str) -> None:
        """Take a delta; it is committed and shown at the next tick."""
        buffer.append(text)
        self._mark(buffer)

    def think(self, buffer: Buffer, text: str) -> None:
        """Take a delta of the reasoning; it is committed and shown likewise."""
        buffer.think(text)
        self._mark(buffer)

    def _mark(self, buffer: Buffer) -> None:
        self._dirty[buffer] = self._buffers[buffer.generation_id][1]
        self._tick_wanted.set()

    def shut(self, buffer: Buffer) -> None:
        """End the showing of an answer; its final article replaces it."""
        _, room = self._buffers.pop(buffer.generation_id)
        room.buffer = None
        self._sweep(room)

    async def _tick(self) -> None:
        await self._tick_wanted.wait()
        busy = len(self._dirty) > limits.BUSY_MESSAGES
        await asyncio.sleep(limits.BUSY_TICK_SECONDS if busy else limits.TICK_SECONDS)
        self._tick_wanted.clear()
        dirty, self._dirty = self._dirty, {}
        rows = [row for buffer in dirty for row in buffer.take()]
        try:
            lost = await self.journal.run(commit_deltas, rows)
        except Exception:
            # What is in flight stays there and is tried again as it is.
            self._dirty = dirty | self._dirty
            self._tick_wanted.set()
            raise
        for buffer, room in dirty.items():
            if buffer.generation_id in lost:
                buffer.discard()
                self.tasks.cancel(buffer.generation_id)
            else:
                self._land(buffer, room)

    def _land(self, buffer: Buffer, room: Room) -> None:
        buffer.land()
        if buffer.pending:
            self._dirty[buffer] = room
            self._tick_wanted.set()
        self._look_for_blocks(buffer, room)
        room.wake()

    def _look_for_blocks(self, buffer: Buffer, room: Room) -> None:
        if buffer.wants_closing():
            self._closing.put_nowait((buffer, room))

    async def _close_blocks(self) -> None:
        buffer, room = await self._closing.get()
        if not buffer.wants_closing():
            return
        start, tail = buffer.closed, buffer.slice(buffer.closed)
        blocks = await self.readers.run(closed_blocks, tail)
        buffer.close_blocks(start, len(tail), blocks)
        if blocks:
            room.wake()

    # Viewers

    def watch(self, viewer: Viewer, face: Face) -> Room:
        """Join first; what is read afterwards can then not be missed."""
        room = self._room(viewer.conversation_id)
        room.viewers.add(viewer)
        room.presence.join(face)
        return room

    def unwatch(self, viewer: Viewer, *, at_once: bool = False) -> None:
        """Leave, unnoticed by others for a moment. It never stops an answer."""
        room = self._rooms.get(viewer.conversation_id)
        if room is not None and viewer in room.viewers:
            room.viewers.discard(viewer)
            room.presence.leave(viewer.user_id, at_once=at_once)
            self._sweep(room)

    def start_typing(self, viewer: Viewer) -> None:
        """Note that the person of a page types."""
        if room := self._rooms.get(viewer.conversation_id):
            room.presence.start_typing(viewer.user_id)

    def announce(self, conversation_id: UUID, by: int | None = None) -> None:
        """Say that rows have changed (after their commit), from any thread.

        `by` is who has written something and so no longer types.
        """
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._announce, conversation_id, by)

    def tell(self, user_ids: frozenset[int], besides: UUID | None = None) -> None:
        """Say that lists of people have changed (after the commit), from any thread.

        Pages that show the conversation `besides` need not know.
        """
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.news.tell, user_ids, besides)

    def count_sockets(self, user_id: int) -> int:
        """Return how many pages of this process a person has open."""
        return sum(page.user_id == user_id for page in self._pages())

    def _announce(self, conversation_id: UUID, by: int | None) -> None:
        self.news.change(conversation_id)
        room = self._rooms.get(conversation_id)
        if room is not None and by is not None:
            room.presence.stop_typing(by)
        # A turn changes rows several times in a few milliseconds: one reading does.
        if room is not None and not room.announcing:
            room.announcing = True
            loop = asyncio.get_running_loop()
            loop.call_later(limits.ANNOUNCE_SECONDS, room.announce)

    def _room(self, conversation_id: UUID) -> Room:
        if conversation_id not in self._rooms:
            assert self._read is not None
            self._rooms[conversation_id] = Room(conversation_id, self._read)
        return self._rooms[conversation_id]

    def _sweep(self, room: Room) -> None:
        if room.empty:
            self._rooms.pop(room.conversation_id, None)

    def _pages(self) -> list[Listener]:
        rooms = self._rooms.values()
        return [*self.listeners, *(one for room in rooms for one in room.viewers)]

    # Heartbeat and rights

    async def _beat(self) -> None:
        await asyncio.sleep(limits.HEARTBEAT_SECONDS)
        if ids := self.tasks.ids:
            for lost in await self.journal.run(renew_leases, ids):
                self.tasks.cancel(lost)

    async def _guard(self) -> None:
        await asyncio.sleep(limits.ACCESS_CHECK_SECONDS)
        if pages := self._pages():
            for page, code in await self.readers.run(find_lost_pages, pages):
                await page.close(code)


_current = Hub()


def get_hub() -> Hub:
    """Return this process's hub."""
    return _current


def renew_hub() -> Hub:
    """Put a fresh hub in place of one that was closed."""
    global _current  # noqa: PLW0603 - one hub a process is the design
    _current = Hub()
    return _current
