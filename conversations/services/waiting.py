"""A thread that has to wait for what only an event loop can do."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING, TypeVar

from conversations.live.hub import get_hub
from conversations.services.errors import RefusedError
from conversations.services.requests import close_gateways

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

R = TypeVar("R")

# Each takes one of the few threads that answer requests.
MOST_AT_ONCE = 2
# What the loop may be late by, when it is busy.
GRACE_SECONDS = 5.0

_places = threading.BoundedSemaphore(MOST_AT_ONCE)


def wait_for(work: Callable[[], Coroutine[None, None, R]], *, seconds: float) -> R:
    """Carry out `work` on the server's loop, or on one of its own where none runs.

    To be called on a thread, outside a transaction. Raises `TimeoutError` after
    `seconds`, and `RefusedError` where enough threads wait already.
    """
    if not _places.acquire(blocking=False):
        raise RefusedError(
            "Gateways are being asked for others just now. Please try again in a "
            "moment."
        )
    try:
        loop = get_hub().loop
        if loop is None:
            return asyncio.run(_alone(work, seconds))
        # The request's context would end with the request.
        future = contextvars.Context().run(
            asyncio.run_coroutine_threadsafe, _bounded(work, seconds), loop
        )
        return future.result(seconds + GRACE_SECONDS)
    finally:
        _places.release()


async def _alone(work: Callable[[], Coroutine[None, None, R]], seconds: float) -> R:
    try:
        return await _bounded(work, seconds)
    finally:
        # Connections belong to a loop, and this one ends.
        await close_gateways()


async def _bounded(work: Callable[[], Coroutine[None, None, R]], seconds: float) -> R:
    async with asyncio.timeout(seconds):
        return await work()
