"""The tasks that write answers: started from any thread, stopped by name."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Work = Callable[[int], Coroutine[None, None, None]]

R = TypeVar("R")
logger = logging.getLogger(__name__)

PAUSE_AFTER_ERROR_SECONDS = 0.25


def create_task(work: Coroutine[None, None, R]) -> asyncio.Task[R]:
    """Start `work` on the running loop with a context of its own.

    With a request's context its first database call would die with the request.
    """
    loop = asyncio.get_running_loop()
    return loop.create_task(work, context=contextvars.Context())


async def repeat(service: Callable[[], Coroutine[None, None, None]]) -> None:
    """Repeat `service` for ever; an error in one round must not end every stream."""
    while True:
        try:
            await service()
        except Exception:
            logger.exception("A service of the hub failed; it goes on.")
            await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)


class Tasks:
    """One task a generation, and inside it one reader, which alone is cancelled.

    So whatever ends the reading, the task goes on to save what was read. What follows
    an answer that has ended is cut short by the end of the process only.
    """

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._readers: dict[int, asyncio.Task[object]] = {}
        self._followers: dict[int, asyncio.Task[object]] = {}
        self._stopped: set[int] = set()
        self._ending = False
        # Those whose request is still to be sent; changed from any thread.
        self._awaited: set[int] = set()
        self._sent = threading.Condition()

    def expect(self, generation_id: int) -> None:
        """Say, from any thread, that a task is about to start."""
        with self._sent:
            self._awaited.add(generation_id)

    def give_way(self, seconds: float) -> None:
        """Wait, on a thread, until every request that is planned is being sent."""
        with self._sent:
            self._sent.wait_for(lambda: not self._awaited, seconds)

    def _let_go(self, generation_id: int) -> None:
        with self._sent:
            self._awaited.discard(generation_id)
            if not self._awaited:
                self._sent.notify_all()

    @property
    def ids(self) -> list[int]:
        """The generations that have a task and have not ended."""
        return [pk for pk in self._tasks if pk not in self._followers]

    def __contains__(self, generation_id: int) -> bool:
        return generation_id in self._tasks

    def start(self, generation_id: int, work: Work) -> None:
        """Start `work(generation_id)` unless it runs already."""
        if generation_id in self._tasks or self._ending:
            self._let_go(generation_id)
            return
        task = create_task(work(generation_id))
        self._tasks[generation_id] = task
        task.add_done_callback(lambda done: self._forget(generation_id, done))

    async def read(
        self, generation_id: int, reading: Coroutine[None, None, R]
    ) -> asyncio.Task[R]:
        """Run the part of a task that may be cancelled; return it when done."""
        reader = create_task(reading)
        self._readers[generation_id] = reader
        self._let_go(generation_id)
        if self._ending or generation_id in self._stopped:
            reader.cancel()
        await asyncio.wait([reader])
        del self._readers[generation_id]
        return reader

    async def follow(
        self, generation_id: int, following: Coroutine[None, None, R]
    ) -> asyncio.Task[R]:
        """Run what follows the end of a generation; return it when done."""
        follower = create_task(following)
        self._followers[generation_id] = follower
        if self._ending:
            follower.cancel()
        await asyncio.wait([follower])
        del self._followers[generation_id]
        return follower

    def stop(self, generation_id: int) -> None:
        """Cancel the reading because a person asked."""
        self._stopped.add(generation_id)
        self.cancel(generation_id)

    def cancel(self, generation_id: int) -> None:
        """Cancel the reading."""
        if reader := self._readers.get(generation_id):
            reader.cancel()

    def was_stopped(self, generation_id: int) -> bool:
        """Tell whether a person asked to stop (and not the process)."""
        return generation_id in self._stopped

    async def drain(self, seconds: float) -> None:
        """Wait at most `seconds` for what runs, then cut the reading short."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.idle()
        self._ending = True
        for task in (*self._readers.values(), *self._followers.values()):
            task.cancel()
        await self.idle()

    async def idle(self) -> None:
        """Wait until no task is left, those that follow others included."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))

    def _forget(self, generation_id: int, task: asyncio.Task[None]) -> None:
        del self._tasks[generation_id]
        self._let_go(generation_id)
        self._stopped.discard(generation_id)
        if not task.cancelled() and (error := task.exception()):
            logger.error("A generation's task ended with an error.", exc_info=error)
