"""The life of the server process: lock, recovery, start, drain, end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from conversations import limits
from conversations.live.hub import get_hub, renew_hub
from conversations.live.lock import InstanceLock
from conversations.live.tasks import create_task
from conversations.services.catalogs import ensure_gateways, sync_new_models
from conversations.services.finishing import interrupt_expired, interrupt_running
from conversations.services.generation import run
from conversations.services.purging import purge_for_ever
from conversations.services.queue import start_following
from conversations.services.requests import close_gateways
from conversations.services.search.indexing import index_for_ever
from conversations.services.spending import reset_reserved
from conversations.services.transcript import read_changes

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.live.room import Branch, Changes

logger = logging.getLogger(__name__)

SECOND_PROCESS = (
    "Another Roundtable server uses this database already. "
    "Stop it first, or give this one its own DATABASE_URL."
)


class SecondProcessError(Exception):
    """Another process owns this database."""

    def __init__(self) -> None:
        super().__init__(SECOND_PROCESS)


class Lifecycle:
    """Started once on the server's loop, before the first request is answered."""

    def __init__(self) -> None:
        self._lock = InstanceLock()
        self._started: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def ensure_started(self) -> None:
        """Start, or wait for the start that is under way.

        Raises `SecondProcessError` where another process has the database.
        """
        if self._started is None:
            self._started = create_task(self._start())
        await asyncio.shield(self._started)

    async def stop(self, *, drain_seconds: float = limits.DRAIN_SECONDS) -> None:
        """Let running answers finish, save the rest, and give everything back."""
        hub = get_hub()
        await hub.drain(drain_seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await close_gateways()
        await hub.readers.run(self._lock.release)
        await hub.close()
        renew_hub()
        self._started = None

    async def _start(self) -> None:
        hub = get_hub()
        if not await hub.readers.run(self._lock.acquire):
            raise SecondProcessError
        interrupted = await hub.journal.run(interrupt_running)
        await hub.journal.run(reset_reserved)
        if interrupted:
            logger.warning("Answers that were interrupted: %d.", len(interrupted))
        await hub.readers.run(ensure_gateways)
        hub.start(work=run, read=_read_changes)
        await hub.readers.run(start_following)
        services = (_reap(), sync_new_models(), purge_for_ever(), index_for_ever())
        self._tasks = [create_task(service) for service in services]


async def _read_changes(conversation_id: UUID, seen: int, branch: Branch) -> Changes:
    return await get_hub().readers.run(read_changes, conversation_id, seen, branch)


async def _reap() -> None:
    """Interrupt what nobody renews, for as long as the server runs."""
    while True:
        await asyncio.sleep(limits.HEARTBEAT_SECONDS)
        hub = get_hub()
        try:
            if await hub.journal.run(interrupt_expired, hub.tasks.ids):
                await hub.readers.run(start_following)
        except DatabaseError:
            logger.exception("The reaper could not look; it will again.")


lifecycle = Lifecycle()
