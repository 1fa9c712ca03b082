"""The same thing sent again, or two things at once: exactly what was meant."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import Person, ended
from tests.gateway.server import TestGateway
from tests.servers import running_server

SHORT = "ok:20@40"
PARALLEL = 30


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("once")
    with place_with(directory, gateway, (SHORT,)) as place:
        yield place


async def test_the_same_submit_five_times_is_one_message_and_one_request(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models[SHORT])
    place.gateway.clear()
    async with alice.open(pk) as tab:
        await tab.watch(ended)
        client_id = uuid.uuid4()
        answers = await asyncio.gather(
            *(alice.send(pk, "Once.", client_id) for _ in range(5))
        )
        assert {answer.status_code for answer in answers} == {302}
        await tab.watch(lambda page: len(page.replies) == 2 and ended(page))
        again = await alice.send(pk, "Once.", client_id)

        assert again.status_code == 302
        assert place.questions(pk) == ["Go on.", "Once."]
        assert asked(place).count("Once.") == 1


def asked(place: Place) -> list[str]:
    """What was asked of the gateway; of tests before, too, where it came late."""
    return [one.messages[-1]["content"] for one in place.gateway.requests]


async def test_the_same_first_submit_five_times_is_one_conversation(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    place.gateway.clear()
    client_id = uuid.uuid4()
    answers = await asyncio.gather(
        *(
            alice.post(
                "/", content="At first.", client_id=client_id, model=place.models[SHORT]
            )
            for _ in range(5)
        )
    )
    assert {answer.status_code for answer in answers} == {302}
    assert {answer.headers["location"] for answer in answers} == {f"/c/{client_id}/"}
    async with alice.open(str(client_id)) as tab:
        await tab.watch(ended)

    assert place.questions(str(client_id)) == ["At first."]
    assert asked(place).count("At first.") == 1


async def test_another_persons_id_makes_nothing_and_shows_nothing(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await alice.begin(place.models[SHORT], "Mine.")
    taken = await bob.post(
        "/", content="Theirs.", client_id=pk, model=place.models[SHORT]
    )

    assert taken.status_code == 409
    assert "Mine." not in taken.text
    assert place.questions(pk) == ["Mine."]


async def test_two_tabs_that_send_at_once_agree_on_the_order(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    async with AsyncExitStack() as stack:
        with place.gateway.holding(SHORT):
            pk = await alice.begin(place.models[SHORT], "zero")
            tabs = [await stack.enter_async_context(alice.open(pk)) for _ in range(2)]
            await tabs[0].watch(lambda page: page.states == ["running"])
            sent = await asyncio.gather(alice.send(pk, "one"), alice.send(pk, "two"))
            assert {answer.status_code for answer in sent} == {302}
            waiting = await tabs[0].watch(lambda page: len(page.replies) == 3)
            assert waiting.states == ["running", "queued", "queued"]
        for tab in tabs:
            await tab.watch(lambda page: len(page.replies) == 3 and ended(page))

    pages = [tab.page for tab in tabs] + [await alice.page(pk)]
    orders = [[one.text.strip() for one in page.questions] for page in pages]
    assert orders == [place.questions(pk)] * 3
    assert sorted(orders[0]) == ["one", "two", "zero"]
    assert [page.states for page in pages] == [["complete"] * 3] * 3
    seqs = place.rows(
        "SELECT seq FROM conversations_message WHERE conversation_id = ? ORDER BY seq",
        pk.replace("-", ""),
    )
    assert seqs == [(number,) for number in range(1, 7)]


async def test_thirty_parallel_set_ups_make_one_admin(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        async with AsyncExitStack() as stack:
            people = [Person(server.url) for _ in range(PARALLEL)]
            for person in people:
                await stack.enter_async_context(person.http)
                taken = await person.http.get(server.setup_link)
                assert taken.status_code == 302
            answers = await asyncio.gather(
                *(set_up(person, number) for number, person in enumerate(people))
            )
            late = await people[0].http.get(server.setup_link)

        assert sorted(answers) == [302] + [404] * (PARALLEL - 1)
        assert late.status_code == 404
        assert admins(tmp_path) == 1
        assert "Traceback" not in server.log


async def set_up(person: Person, number: int) -> int:
    fields = {"username": f"admin{number}", "password1": "a long enough secret"}
    response = await person.post("/setup/", **fields, password2="a long enough secret")
    return response.status_code


def admins(directory: Path) -> int:
    with TestGateway() as nobody:
        place = Place(directory, nobody, {})
        rows = place.rows(
            "SELECT count(*) FROM conversations_user WHERE is_superuser = 1"
        )
    return int(str(rows[0][0]))
