"""Database work off the loop, on threads of our own.

The one global thread of `sync_to_async` serves every view and consumer: a slow
query there would freeze live text for every viewer of the process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 1.0

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseThreads:
    """A few threads, each with its own database connection."""

    def __init__(self, name: str, size: int) -> None:
        self._size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run(
        self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run one whole operation on a thread and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._pool, lambda: _with_fresh_connection(function, *args, **kwargs)
        )

    async def insist(
        self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run an operation; while the database refuses, try again."""
        while True:
            try:
                return await self.run(function, *args, **kwargs)
            except DatabaseError:
                logger.exception("The database refused; trying again.")
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    def close(self) -> None:
        """Wait for what runs, close the connections and end the threads."""
        # Together they are all busy, so that each thread closes its own.
        together = threading.Barrier(self._size)
        for _ in range(self._size):
            self._pool.submit(_close_connections, together)
        self._pool.shutdown(wait=True)


def _close_connections(together: threading.Barrier) -> None:
    together.wait()
    connections.close_all()


def _with_fresh_connection(
    function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
) -> R:
    close_old_connections()
    return function(*args, **kwargs)
