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
from tests.tracing import untraced

STREAMS = 24
VIEWERS = 3
TOKENS = 240
RATE = 30
MODEL = f"paragraphs:{TOKENS}@{RATE}"
WORDS = [f"t{number}" for number in range(TOKENS)]
CONTINUED_MODEL = f"paragraphs:{TOKENS}@{RATE + 1}"
CONTINUED = 8
THOUGHTFUL_MODEL = f"reasoning:{TOKENS // 2}@{RATE}"
THOUGHTFUL = 8
THOUGHTS = [f"r{number}" for number in range(TOKENS // 2)]
MODELS = (MODEL, CONTINUED_MODEL, THOUGHTFUL_MODEL)
# How long a connection lives, on average, and at most how long it is away.
LIFE_SECONDS = 0.8
AWAY_SECONDS = 0.4
DEADLINE_SECONDS = 120.0


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("loss")
    with untraced(), place_with(directory, gateway, MODELS) as place:
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
        self.thought: list[str] = []
        self.drops = 0
        self.reloads = 0
        self._random = random.Random(seed)

    @property
    def is_over(self) -> bool:
        return self.page.states == ["complete"]

    async def arrive(self) -> None:
        self.page = await self.person.page(self.conversation)
        self._check_growth(self.page)

    async def watch(self) -> None:
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
            await self.arrive()
            self.reloads += 1

    def _check_growth(self, page: Page) -> None:
        (reply,) = page.replies
        assert reply.words[: len(self.shown)] == self.shown
        self.shown = reply.words
        thought = reply.reasoning.split()
        assert thought[: len(self.thought)] == self.thought
        self.thought = thought


async def begin(place: Place, person: Person, model: str, count: int) -> list[Roamer]:
    """Ask so often; nothing is answered until everyone has a page to see it on."""
    with place.gateway.holding(model):
        ids = [await person.begin(place.models[model]) for _ in range(count)]
        roamers = [
            Roamer(person, pk, f"{model} {number} {viewer}")
            for number, pk in enumerate(ids)
            for viewer in range(VIEWERS)
        ]
        await asyncio.gather(*(roamer.arrive() for roamer in roamers))
    return roamers


def conversations(roamers: list[Roamer]) -> list[str]:
    return sorted({roamer.conversation for roamer in roamers})


async def roam(roamers: list[Roamer]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*(roamer.watch() for roamer in roamers))


async def test_random_disconnects_lose_double_and_misplace_nothing(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    roamers = await begin(place, alice, MODEL, STREAMS)

    await roam(roamers)

    assert [roamer.page.reply.words for roamer in roamers] == [WORDS] * len(roamers)
    for pk in conversations(roamers):
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
    roamers = await begin(place, alice, CONTINUED_MODEL, CONTINUED)
    await asyncio.gather(
        roam(roamers),
        *(stop_and_continue(alice, pk) for pk in conversations(roamers)),
    )

    for roamer in roamers:
        ((state, text),) = place.replies(roamer.conversation)
        assert state == "complete"
        assert roamer.shown == text.split()
        assert roamer.shown[-TOKENS:] == WORDS
        assert roamer.shown.count("t0") == 3
    assert "Traceback" not in place.server.log


async def test_reasoning_is_not_lost_doubled_or_misplaced_either(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    roamers = await begin(place, alice, THOUGHTFUL_MODEL, THOUGHTFUL)

    await roam(roamers)

    assert [roamer.thought for roamer in roamers] == [THOUGHTS] * len(roamers)
    assert [roamer.shown for roamer in roamers] == [WORDS[: TOKENS // 2]] * len(roamers)
    for pk in conversations(roamers):
        (reasoning,) = place.reasonings(pk)
        assert reasoning.split() == THOUGHTS
    assert sum(roamer.drops for roamer in roamers) > 20
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
