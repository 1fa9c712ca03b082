"""Two people at one conversation, over real sockets: who is here, who types, news."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.faults.conftest import People, Place, place_with
from tests.faults.page import Page
from tests.faults.people import Person, ended, open_socket
from tests.gateway.server import TestGateway

# What is forgotten sooner may be so before anybody has been told.
BRIEF = {"TYPING_SECONDS": "2.5", "PRESENCE_GRACE_SECONDS": "0.3"}
TYPING = {"t": "y", "later": "a field nobody knows"}
WAIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("presence")
    with place_with(directory, gateway, ("ok",), BRIEF) as place:
        yield place


def share(place: Place, conversation: str, name: str, access: str = "write") -> None:
    """Share a conversation with somebody, behind the server's back."""
    place.write(
        "INSERT INTO conversations_share (conversation_id, user_id, access, created_at)"
        " VALUES (?, ?, ?, '2026-01-01')",
        conversation.replace("-", ""),
        place.users[name],
        access,
    )


def unshare(place: Place, name: str) -> None:
    place.write("DELETE FROM conversations_share WHERE user_id = ?", place.users[name])


async def begin(place: Place, alice: Person) -> str:
    """Ask something, and wait for the answer."""
    pk = await alice.begin(place.models["ok"])
    async with alice.open(pk) as tab:
        await tab.watch(ended)
    return pk


def here(**typing: bool) -> Callable[[Page], bool]:
    """Whether exactly these people are here, and who of them types."""

    def look(page: Page) -> bool:
        return {one["name"]: one["typing"] for one in page.here} == typing

    return look


async def test_people_come_type_and_go(place: Place, people: People) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await begin(place, alice)
    share(place, pk, "bob")
    async with alice.open(pk) as hers:
        await hers.watch(here(alice=False))
        async with bob.open(pk) as his:
            await hers.watch(here(alice=False, bob=False))
            await his.watch(here(alice=False, bob=False))
            await his.say(TYPING)
            await hers.watch(here(alice=False, bob=True))
            # Forgotten by itself.
            await hers.watch(here(alice=False, bob=False))
        await hers.watch(here(alice=False))
    unshare(place, "bob")


async def test_whoever_may_only_read_does_not_type(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await begin(place, alice)
    share(place, pk, "bob", "read")
    async with alice.open(pk) as hers, bob.open(pk) as his:
        await hers.watch(here(alice=False, bob=False))
        await his.say(TYPING)
        await hers.say(TYPING)
        typed = []
        hers.after.append(
            lambda page: typed.append([one["typing"] for one in page.here])
        )
        await hers.watch(here(alice=True, bob=False))
        await hers.watch(here(alice=False, bob=False))
        await his.watch(here(alice=False, bob=False))
        assert not his.page.errors
        assert all(not bob for _, bob in typed)
    unshare(place, "bob")


async def test_whoever_is_removed_is_gone_and_hears_nothing_more(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await begin(place, alice)
    share(place, pk, "bob")
    async with alice.open(pk) as hers, bob.open(pk) as his:
        await hers.watch(here(alice=False, bob=False))
        await his.watch(here(alice=False, bob=False))
        await his.say(TYPING)
        unshare(place, "bob")
        removed = time.monotonic()
        assert await his.watch_to_the_end() == 4403
        await hers.watch(here(alice=False))
        assert time.monotonic() - removed < 2
        with pytest.raises(ConnectionClosed):
            await his.socket.recv()


async def test_a_right_is_read_when_somebody_says_they_have_read(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    pk = await begin(place, alice)
    share(place, pk, "bob")
    async with bob.open(pk) as his:
        await his.watch(lambda page: bool(page.here))
        unshare(place, "bob")
        # It may have been noticed by then.
        with suppress(ConnectionClosed):
            await his.say({"t": "read", "m": his.page.reply.id})
        assert await his.watch_to_the_end() == 4403
    assert positions(place, pk, "bob") == []


def positions(place: Place, pk: str, name: str) -> list[tuple[object, ...]]:
    return place.rows(
        "SELECT read_seq FROM conversations_view "
        "WHERE conversation_id = ? AND user_id = ?",
        pk.replace("-", ""),
        place.users[name],
    )


class Home:
    """A page without a conversation."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    async def open(cls, person: Person) -> Home:
        return cls(await open_socket(person.url, "", person.cookie, path="/ws/"))

    async def next(self) -> str:
        """Wait for the next frame; return its kind."""
        async with asyncio.timeout(WAIT_SECONDS):
            frame = json.loads(await self.socket.recv())
        assert set(frame) <= {"t", "x"}
        return str(frame["t"])

    async def answer(self) -> str:
        """Say something that is answered; return the next frame's kind."""
        await self.socket.send("hello")
        return await self.next()

    async def settle(self) -> None:
        """Say something once, and read up to its answer: nothing stays unread."""
        kind = await self.answer()
        while kind != "e":
            kind = await self.next()


async def test_lists_are_told_to_those_who_have_them(
    place: Place, people: People
) -> None:
    names = ("alice", "bob", "charlie")
    alice, bob, charlie = [await people(place, name) for name in names]
    pk = await begin(place, alice)
    share(place, pk, "bob")
    homes = [await Home.open(one) for one in (alice, bob, charlie)]
    hers, his, theirs = homes
    # Each is there, and what was told before has been told.
    for home in homes:
        await home.settle()

    await alice.send(pk, "And now?")

    assert await his.next() == "u"
    assert await hers.next() == "u"
    assert await theirs.answer() == "e"
    for home in homes:
        await home.socket.close()
    unshare(place, "bob")


async def test_what_one_has_read_is_told_to_ones_other_pages(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await begin(place, alice)
    home = await Home.open(alice)
    async with alice.open(pk) as tab:
        reply = tab.page.reply.id
        await home.settle()
        await tab.say({"t": "read", "m": reply})
        assert await home.next() == "u"
        # What was told of the answer's end may have come only now.
        while positions(place, pk, "alice") != [(2,)]:
            assert await home.next() == "u"
    await home.socket.close()


async def test_a_page_without_a_conversation_is_closed_at_the_log_out(
    place: Place, people: People
) -> None:
    dora = await people(place, "dora")
    home = await Home.open(dora)
    assert await home.answer() == "e"

    assert (await dora.post("/logout/")).status_code == 302

    async with asyncio.timeout(2):
        with pytest.raises(ConnectionClosed):
            await home.socket.recv()
    assert home.socket.close_code == 4401
    stranger = await Home.open(await people(place))
    with pytest.raises(ConnectionClosed):
        await stranger.socket.recv()
    assert stranger.socket.close_code == 4401
