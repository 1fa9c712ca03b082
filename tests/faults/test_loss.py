"""Viewers that come and go at random: no token is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.page import Page
from tests.faults.people import Person, Tab, ended
from tests.gateway.server import TestGateway

STREAMS = 24
VIEWERS = 3
TOKENS = 160
RATE = 40
MODEL = f"paragraphs:{TOKENS}@{RATE}"
WORDS = [f"t{number}" for number in range(TOKENS)]
# How long a connection lives, on average, and at most how long it is away.
LIFE_SECONDS = 0.8
AWAY_SECONDS = 0.4
DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("loss")
    with place_with(directory, gateway, (MODEL,)) as place:
        yield place


class Roamer:
    """Watches one stream over many connections, each with its last cursor."""

    def __init__(self, person: Person, conversation: str, seed: str) -> None:
        self.person = person
        self.conversation = conversation
        self.page = Page()
        self.drops = 0
        self.reloads = 0
        self._random = random.Random(seed)

    async def watch(self) -> None:
        self.page = await self._reloaded()
        while not ended(self.page):
            await self._stay()
            if not ended(self.page):
                await asyncio.sleep(self._random.uniform(0, AWAY_SECONDS))
                await self._come_back()

    async def _stay(self) -> None:
        life = self._random.expovariate(1 / LIFE_SECONDS)
        async with self.person.open(self.conversation, self.page) as tab:
            tab.after.append(in_order)
            with suppress(TimeoutError):
                async with asyncio.timeout(life):
                    await self._read(tab)
                return
        self.drops += 1

    async def _read(self, tab: Tab) -> None:
        while not ended(self.page):
            await tab.step()

    async def _come_back(self) -> None:
        if self._random.random() < 0.2:
            shown = len(self.page.reply.words)
            self.page = await self._reloaded()
            self.reloads += 1
            assert len(self.page.reply.words) >= shown

    async def _reloaded(self) -> Page:
        page = await self.person.page(self.conversation)
        in_order(page)
        return page


def in_order(page: Page) -> None:
    for reply in page.replies:
        assert reply.words == WORDS[: len(reply.words)]


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

    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*(roamer.watch() for roamer in roamers))

    assert [roamer.page.reply.words for roamer in roamers] == [WORDS] * len(roamers)
    assert {roamer.page.reply.state for roamer in roamers} == {"complete"}
    for pk in ids:
        ((state, text),) = place.replies(pk)
        assert (state, text.split()) == ("complete", WORDS)
    sent = [one.tokens_sent for one in place.gateway.requests if one.model == MODEL]
    assert sent == [TOKENS] * STREAMS
    assert sum(roamer.drops for roamer in roamers) > 100
    assert sum(roamer.reloads for roamer in roamers) > 10
    assert "Traceback" not in place.server.log
