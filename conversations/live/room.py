"""What one process keeps of a conversation that is watched or being answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from conversations.live.buffer import Buffer
    from conversations.live.viewer import Viewer

    ReadChanges = Callable[[UUID, int], Awaitable["Changes"]]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page is in a running answer. Offsets in characters."""

    message_id: str = ""
    attempt: int = 0
    offset: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in a conversation after some version, as frames.

    `running` says where the article of the running answer, if among them, ends.
    """

    frames: tuple[str, ...]
    version: int
    running: Cursor | None = None


class Room:
    """One conversation: its viewers, the running answer, and news of changes."""

    def __init__(self, conversation_id: UUID, read: ReadChanges) -> None:
        self.conversation_id = conversation_id
        self.viewers: set[Viewer] = set()
        self.buffer: Buffer | None = None
        self.news = 0
        # Whether an announcement waits, so that others may join it.
        self.announcing = False
        self._read = read
        self._reading: dict[int, asyncio.Future[Changes]] = {}

    @property
    def empty(self) -> bool:
        return not self.viewers and self.buffer is None

    def wake(self) -> None:
        """Tell every viewer that there is something to send."""
        for viewer in self.viewers:
            viewer.wake.set()

    def announce(self) -> None:
        """Tell every viewer that rows of the conversation have changed."""
        self.announcing = False
        self.news += 1
        self._reading.clear()
        self.wake()

    async def changes(self, seen: int) -> Changes:
        """Return what changed after version `seen`, read once for all who ask."""
        reading = self._reading.get(seen)
        if reading is None or (reading.done() and reading.exception()):
            reading = asyncio.ensure_future(self._read(self.conversation_id, seen))
            self._reading[seen] = reading
        return await asyncio.shield(reading)
