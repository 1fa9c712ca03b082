"""SIGTERM: what runs may finish, the rest is saved, and nobody is cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import Person, Tab, has_words, until
from tests.gateway.server import TestGateway

SHORT = "ok:45@30"
LONG = "ok:1000@30"
# So long that all can be tried while it lasts.
DRAIN_SECONDS = 8.0
# What is left of the time that a container is given, after the longest drain.
REST_SECONDS = 5.0


@contextmanager
def draining_for(
    seconds: float, directory: Path, gateway: TestGateway
) -> Iterator[Place]:
    environ = {"DRAIN_SECONDS": str(seconds)}
    with place_with(directory, gateway, (SHORT, LONG), environ) as place:
        yield place


@pytest.fixture
def place(tmp_path: Path, gateway: TestGateway) -> Iterator[Place]:
    with draining_for(DRAIN_SECONDS, tmp_path, gateway) as place:
        yield place


@pytest.fixture
def hasty(tmp_path: Path, gateway: TestGateway) -> Iterator[Place]:
    with draining_for(0.5, tmp_path, gateway) as place:
        yield place


async def wait_until_restarting(alice: Person) -> None:
    async def unready() -> bool:
        return (await alice.http.get("/readyz")).status_code == 503

    await until(unready, "/readyz says that a restart is under way")


async def check_refused_kindly(alice: Person, conversation: str, model: int) -> None:
    refused = await alice.send(conversation, "Do not lose this.")
    assert refused.status_code == 503
    assert "The server is restarting." in refused.text
    assert "Do not lose this." in refused.text
    fresh = await alice.post(
        "/",
        content="Nor this.",
        client_id="5bfba2b0-5e0f-4a8c-9d55-1d9c1a3f1c11",
        model=model,
    )
    assert fresh.status_code == 503
    assert "Nor this." in fresh.text


async def test_a_drain_lets_short_answers_finish_and_saves_long_ones(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    short = await alice.begin(place.models[SHORT])
    long = await alice.begin(place.models[LONG])
    await alice.send(long, "waiting")
    async with alice.open(short) as near, alice.open(long) as far:
        await near.watch(has_words(1))
        await far.watch(lambda page: len(page.replies[0].words) >= 1)
        began = time.monotonic()
        place.server.signal_stop()
        await wait_until_restarting(alice)
        assert (await alice.http.get("/healthz")).status_code == 200
        await check_refused_kindly(alice, long, place.models[LONG])
        codes = await asyncio.gather(near.watch_to_the_end(), far.watch_to_the_end())
        exit_code = await asyncio.to_thread(place.server.wait)
        took = time.monotonic() - began

    assert set(codes) == {1012}
    assert exit_code == 0
    assert took < DRAIN_SECONDS + REST_SECONDS
    assert near.page.states == ["complete"]
    assert near.page.reply.words == [f"t{number}" for number in range(45)]
    check_saved(place, long, far)
    assert len(place.questions(short)) == 1
    assert "Traceback" not in place.server.log


def check_saved(place: Place, conversation: str, tab: Tab) -> None:
    """The long answer is stored as far as it was seen; what waited still waits."""
    (state, text), (waiting, _) = place.replies(conversation)
    assert (state, waiting) == ("interrupted", "queued")
    shown = tab.page.replies[0]
    assert text.split()[: len(shown.words)] == shown.words
    assert (shown.state, shown.words) == ("interrupted", text.split())


async def test_after_a_drain_pages_come_back_and_what_waited_starts(
    hasty: Place, people: People
) -> None:
    alice = await people(hasty, "alice")
    long = await alice.begin(hasty.models[LONG])
    await alice.send(long, "waiting")
    async with alice.open(long) as tab:
        await tab.watch(lambda page: len(page.replies[0].words) >= 1)
        assert await asyncio.to_thread(hasty.server.terminate) == 0
        await tab.watch_to_the_end()
    await asyncio.to_thread(hasty.server.start)

    async with alice.open(long, tab.page) as again:
        page = await again.watch(has_words(3))
        assert page.states == ["interrupted", "running"]


async def test_a_second_signal_ends_at_once_and_loses_nothing(
    tmp_path: Path, gateway: TestGateway, people: People
) -> None:
    with draining_for(60.0, tmp_path, gateway) as place:
        alice = await people(place, "alice")
        pk = await alice.begin(place.models[LONG])
        async with alice.open(pk) as tab:
            await tab.watch(has_words(5))
            place.server.signal_stop()
            await wait_until_restarting(alice)
            began = time.monotonic()
            place.server.signal_stop()
            await asyncio.to_thread(place.server.wait)
            took = time.monotonic() - began
            await tab.watch_to_the_end()
        await asyncio.to_thread(place.server.start)

        ((state, text),) = place.replies(pk)
        assert took < REST_SECONDS
        assert state == "interrupted"
        assert text.split()[: len(tab.page.reply.words)] == tab.page.reply.words
        assert "Traceback" not in place.server.log
