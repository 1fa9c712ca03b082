"""An admin's socket, where admins may read: noted, and told to the owner's page."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import open_socket, until
from tests.gateway.server import TestGateway


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("openings")
    with place_with(directory, gateway, ("ok",), {"ADMINS_MAY_READ": "yes"}) as place:
        yield place


LONG_AGO = "UPDATE conversations_opening SET last_at = datetime(last_at, '-30 minutes')"
RECENT = (
    "SELECT count(*) FROM conversations_opening "
    "WHERE last_at > datetime('now', '-1 minute')"
)


async def test_an_admins_socket_alone_is_noted_and_the_owner_sees_it(
    place: Place, people: People
) -> None:
    async def reads_on() -> bool:
        return place.rows(RECENT) == [(1,)]

    alice = await people(place, "alice")
    pk = await alice.begin(place.models["ok"])
    async with alice.open(pk) as tab:
        await tab.watch(lambda page: page.states == ["complete"])
        before = tab.page.seen

        socket = await open_socket(place.server.url, pk, place.sessions["staff"])
        await tab.watch(lambda page: page.seen > before)
        place.write(LONG_AGO)
        await socket.send(json.dumps({"t": "read", "m": tab.page.reply.id}))
        await until(reads_on, "the reading goes on")
        await socket.close()

    assert "An admin, staff, has read this" in await alice.read(pk)
    assert place.rows("SELECT name FROM conversations_opening") == [("staff",)]
    assert "which is not shared with them" in place.server.log
