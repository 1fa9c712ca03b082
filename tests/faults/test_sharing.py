"""Sharing is changed while an answer runs: at once for one, unharmed for the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults.conftest import People, Place, place_with
from tests.faults.page import Page
from tests.faults.people import Person, ended, has_words, open_socket
from tests.gateway.server import TestGateway

SLOW = "ok:60@20"
MOST_SECONDS = 2.0


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    """A server where alice and bob are in one team."""
    directory = tmp_path_factory.mktemp("sharing")
    with place_with(directory, gateway, (SLOW,)) as place:
        place.make_team("Support", "alice", "bob")
        yield place


async def share(alice: Person, pk: str, bob: int, access: str) -> None:
    response = await alice.post(f"/c/{pk}/people/{bob}/", access=access)
    assert response.status_code == 302, response.text


async def test_ending_a_share_in_mid_stream_silences_one_and_harms_nobody(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await alice.begin(place.models[SLOW])
    await share(alice, pk, place.users["bob"], "write")

    async with alice.open(pk) as hers, bob.open(pk) as his:
        await his.watch(has_words(3))
        await share(alice, pk, place.users["bob"], "none")
        lost = time.monotonic()
        assert await his.watch_to_the_end() == 4403
        assert time.monotonic() - lost < MOST_SECONDS
        page = await hers.watch(ended)

    assert page.states == ["complete"]
    assert len(page.reply.words) == 60
    assert (await bob.http.get(f"/c/{pk}/")).status_code == 404
    assert (await bob.send(pk, "Still there?")).status_code == 404
    assert place.questions(pk) == ["Go on."]
    # Who asks anew is told no more than whoever never saw it.
    socket = await open_socket(place.server.url, pk, bob.cookie)
    with pytest.raises(ConnectionClosed):
        await socket.recv()
    assert socket.close_code == 4404


async def test_who_may_only_read_goes_on_reading_and_writes_when_let(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await alice.begin(place.models[SLOW])
    await share(alice, pk, place.users["bob"], "read")

    async with bob.open(pk) as his:
        await his.watch(has_words(1))
        assert (await bob.send(pk, "May I?")).status_code == 403
        reply = his.page.reply.id
        assert await bob.act(pk, reply, "stop") == 403
        for access, status in (("write", 302), ("read", 403)):
            await share(alice, pk, place.users["bob"], access)
            now = sharing_version(place, pk)
            await his.watch(knows_sharing(now), MOST_SECONDS)
            assert (await bob.send(pk, f"With {access}")).status_code == status
        page = await his.watch(ended)

    assert page.states[0] == "complete"
    assert place.questions(pk) == ["Go on.", "With write"]


def knows_sharing(version: int) -> Callable[[Page], bool]:
    return lambda page: page.sharing == version


def sharing_version(place: Place, pk: str) -> int:
    rows = place.rows(
        "SELECT sharing_version FROM conversations_conversation WHERE id = ?",
        pk.replace("-", ""),
    )
    return int(str(rows[0][0]))
