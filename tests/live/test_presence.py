"""Who is here and who types: once a person, told seldom, forgotten by itself."""

from __future__ import annotations

import asyncio
import json

import pytest

from conversations import limits
from conversations.live.presence import Face, Presence

WAIT_SECONDS = 30.0
ALICE = Face(1, "Alice", "AL", 1)
BOB = Face(2, "Bob", "BO", 2)


class Told:
    """A presence, and what it says to everyone."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self.presence = Presence(self._wake)
        # When it was said, by the clock of the loop.
        self.times: list[float] = []

    def _wake(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
        self._woken.set()

    async def next(self) -> dict[str, bool]:
        """Wait for the next frame; return who is here, and whether they type."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self._woken.wait()
        self._woken.clear()
        here = json.loads(self.presence.frame)["here"]
        return {one["name"]: one["typing"] for one in here}


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRESENCE_SECONDS", 0.01)
    monkeypatch.setattr(limits, "PRESENCE_GRACE_SECONDS", 0.02)
    # A machine that is busy for as long would forget it before it is told.
    monkeypatch.setattr(limits, "TYPING_SECONDS", 1.0)


async def test_many_who_come_together_are_told_in_one_frame() -> None:
    told = Told()
    for number in range(50):
        told.presence.join(Face(number, f"Person {number}", "P", 0))

    assert len(await told.next()) == 50
    assert told.presence.version == 1


async def test_changes_are_told_no_more_often_than_it_is_allowed() -> None:
    told = Told()
    told.presence.join(ALICE)
    await told.next()
    told.presence.join(BOB)

    assert await told.next() == {"Alice": False, "Bob": False}
    first, second = told.times
    assert second - first >= limits.PRESENCE_SECONDS - 0.01


@pytest.mark.usefixtures("_soon")
async def test_a_person_with_two_pages_goes_with_the_last_one() -> None:
    told = Told()
    for face in (ALICE, BOB, BOB):
        told.presence.join(face)
    assert await told.next() == {"Alice": False, "Bob": False}

    told.presence.leave(BOB.id)
    told.presence.start_typing(ALICE.id)
    assert await told.next() == {"Alice": True, "Bob": False}
    told.presence.leave(BOB.id, at_once=True)
    told.presence.stop_typing(ALICE.id)

    assert await told.next() == {"Alice": False}


async def test_whoever_comes_back_in_a_moment_was_never_away() -> None:
    told = Told()
    told.presence.join(ALICE)
    told.presence.join(BOB)
    await told.next()
    told.presence.leave(BOB.id)
    told.presence.join(BOB)
    told.presence.start_typing(ALICE.id)

    assert await told.next() == {"Alice": True, "Bob": False}
    assert told.presence.version == 2


@pytest.mark.usefixtures("_soon")
async def test_whoever_stays_away_is_gone() -> None:
    told = Told()
    told.presence.join(ALICE)
    told.presence.join(BOB)
    await told.next()
    told.presence.leave(BOB.id)

    assert await told.next() == {"Alice": False}


@pytest.mark.usefixtures("_soon")
async def test_typing_is_forgotten_unless_it_is_said_again() -> None:
    told = Told()
    told.presence.join(ALICE)
    await told.next()
    told.presence.start_typing(ALICE.id)
    assert await told.next() == {"Alice": True}

    assert await told.next() == {"Alice": False}


async def test_typing_that_goes_on_is_told_once() -> None:
    told = Told()
    told.presence.join(ALICE)
    told.presence.start_typing(ALICE.id)
    await told.next()
    told.presence.start_typing(ALICE.id)
    told.presence.join(BOB)

    assert await told.next() == {"Alice": True, "Bob": False}
    assert told.presence.version == 2


async def test_nobody_types_without_a_page() -> None:
    told = Told()
    told.presence.join(ALICE)
    told.presence.start_typing(BOB.id)

    assert await told.next() == {"Alice": False}
