"""Viewers that come and go at random: no token is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.page import Page
from tests.faults.people import Person, Tab, ended, has_words
from tests.gateway.server import TestGateway

STREAMS = 24
VIEWERS = 3
TOKENS = 240
RATE = 30
MODEL = f"paragraphs:{TOKENS}@{RATE}"
WORDS = [f"t{number}" for number in range(TOKENS)]
CONTINUED_MODEL = f"paragraphs:{TOKENS}@{RATE + 1}"
CONTINUED = 8
# How long a connection lives, on average, and at most how long it is away.
LIFE_SECONDS = 0.8
AWAY_SECONDS = 0.4
DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("loss")
    with place_with(directory, gateway, (MODEL, CONTINUED_MODEL)) as place:
        yield place


class Roamer:
    """Watches one stream over many connections, each with its last cursor.

    Whatever happens, what it has been shown only grows.
    """

    def __init__(self, person: Person, conversation: str, seed: str) -> None:
        self.person = person
        self.conversation = conversation
        self.page = Page()
        self.shown: list[str] = []
        self.drops = 0
        self.reloads = 0
        self._random = random.Random(seed)

    @property
    def is_over(self) -> bool:
        return self.page.states == ["complete"]

    async def watch(self) -> None:
        await self._reload()
        while not self.is_over:
            await self._stay()
            if not self.is_over:
                await asyncio.sleep(self._random.uniform(0, AWAY_SECONDS))
                await self._come_back()

    async def _stay(self) -> None:
        life = self._random.expovariate(1 / LIFE_SECONDS)
        async with self.person.open(self.conversation, self.page) as tab:
            tab.after.append(self._check_growth)
            with suppress(TimeoutError):
                async with asyncio.timeout(life):
                    await self._read(tab)
                return
        self.drops += 1

    async def _read(self, tab: Tab) -> None:
        while not self.is_over:
            await tab.step()

    async def _come_back(self) -> None:
        if self._random.random() < 0.2:
            await self._reload()
            self.reloads += 1

    async def _reload(self) -> None:
        self.page = await self.person.page(self.conversation)
        self._check_growth(self.page)

    def _check_growth(self, page: Page) -> None:
        (reply,) = page.replies
        assert reply.words[: len(self.shown)] == self.shown
        self.shown = reply.words


async def roam(roamers: list[Roamer]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*(roamer.watch() for roamer in roamers))


async def test_random_disconnects_lose_double_and_misplace_nothing(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    ids = [await alice.begin(place.models[MODEL]) for _ in range(STREAMS)]
    roamers = [
        Roamer(alice, pk, f"{number} {viewer}")
        for number, pk in enumerate(ids)
        for viewer in range(VIEWERS)
    ]

    await roam(roamers)

    assert [roamer.page.reply.words for roamer in roamers] == [WORDS] * len(roamers)
    for pk in ids:
        ((state, text),) = place.replies(pk)
        assert (state, text.split()) == ("complete", WORDS)
    sent = [one.tokens_sent for one in place.gateway.requests if one.model == MODEL]
    assert sent == [TOKENS] * STREAMS
    assert sum(roamer.drops for roamer in roamers) > 100
    assert sum(roamer.reloads for roamer in roamers) > 10
    assert "Traceback" not in place.server.log


async def test_stopping_and_continuing_under_roaming_viewers_loses_nothing(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    ids = [await alice.begin(place.models[CONTINUED_MODEL]) for _ in range(CONTINUED)]
    roamers = [
        Roamer(alice, pk, f"{number} {viewer} continued")
        for number, pk in enumerate(ids)
        for viewer in range(VIEWERS)
    ]
    await asyncio.gather(roam(roamers), *(stop_and_continue(alice, pk) for pk in ids))

    for roamer in roamers:
        ((state, text),) = place.replies(roamer.conversation)
        assert state == "complete"
        assert roamer.shown == text.split()
        assert roamer.shown[-TOKENS:] == WORDS
        assert roamer.shown.count("t0") == 3
    assert "Traceback" not in place.server.log


async def stop_and_continue(alice: Person, conversation: str) -> None:
    """Stop twice in mid-answer, and let it go on each time."""
    async with alice.open(conversation) as tab:
        for _ in range(2):
            before = len(tab.page.reply.words)
            await tab.watch(has_words(before + 7))
            reply = tab.page.reply.id
            assert await alice.act(conversation, reply, "stop") == 302
            await tab.watch(ended)
            assert await alice.act(conversation, reply, "continue") == 302
            await tab.watch(lambda page: not ended(page))
        await tab.watch(ended)
