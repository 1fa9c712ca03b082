"""Exports of long conversations to slow readers: nothing piles up in the server."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conversations.services.exporting.reading import BATCH_MESSAGES
from tests.faults.conftest import People, Place, place_with
from tests.faults.people import (
    PATIENCE_SECONDS,
    SESSION_COOKIE,
    Person,
    ended,
    until,
)
from tests.gateway.server import TestGateway

TABLE = "conversations_message"
MESSAGES = 1_500
LETTERS = 100_000
REASON = "badly formed hexadecimal UUID string"
# A third of what was still to come when it was looked at.
MOST_GROWTH_KB = MESSAGES * LETTERS // 1024 // 3
OWN = {
    "id": "lower(hex(randomblob(16)))",
    "seq": "seq + 10 + n",
    "client_id": "NULL",
    "content": f"replace(hex(zeroblob({LETTERS // 2})), '00', 'ab')",
}


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    with place_with(tmp_path_factory.mktemp("exports"), gateway, ("ok",)) as place:
        yield place


def lengthen(place: Place, conversation: str, messages: int) -> None:
    """Let a conversation have many long messages of people."""
    names = [str(row[1]) for row in place.rows(f"PRAGMA table_info({TABLE})")]
    columns = ", ".join(names)
    values = ", ".join(OWN.get(name, name) for name in names)
    place.write(
        f"INSERT INTO {TABLE} ({columns}) WITH RECURSIVE numbers(n) AS "
        f"(SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {messages}) "
        f"SELECT {values} FROM {TABLE}, numbers "
        "WHERE conversation_id = ? AND role = 'user'",
        conversation.replace("-", ""),
    )


async def make_long(place: Place, alice: Person, messages: int = MESSAGES) -> str:
    """A long conversation in which nothing is being written any more."""
    pk = await alice.begin(place.models["ok"])
    async with alice.open(pk) as tab:
        await tab.watch(ended)
    lengthen(place, pk, messages)
    return pk


def spoil(place: Place, pk: str) -> None:
    """Let the end of a conversation be something that cannot be read."""
    of_it = f"FROM {TABLE} WHERE conversation_id = ?"
    last = f"SELECT id {of_it} ORDER BY seq DESC LIMIT 1"
    place.write(
        f"UPDATE {TABLE} SET client_id = 'no id' WHERE id = ({last})",
        pk.replace("-", ""),
    )


def resident(place: Place) -> int:
    """The memory of the server, in kB."""
    status = Path(f"/proc/{place.server.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])


def ask(place: Place, path: str) -> socket.socket:
    """Ask for an export with little room for what comes."""
    url = urlsplit(place.server.url)
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    wire.settimeout(PATIENCE_SECONDS)
    wire.connect((url.hostname, url.port))
    cookie = f"{SESSION_COOKIE}={place.sessions['alice']}"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{url.port}\r\nCookie: {cookie}"
    wire.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode())
    return wire


def read_on(wire: socket.socket, taken: bytes) -> bytes:
    parts = [taken]
    while part := wire.recv(1_000_000):
        parts.append(part)
    return b"".join(parts)


async def test_an_export_waits_for_its_reader_and_loses_nothing(
    place: Place, people: People
) -> None:
    alice, told = await people(place, "alice"), len(place.server.log)
    pk = await make_long(place, alice)

    with closing(ask(place, f"/c/{pk}/export/json/?all=1")) as wire:
        taken = wire.recv(300)
        before, until = resident(place), time.monotonic() + 2
        while time.monotonic() < until:
            assert resident(place) - before < MOST_GROWTH_KB
            assert (await alice.http.get("/healthz")).status_code == 200
        _, _, body = read_on(wire, taken).partition(b"\r\n\r\n")

    said = json.loads(b"".join(re.split(rb"(?:^|\r\n)[0-9a-f]+\r\n", body)))
    long = [one for one in said["messages"] if len(one["content"]) == LETTERS]
    assert len(long) == MESSAGES
    assert "Traceback" not in place.server.log[told:]


async def test_a_reader_who_leaves_ends_the_export(
    place: Place, people: People
) -> None:
    alice, told = await people(place, "alice"), len(place.server.log)
    pk = await make_long(place, alice)

    for _ in range(3):
        with closing(ask(place, f"/c/{pk}/export/json/?all=1")) as wire:
            wire.recv(300)

    assert (await alice.http.get("/healthz")).status_code == 200
    assert "Traceback" not in place.server.log[told:]


async def test_a_reader_sees_that_an_export_could_not_be_made_to_its_end(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    sound = await make_long(place, alice, 2 * BATCH_MESSAGES)
    pk = await make_long(place, alice, 2 * BATCH_MESSAGES)
    # Of these there is nothing to tell.
    for _ in range(2):
        ask(place, f"/c/{sound}/export/json/?all=1").close()
    spoil(place, pk)

    with closing(ask(place, f"/c/{pk}/export/json/?all=1")) as wire:
        got = b""
        # Its end is a connection that breaks off, not one that says nothing more.
        with suppress(ConnectionResetError):
            got = read_on(wire, b"")

    assert not got.endswith(b"\r\n0\r\n\r\n")

    async def is_told() -> bool:
        return f"ValueError: {REASON}" in place.server.log

    # All of it: other tests look for what they have not caused.
    await until(is_told, "the reason in the log")
    assert "AttributeError" not in place.server.log
