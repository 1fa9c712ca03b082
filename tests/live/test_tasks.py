"""Pages give way to requests: who waits for what, and who is never held up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from typing import TYPE_CHECKING

import pytest

from conversations.live.tasks import Tasks

if TYPE_CHECKING:
    from conversations.live.tasks import Work

PK = 7
FOR_EVER = threading.TIMEOUT_MAX
PATIENCE_SECONDS = 30.0


async def nothing() -> None:
    """What reading an answer stands for."""


async def ends_at_once(generation_id: int) -> None:
    """The work of a turn that has to wait for another one."""


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


async def give_way(tasks: Tasks) -> asyncio.Task[None]:
    """Give way on a thread, and return once it waits."""
    waiting = asyncio.create_task(asyncio.to_thread(tasks.give_way, FOR_EVER))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not tasks._sent._waiters:  # type: ignore[attr-defined]  # the thread's
            await asyncio.sleep(0)
    return waiting


async def returns(waiting: Awaitable[object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await waiting


def reading_after(planned: asyncio.Event, tasks: Tasks) -> Work:
    async def work(generation_id: int) -> None:
        await planned.wait()
        reader = await tasks.read(generation_id, nothing())
        assert reader.done()

    return work


async def test_a_page_waits_until_the_request_is_being_sent(tasks: Tasks) -> None:
    planned = asyncio.Event()
    tasks.expect(PK)
    tasks.start(PK, reading_after(planned, tasks))

    waiting = await give_way(tasks)
    assert not waiting.done()
    planned.set()

    await returns(waiting)


async def test_one_request_sent_is_not_enough_while_another_is_planned(
    tasks: Tasks,
) -> None:
    first, second = asyncio.Event(), asyncio.Event()
    for pk, planned in ((PK, first), (PK + 1, second)):
        tasks.expect(pk)
        tasks.start(pk, reading_after(planned, tasks))
    waiting = await give_way(tasks)

    first.set()
    while PK in tasks:
        await asyncio.sleep(0)
    assert not waiting.done()
    second.set()

    await returns(waiting)


async def test_a_turn_that_has_to_wait_holds_no_page_up(tasks: Tasks) -> None:
    tasks.expect(PK)
    waiting = await give_way(tasks)

    tasks.start(PK, ends_at_once)

    await returns(waiting)


async def test_a_turn_that_runs_already_holds_no_page_up(tasks: Tasks) -> None:
    ended, sent = asyncio.Event(), asyncio.Event()

    async def work(generation_id: int) -> None:
        reader = await tasks.read(generation_id, nothing())
        assert reader.done()
        sent.set()
        await ended.wait()

    tasks.start(PK, work)
    await returns(sent.wait())
    tasks.expect(PK)
    waiting = await give_way(tasks)
    tasks.start(PK, work)

    await returns(waiting)
    ended.set()
    await tasks.idle()


def test_where_nothing_is_planned_no_page_waits(tasks: Tasks) -> None:
    tasks.give_way(FOR_EVER)


def test_no_page_waits_for_ever(tasks: Tasks) -> None:
    tasks.expect(PK)

    tasks.give_way(0)
