"""A conversation whose deletion is killed half-way is gone at once, and wholly later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import ended, until
from tests.gateway.server import TestGateway

SHORT = "ok:5"
# The oldest message is deleted last.
HOLD = """
CREATE TRIGGER hold BEFORE DELETE ON conversations_message WHEN OLD.seq = 1
BEGIN SELECT RAISE(ABORT, 'held'); END
"""


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("deleting")
    with place_with(directory, gateway, (SHORT,)) as place:
        yield place


async def test_what_a_kill_left_of_a_deleted_conversation_goes_at_the_next_start(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    kept = await alice.begin(place.models[SHORT], "keep")
    gone = await alice.begin(place.models[SHORT], "delete")
    async with alice.open(gone) as tab:
        await tab.watch(ended)
    place.write(HOLD)

    assert (await alice.post(f"/c/{gone}/delete/")).status_code == 302
    assert (await alice.http.get(f"/c/{gone}/")).status_code == 404
    assert f"/c/{gone}/" not in await alice.read(kept)
    assert place.questions(gone) == ["delete"]
    assert gone in (await alice.http.get("/deleted/")).text

    assert (await alice.post(f"/c/{gone}/purge/")).status_code == 302
    assert place.questions(gone) == ["delete"]
    assert gone not in (await alice.http.get("/deleted/")).text

    await asyncio.to_thread(place.server.kill)
    place.write("DROP TRIGGER hold")
    await asyncio.to_thread(place.server.start)

    async def is_gone() -> bool:
        (count,) = place.rows("SELECT count(*) FROM conversations_conversation")
        return count == (1,)

    await until(is_gone, "the rest of it is deleted")
    assert place.questions(gone) == []
    assert place.questions(kept) == ["keep"]
    assert place.rows("PRAGMA foreign_key_check") == []
