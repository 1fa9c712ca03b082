"""Stop and delete: the gateway is hung up on, and nothing grows again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import Person, Tab, ended, has_words, until
from tests.gateway.exchange import Recorded
from tests.gateway.server import TestGateway

LONG = "ok:2000@40"
SILENT = "stall"
FALLS_SILENT = "stall:5"
SILENT_HEADERS = "stall-headers"
MODELS = (LONG, SILENT, FALLS_SILENT, SILENT_HEADERS)


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("stop")
    with place_with(directory, gateway, MODELS) as place:
        yield place


class Asking:
    """A conversation whose answer is being written, seen in one tab."""

    def __init__(self, alice: Person, pk: str, tab: Tab, request: Recorded) -> None:
        self.alice = alice
        self.pk = pk
        self.tab = tab
        self.request = request

    async def stop(self) -> float:
        """Stop; return how long until the gateway and the page knew, in seconds."""
        began = time.monotonic()
        reply = self.tab.page.replies[0].id
        assert await self.alice.act(self.pk, reply, "stop") == 302
        await self.tab.watch(ended)
        assert await self.hung_up()
        return time.monotonic() - began

    async def hung_up(self) -> bool:
        async def closed() -> bool:
            return self.request.closed is not None

        await until(closed, "the gateway is hung up on")
        return self.request.hung_up


async def ask(
    place: Place, people: People, stack: AsyncExitStack, model: str, words: int = 0
) -> Asking:
    alice = await people(place, "alice")
    place.gateway.clear()
    pk = await alice.begin(place.models[model])
    tab = await stack.enter_async_context(alice.open(pk))
    request = place.gateway.wait_for_request()
    await tab.watch(lambda page: page.reply.state == "running")
    await tab.watch(has_words(words))
    return Asking(alice, pk, tab, request)


async def test_stop_hangs_up_on_the_gateway_within_a_second(
    place: Place, people: People
) -> None:
    async with AsyncExitStack() as stack:
        asking = await ask(place, people, stack, LONG, words=10)

        assert await asking.stop() < 1

        ((state, text),) = place.replies(asking.pk)
        assert state == "stopped"
        assert "Stopped by alice." in asking.tab.page.reply.html
        assert f"/m/{asking.tab.page.reply.id}/continue/" in asking.tab.page.reply.html
        assert asking.tab.page.reply.words == text.split()
        usage = "SELECT output_tokens, estimated FROM conversations_usagerecord u JOIN"
        usage += " conversations_generation g ON g.id = u.generation_id"
        rows = place.rows(f"{usage} ORDER BY g.id DESC LIMIT 1")
        assert rows[0][0]
        assert rows[0][1] == 1


async def test_a_stopped_answer_never_grows_again(place: Place, people: People) -> None:
    async with AsyncExitStack() as stack:
        asking = await ask(place, people, stack, LONG, words=10)
        await asking.stop()
        shown = asking.tab.page.reply.words
        sent = asking.request.tokens_sent
        # What another answer in the same conversation writes comes after.
        await asking.alice.send(asking.pk, "And now?")
        await asking.tab.watch(
            lambda page: len(page.replies) == 2 and len(page.reply.words) >= 20
        )

        assert asking.tab.page.replies[0].words == shown
        assert place.replies(asking.pk)[0][1].split() == shown
        assert (await asking.alice.page(asking.pk)).replies[0].words == shown
        assert asking.request.tokens_sent <= sent + 1
        reply = asking.tab.page.reply.id
        assert await asking.alice.act(asking.pk, reply, "stop") == 302
        await asking.tab.watch(ended)


@pytest.mark.parametrize(
    ("model", "words"), [(SILENT, 0), (SILENT_HEADERS, 0), (FALLS_SILENT, 5)]
)
async def test_stop_works_while_the_gateway_is_silent(
    place: Place, people: People, model: str, words: int
) -> None:
    async with AsyncExitStack() as stack:
        asking = await ask(place, people, stack, model, words)

        assert await asking.stop() < 1

        ((state, text),) = place.replies(asking.pk)
        assert (state, len(text.split())) == ("stopped", words)


async def test_stop_twice_is_stop_once(place: Place, people: People) -> None:
    async with AsyncExitStack() as stack:
        asking = await ask(place, people, stack, LONG, words=3)
        await asking.stop()

        reply = asking.tab.page.reply.id
        assert await asking.alice.act(asking.pk, reply, "stop") == 302
        assert place.replies(asking.pk)[0][0] == "stopped"


async def test_a_queued_turn_is_withdrawn_and_never_asked(
    place: Place, people: People
) -> None:
    async with AsyncExitStack() as stack:
        asking = await ask(place, people, stack, LONG, words=3)
        for content in ("withdrawn", "kept"):
            await asking.alice.send(asking.pk, content)
        page = await asking.tab.watch(lambda page: len(page.replies) == 3)
        assert [one.state for one in page.questions] == ["complete", "queued", "queued"]
        question = page.questions[1].id

        assert await asking.alice.act(asking.pk, question, "stop") == 302
        await asking.tab.watch(lambda page: page.replies[1].state == "stopped")
        assert asking.tab.page.replies[0].state == "running"
        await asking.alice.act(asking.pk, page.replies[0].id, "stop")
        page = await asking.tab.watch(lambda page: page.replies[2].state == "running")
        place.gateway.wait_for_request(count=2)

        assert "Withdrawn by alice" in page.replies[1].html
        contents = [one.messages[-1]["content"] for one in place.gateway.requests]
        assert contents == ["Go on.", "kept"]
        said = [message["content"] for message in place.gateway.requests[1].messages]
        assert "withdrawn" not in said
        await asking.alice.act(asking.pk, page.reply.id, "stop")
        await asking.tab.watch(ended)


async def test_deleting_a_conversation_ends_its_answer_and_closes_its_pages(
    place: Place, people: People
) -> None:
    async with AsyncExitStack() as stack:
        asking = await ask(place, people, stack, LONG, words=3)
        await asking.alice.send(asking.pk, "waiting")
        began = time.monotonic()
        deleted = await asking.alice.post(f"/c/{asking.pk}/delete/")

        assert deleted.status_code == 302
        assert await asking.hung_up()
        assert time.monotonic() - began < 1
        assert await asking.tab.watch_to_the_end() == 4404
        assert time.monotonic() - began < 2
        assert (await asking.alice.http.get(f"/c/{asking.pk}/")).status_code == 404
        ended_as = [state for state, _ in place.replies(asking.pk)]
        assert ended_as == ["stopped", "stopped"]
        purged = await asking.alice.post(f"/c/{asking.pk}/purge/")
        assert purged.status_code == 302
        assert place.replies(asking.pk) == []
        assert len(place.gateway.requests) == 1
        assert "Traceback" not in place.server.log


async def test_deleting_a_person_ends_their_answers(
    place: Place, people: People
) -> None:
    delete = "from conversations.models import User; User.objects.get(pk={}).delete()"
    async with AsyncExitStack() as stack:
        dora = await people(place, "dora")
        place.gateway.clear()
        pk = await dora.begin(place.models[LONG])
        tab = await stack.enter_async_context(dora.open(pk))
        await tab.watch(has_words(3))
        code = delete.format(place.users["dora"])
        await asyncio.to_thread(place.run, "manage.py", "shell", "-c", code, check=True)
        began = time.monotonic()

        assert await Asking(dora, pk, tab, place.gateway.requests[0]).hung_up()
        assert await tab.watch_to_the_end() == 4401
        assert time.monotonic() - began < 2
        assert place.replies(pk) == []
        assert (await dora.http.get("/")).status_code == 302
        assert "Traceback" not in place.server.log
