"""Threads that wait for the server's loop."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest

from conversations.services.waiting import wait_for

if TYPE_CHECKING:
    from conversations.live.hub import Hub


async def find_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_what_a_thread_waits_for_is_done_on_the_server_s_loop(hub: Hub) -> None:
    loop = await asyncio.to_thread(wait_for, find_loop, seconds=5)

    assert loop is hub.loop


async def test_a_thread_waits_no_longer_than_it_says(hub: Hub) -> None:
    wait = partial(wait_for, for_ever, seconds=0.01)

    with pytest.raises(TimeoutError):
        await asyncio.to_thread(wait)


def test_without_a_server_there_is_a_loop_for_it() -> None:
    assert wait_for(find_loop, seconds=5).is_closed()
