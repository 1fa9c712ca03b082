"""What one process keeps of a conversation that is watched or being answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.live.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from conversations.live.buffer import Buffer
    from conversations.live.viewer import Viewer

    ReadChanges = Callable[[UUID, int, "Branch"], Awaitable["Changes"]]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page is in a running answer: offsets in characters.

    `closed` is how much of the text it has as closed blocks; `reasoning` is an
    offset in the reasoning of `attempt`.
    """

    message_id: str = ""
    attempt: int = 0
    offset: int = 0
    closed: int = 0
    reasoning: int = 0

    @property
    def read(self) -> int:
        return self.offset + self.reasoning


@dataclass(frozen=True, slots=True)
class Branch:
    """Which branch a page shows: that of its last message, or the newest for None.

    `stays` says that its last answer was chosen among several tries: a newer one does
    not take its place.
    """

    at: UUID | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed on a branch after some version, as frames.

    `running` says where the article of the running answer, if among them, ends;
    `elsewhere` which answer runs that is not on the branch; `branch` is where a page
    is once it has them.
    """

    frames: tuple[str, ...]
    version: int
    running: Cursor | None = None
    elsewhere: UUID | None = None
    branch: Branch | None = None


# A page names its branch as it likes: what is read for it may not grow without end.
MOST_READINGS = 64


class Room:
    """One conversation: its viewers, the running answer, and news of changes."""

    def __init__(self, conversation_id: UUID, read: ReadChanges) -> None:
        self.conversation_id = conversation_id
        self.viewers: set[Viewer] = set()
        self.buffer: Buffer | None = None
        self.presence = Presence(self.wake)
        self.news = 0
        # Whether an announcement waits, so that others may join it.
        self.announcing = False
        self._read = read
        self._reading: dict[tuple[int, Branch], asyncio.Future[Changes]] = {}

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

    async def changes(self, seen: int, branch: Branch) -> Changes:
        """Return what changed on a branch after version `seen`, read once for all.

        While an answer is written, for all who ask at the same time: whoever comes
        later has all that was written until then in its article.
        """
        reading = self._reading.get((seen, branch))
        if reading is None or (reading.done() and self._is_old(reading)):
            read = self._read(self.conversation_id, seen, branch)
            reading = asyncio.ensure_future(read)
            if len(self._reading) >= MOST_READINGS:
                self._reading.clear()
            self._reading[seen, branch] = reading
        return await asyncio.shield(reading)

    def _is_old(self, reading: asyncio.Future[Changes]) -> bool:
        return self.buffer is not None or reading.exception() is not None
