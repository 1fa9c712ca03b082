"""Uploads take turns by person, and a request that is broken off holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.http import HttpResponse

from chatsite.turns import Turns

PATIENCE_SECONDS = 15.0


@pytest.fixture
def turns() -> Iterator[Turns]:
    with ThreadPoolExecutor(2) as threads:
        yield Turns(threads)


class Work:
    """Something that takes as long as it should."""

    def __init__(self) -> None:
        self.is_begun, self.may_end = Event(), Event()

    def __call__(self) -> HttpResponse:
        self.is_begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        return HttpResponse()


async def begun(work: Work) -> bool:
    return await asyncio.to_thread(work.is_begun.wait, PATIENCE_SECONDS)


async def test_one_person_has_one_thread_and_others_have_theirs(turns: Turns) -> None:
    first, second, other = Work(), Work(), Work()
    tasks = [
        asyncio.create_task(turns.run(name, work))
        for name, work in (("alice", first), ("alice", second), ("bob", other))
    ]

    assert await begun(other)
    assert await begun(first)
    other.may_end.set()
    await tasks[2]
    assert not second.is_begun.is_set()
    first.may_end.set()
    assert await begun(second)

    second.may_end.set()
    await asyncio.gather(*tasks)


async def test_what_was_broken_off_is_waited_for_and_then_it_goes_on(
    turns: Turns,
) -> None:
    first, left, last = Work(), Work(), Work()
    tasks = [asyncio.create_task(turns.run("alice", work)) for work in (first, left)]
    assert await begun(first)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    coming = asyncio.create_task(turns.run("alice", last))
    other = Work()
    other.may_end.set()
    await turns.run("bob", other)
    # Its thread is still at work for nobody.
    assert not last.is_begun.is_set()
    first.may_end.set()

    last.may_end.set()
    assert (await coming).status_code == 200
    assert not left.is_begun.is_set()
