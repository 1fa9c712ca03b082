"""kill -9 in mid-answer, again and again: what was seen is still there."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import Person, Tab, ended, has_words, until
from tests.gateway.server import TestGateway
from tests.tracing import untraced

KILLS = 20
VIEWERS = 3
# No answer ends by itself before the kill.
LONG = "paragraphs:6000@60"
SHORT = "paragraphs:60@30"
THOUGHTFUL = "reasoning:3000@60"


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("kill")
    models = (LONG, SHORT, THOUGHTFUL)
    with untraced(), place_with(directory, gateway, models) as place:
        yield place


@dataclass
class Watched:
    """A conversation whose answer runs, a turn that waits, and who looks on."""

    id: str
    tabs: list[Tab]
    shown: list[list[str]]


async def begin_watched(alice: Person, stack: AsyncExitStack, model: int) -> Watched:
    pk = await alice.begin(model, "first")
    tabs = [await stack.enter_async_context(alice.open(pk)) for _ in range(VIEWERS)]
    assert (await alice.send(pk, "second")).status_code == 302
    return Watched(pk, tabs, [])


async def kill_in_mid_answer(place: Place, watched: Watched, words: int) -> None:
    """Kill once every viewer has seen some text; note all that reached them."""
    tabs = watched.tabs
    await asyncio.gather(*(tab.watch(first_has(words)) for tab in tabs))
    await asyncio.to_thread(place.server.kill)
    await asyncio.gather(*(tab.watch_to_the_end() for tab in tabs))
    watched.shown = [tab.page.replies[0].words for tab in tabs]


def first_has(words: int):
    return lambda page: bool(page.replies) and len(page.replies[0].words) >= words


async def check_kept(place: Place, alice: Person, watched: Watched) -> None:
    (state, text), (waited, _) = place.replies(watched.id)
    assert state == "interrupted"
    assert waited != "interrupted"
    words = text.split()
    assert words == [f"t{number}" for number in range(len(words))]
    for shown in watched.shown:
        assert words[: len(shown)] == shown
    assert place.questions(watched.id) == ["first", "second"]
    page = await alice.page(watched.id)
    assert page.replies[0].words == words
    assert page.replies[0].state == "interrupted"
    assert "The server restarted here." in page.replies[0].html
    assert f"/m/{page.replies[0].id}/continue/" in page.replies[0].html


async def check_waiting_turn_starts(place: Place, watched: Watched) -> None:
    async def started() -> bool:
        return place.replies(watched.id)[1][0] == "running"

    await until(started, "the waiting turn starts after the restart")


# Each time a server starts, which takes long on a busy machine.
@pytest.mark.timeout(600)
async def test_twenty_kills_lose_nothing_anybody_has_seen(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    chance = random.Random(20)
    for _ in range(KILLS):
        async with AsyncExitStack() as stack:
            watched = await begin_watched(alice, stack, place.models[LONG])
            await kill_in_mid_answer(place, watched, chance.randint(1, 25))
        await asyncio.to_thread(place.server.start)
        await check_kept(place, alice, watched)
        await check_waiting_turn_starts(place, watched)

    left = "SELECT count(*) FROM conversations_delta d JOIN conversations_generation g"
    assert place.rows(
        f"{left} ON g.id = d.generation_id WHERE g.state != 'running'"
    ) == [(0,)]
    assert place.rows("PRAGMA integrity_check") == [("ok",)]
    assert "Traceback" not in place.server.log


async def test_a_kill_in_mid_thought_loses_nothing_anybody_has_seen(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models[THOUGHTFUL])
    async with alice.open(pk) as tab:
        await tab.watch(lambda page: "r20 " in page.reply.reasoning)
        await asyncio.to_thread(place.server.kill)
        await tab.watch_to_the_end()
        seen = tab.page.reply.reasoning.split()
    await asyncio.to_thread(place.server.start)

    (kept,) = place.reasonings(pk)
    reloaded = (await alice.page(pk)).reply
    assert kept.split()[: len(seen)] == seen
    assert reloaded.reasoning.split() == kept.split()
    assert (reloaded.state, reloaded.words) == ("interrupted", [])


async def test_an_interrupted_answer_is_continued_and_counts_on(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    with place.gateway.holding(SHORT, after=40):
        pk = await alice.begin(place.models[SHORT])
        async with alice.open(pk) as tab:
            await tab.watch(has_words(10))
            await asyncio.to_thread(place.server.kill)
            await tab.watch_to_the_end()
            page = tab.page
    await asyncio.to_thread(place.server.start)
    ((_, kept),) = place.replies(pk)

    async with alice.open(pk, page) as tab:
        await tab.watch(ended)
        assert tab.page.reply.state == "interrupted"
        with place.gateway.holding(SHORT):
            assert await alice.act(pk, page.reply.id, "continue") == 302
            await tab.watch(lambda page: page.reply.state == "running")
            assert tab.page.reply.offset >= len(kept)
        await tab.watch(ended)

    second = "".join(f"t{n}" + ("\n\n" if n % 10 == 9 else " ") for n in range(60))
    assert place.replies(pk) == [("complete", kept + second)]
    assert tab.page.reply.words == (kept + second).split()
    assert (await alice.page(pk)).reply.words == (kept + second).split()
    asked = [one for one in place.gateway.requests if one.model == SHORT]
    partial, go_on = asked[-1].messages[-2:]
    assert (partial["role"], partial["content"]) == ("assistant", kept)
    assert go_on["role"] == "user"


async def test_what_was_acknowledged_before_a_kill_is_there_once(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models[LONG], "question 0")
    sent = {f"question {number}": uuid.uuid4() for number in range(1, 4)}
    for content, client_id in sent.items():
        response = await alice.send(pk, content, client_id)
        assert response.status_code == 302
    await asyncio.to_thread(place.server.kill)
    await asyncio.to_thread(place.server.start)
    # A browser whose answer got lost sends once more.
    for content, client_id in sent.items():
        response = await alice.send(pk, content, client_id)
        assert response.status_code == 302

    assert place.questions(pk) == [f"question {number}" for number in range(4)]
    page = await alice.page(pk)
    assert [one.words for one in page.questions] == [
        ["question", str(number)] for number in range(4)
    ]
    assert page.states[1:] == ["queued"] * 3 or page.states[0] == "interrupted"
