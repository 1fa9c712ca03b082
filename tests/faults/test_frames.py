"""Hostile frames: each is answered with one plain sentence, and nothing breaks."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.faults.conftest import People, Place, place_with
from tests.faults.people import (
    PATIENCE_SECONDS,
    SESSION_COOKIE,
    Person,
    Tab,
    ended,
    open_socket,
    until,
)
from tests.gateway.server import TestGateway

SENTENCE = "The page sent something unreadable."
ID = str(uuid.uuid4())
HOSTILE: list[str | bytes] = [
    "",
    " ",
    "\0",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    '"sub"',
    "[]",
    '["sub"]',
    "{}",
    "{",
    "}",
    "{]",
    "'{}'",
    "{'t': 'sub'}",
    '{"t"}',
    '{"t":null}',
    '{"t":1}',
    '{"t":true}',
    '{"t":["sub"]}',
    '{"t":{"t":"sub"}}',
    '{"t":""}',
    '{"t":"SUB"}',
    '{"t":"sub "}',
    '{"t":"su\\u0000b"}',
    '{"t":"\\ud800"}',
    '{"t":"send","x":"hello"}',
    '{"t":"stop"}',
    '{"t":"d","m":"' + ID + '","a":1,"o":0,"e":5,"x":"forged"}',
    '{"t":"a","m":"' + ID + '","p":"","h":"<article></article>"}',
    '{"type":"websocket.close","code":1000}',
    '{"type":"websocket.disconnect"}',
    '{"t":"websocket.receive","text":"{}"}',
    '{"t":"follow"}',
    '{"t":"__class__"}',
    '{"t":"sub","seen":"1"}',
    '{"t":"sub","seen":-1}',
    '{"t":"sub","seen":1.5}',
    '{"t":"sub","seen":true}',
    '{"t":"sub","seen":null}',
    '{"t":"sub","seen":[]}',
    '{"t":"sub","seen":9007199254740993}',
    '{"t":"sub","seen":' + "9" * 5_000 + "}",
    '{"t":"sub","seen":0,"m":1}',
    '{"t":"sub","seen":0,"m":"1"}',
    '{"t":"sub","seen":0,"m":"../../etc/passwd"}',
    '{"t":"sub","seen":0,"m":"\\ud83d"}',
    '{"t":"sub","seen":0,"m":["' + ID + '"]}',
    '{"t":"sub","seen":0,"m":"' + ID + '","a":-1}',
    '{"t":"sub","seen":0,"m":"' + ID + '","o":1e3}',
    '{"t":"sub","seen":0,"m":"' + ID + '","c":"0"}',
    '{"t":"sub","seen":0,"m":"' + ID + '","r":-1}',
    '{"t":"sub","seen":0,"m":"' + ID + '","r":"7"}',
    '{"t":"k","m":{}}',
    '{"t":"k","m":"no uuid","o":1}',
    '{"t":"k","m":"' + ID + '","o":-5}',
    '{"t":"k","m":"' + ID + '","o":NaN}',
    '{"t":"k","m":"' + ID + '","o":1,"r":null}',
    '{"t":"k","m":"' + ID + '","o":' + "1" * 400 + "}",
    '{"t":"read"}',
    '{"t":"read","m":""}',
    '{"t":"read","m":7}',
    '{"t":"read","m":"../../etc/passwd"}',
    '{"t":"read","m":["' + ID + '"]}',
    '{"t":"Y"}',
    "[" * 100_000,
    '{"a":' * 20_000,
    "[" * 30_000 + "]" * 30_000,
    '{"t":"sub","x":"' + "x" * 100_000 + '"}',
    "x" * 70_000,
    "\u202e\u0000\ufeff{}",
    b"",
    b"\x00\x01\x02",
    b'{"t":"sub","seen":0}',
    b"\xff\xfe",
    b"\x00" * 60_000,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner)
    ),
    max_leaves=10,
)
FIELDS = st.sampled_from(["t", "m", "a", "o", "c", "r", "seen", "x", "type"])
FRAMES = (
    st.dictionaries(FIELDS, JSON | st.sampled_from(["sub", "k", "read", "y", ID]))
    | JSON
    | st.text(st.characters(codec="utf-8"), max_size=60)
    | st.binary(max_size=60)
)


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("frames")
    with place_with(directory, gateway, ("ok", "ok:60@30")) as place:
        yield place


async def conversation(place: Place, alice: Person) -> str:
    pk = await alice.begin(place.models["ok"])
    async with alice.open(pk) as tab:
        await tab.watch(ended)
    return pk


async def check_still_works(tab: Tab) -> None:
    """A frame as the page sends it is answered with the newest version."""
    tab.page.seen = 0
    await tab.subscribe()
    await tab.watch(lambda page: page.seen > 0)


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 15))
async def test_a_hostile_frame_gets_a_sentence_and_the_next_one_works(
    place: Place, people: People, start: int
) -> None:
    alice = await people(place, "alice")
    pk = await conversation(place, alice)
    async with alice.open(pk) as tab:
        await check_still_works(tab)
        for frame in HOSTILE[start : start + 15]:
            tab.page.errors.clear()
            await tab.socket.send(frame)
            page = await tab.watch(lambda page: bool(page.errors))
            assert page.errors == [SENTENCE], frame[:80]
            await check_still_works(tab)
    assert len(HOSTILE) >= 45
    assert "Traceback" not in place.server.log


def test_whatever_a_frame_holds_the_next_one_works(place: Place) -> None:
    with asyncio.Runner() as runner:
        alice = Person(place.server.url, place.sessions["alice"])
        pk = runner.run(conversation(place, alice))
        socket = runner.run(open_socket(place.server.url, pk, alice.cookie))
        tab = Tab(socket, runner.run(alice.page(pk)))

        @settings(max_examples=300)
        @given(st.lists(FRAMES, max_size=5))
        def send(frames: list[object]) -> None:
            runner.run(play(tab, frames))

        send()
        runner.run(tab.leave())
        runner.run(alice.http.aclose())
    assert "Traceback" not in place.server.log


async def play(tab: Tab, frames: list[object]) -> None:
    for frame in frames:
        await tab.say(frame)
    await check_still_works(tab)


async def test_a_frame_of_two_megabytes_hurts_nobody_else(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models["ok:60@30"])
    async with alice.open(pk) as other, alice.open(pk) as tab:
        # It may be closed before all of that has gone.
        with suppress(ConnectionClosed):
            await tab.socket.send("x" * 2_000_000)

        assert await tab.watch_to_the_end() in (1006, 1009)
        await other.watch(ended)
        assert other.page.reply.words == [f"t{number}" for number in range(60)]
    assert "Traceback" not in place.server.log


async def test_a_flood_of_frames_closes_the_page_that_floods(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway, people: People
) -> None:
    environ = {"FRAMES_PER_SECOND": "20", "SOCKETS_PER_USER": "3"}
    directory = tmp_path_factory.mktemp("flood")
    with place_with(directory, gateway, ("ok",), environ) as place:
        alice = await people(place, "alice")
        pk = await conversation(place, alice)
        async with alice.open(pk) as calm, alice.open(pk) as tab:
            with suppress(ConnectionClosed):
                for _ in range(200):
                    await tab.say({"t": "k", "m": ID, "o": 0})
            assert await tab.watch_to_the_end() == 4429
            await check_still_works(calm)
        async with AsyncExitStack() as stack:
            for _ in range(3):
                await come_in(stack, alice, pk)
            async with alice.open(pk) as fourth:
                assert await fourth.watch_to_the_end() == 4429
        assert "Traceback" not in place.server.log


async def come_in(stack: AsyncExitStack, alice: Person, pk: str) -> None:
    """Open a page; of those that have just gone the server may not know yet."""

    async def is_let_in() -> bool:
        tab = await stack.enter_async_context(alice.open(pk))
        try:
            await check_still_works(tab)
        except ConnectionClosed:
            return False
        return True

    await until(is_let_in, "there is room for a page")


async def test_wild_protocol_closes_only_the_wild_socket(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await conversation(place, alice)
    port = place.server.port
    for bad in (
        b"\x81\x82\x00\x00\x00\x00\xff\xfe",
        b"\x8f\x80",
        b"\xff" * 40,
        b"\x81\x05hello",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /ws/c/{pk}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {alice.url}\r\n"
            f"Cookie: {SESSION_COOKIE}={alice.cookie}\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(bad)
        with suppress(ConnectionResetError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                await reader.read()
            writer.close()
            await writer.wait_closed()
    async with alice.open(pk) as tab:
        await check_still_works(tab)
    assert "Traceback" not in place.server.log
