"""Uploads take their turns: nobody holds more than one of the threads for them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

    from django.http.response import HttpResponseBase


class Turns:
    """Whoever brings several things has them done one after the other.

    What waits for its turn holds no thread.
    """

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(
        self, person: str, work: Callable[[], HttpResponseBase]
    ) -> HttpResponseBase:
        """Do `work` on a thread when all that this person brought before is done."""
        loop = asyncio.get_running_loop()
        lock = self._locks.setdefault(person, asyncio.Lock())
        await lock.acquire()

        def pass_on(_: Future[HttpResponseBase]) -> None:
            # The loop may have ended.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(lock.release)

        try:
            future = self._threads.submit(work)
        except RuntimeError:
            lock.release()
            raise
        # With the work, not with the request: whoever breaks that off has no other
        # thread for it.
        future.add_done_callback(pass_on)
        return await asyncio.wrap_future(future)
