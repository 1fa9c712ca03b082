"""Bodies that are too large: refused before they are kept, and nobody is held up."""

from __future__ import annotations

import asyncio
import html
import re
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from urllib.parse import urlsplit

import pytest

from chatsite.handler import THREADS
from conversations import limits
from tests.faults.conftest import People, Place, place_with
from tests.faults.people import (
    CSRF_TOKEN,
    PATIENCE_SECONDS,
    SESSION_COOKIE,
    until,
)
from tests.gateway.server import TestGateway
from tests.making_files import bomb

MOST = {
    "BODY_BYTES": "100000",
    "UPLOAD_BYTES": "300000",
    "UPLOADS_WAITING": "12",
    "EXTRACTION_SECONDS": "1",
}
MOMENT_SECONDS = 0.2
PART = b"x" * 50_000
CHUNK = b"c350\r\n" + PART + b"\r\n"
ZALGO = "\u0301\u0327" * 200
SENTENCES = (
    "“setup.pdf” is a program.",
    "“logo.svg” is a drawing that may hold programs.",
    "“bomb.pdf” takes too long to read.",
)
NOBODYS = "/c/00000000-0000-4000-8000-000000000000/files/"


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("bodies")
    with place_with(directory, gateway, ("ok",), MOST) as place:
        yield place


def begin(place: Place, head: str, session: str = "") -> socket.socket:
    """Send the head of a request, and nothing of its body."""
    url = urlsplit(place.server.url)
    wire = socket.create_connection((url.hostname, url.port), 10)
    cookie = f"Cookie: {SESSION_COOKIE}={session}\r\n" if session else ""
    wire.sendall(f"{head}\r\n{cookie}Host: 127.0.0.1:{url.port}\r\n\r\n".encode())
    return wire


def announce(place: Place, name: str) -> tuple[socket.socket, bytes]:
    """Say that a file will come; return what the server says to that."""
    head = "POST /files/ HTTP/1.1\r\nContent-Length: 200000\r\nExpect: 100-continue"
    wire = begin(place, head, place.sessions[name])
    return wire, hear(wire)


def hear(wire: socket.socket) -> bytes:
    """Read an answer: its head and its body may come apart."""
    wire.settimeout(PATIENCE_SECONDS)
    said = wire.recv(65_536)
    while not is_whole(said) and (more := wire.recv(65_536)):
        said += more
    return said


def is_whole(said: bytes) -> bool:
    head, ended, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"\ncontent-length: *(\d+)", head.lower())
    return bool(ended) and len(body) >= (int(length[1]) if length else 0)


def speak(
    place: Place, head: str, *parts: bytes, session: str = ""
) -> tuple[bytes, int]:
    """Send a request part by part until it is answered; return that, and how many went.

    A part goes where there is no answer for a moment; after the last one it may be long
    in coming.
    """
    with closing(begin(place, head, session)) as wire:
        for sent, part in enumerate(parts):
            if is_answered(wire):
                return hear(wire), sent
            wire.sendall(part)
        return hear(wire), len(parts)


def is_answered(wire: socket.socket) -> bool:
    return bool(select.select([wire], [], [], MOMENT_SECONDS)[0])


def expect_refused(answer: bytes) -> None:
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"Content-Security-Policy: default-src 'none'" in answer
    assert b"data-sentence" in answer


@pytest.mark.parametrize(
    ("path", "length"), [("/", 100_001), ("/login/", 10**12), ("/files/", 364_001)]
)
def test_a_body_that_says_it_is_too_large_is_not_waited_for(
    place: Place, path: str, length: int
) -> None:
    head = f"POST {path} HTTP/1.1\r\nContent-Length: {length}"
    answer, _ = speak(place, head, session=place.sessions["alice"])

    expect_refused(answer)


@pytest.mark.parametrize(("path", "most"), [("/", 3), ("/files/", 8), (NOBODYS, 8)])
def test_one_that_does_not_say_so_is_refused_when_it_is(
    place: Place, path: str, most: int
) -> None:
    head = f"POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked"
    answer, sent = speak(place, head, *[CHUNK] * most, session=place.sessions["alice"])

    expect_refused(answer)
    assert sent == most


def test_nobody_brings_files_without_being_signed_in(place: Place) -> None:
    head = "POST /files/ HTTP/1.1\r\nTransfer-Encoding: chunked"
    answer, sent = speak(place, head, *[CHUNK] * 3)

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"You are not signed in any more." in answer
    assert sent == 3


def test_who_is_refused_may_go_on_sending_and_others_are_answered(
    place: Place,
) -> None:
    url = urlsplit(place.server.url)
    with closing(socket.create_connection((url.hostname, url.port), 10)) as wire:
        wire.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99000000\r\n\r\n")
        expect_refused(hear(wire))
        for _ in range(20):
            wire.sendall(PART)
        answer, _ = speak(place, "GET /healthz HTTP/1.1\r\nConnection: close")
        assert answer.startswith(b"HTTP/1.1 200 ")
        # Nothing of it is read as another request.
        wire.settimeout(MOMENT_SECONDS)
        more = b""
        with suppress(OSError):
            more = wire.recv(65_536)
        assert more == b""


async def test_files_that_take_long_to_read_hold_up_nobody(
    place: Place, people: People
) -> None:
    alice, bob = await people(place, "alice"), await people(place, "bob")
    slow = {"file": ("slow.pdf", bomb(), "application/pdf")}
    token = {"csrfmiddlewaretoken": CSRF_TOKEN}
    # More than there are threads for pages.
    uploads = [
        asyncio.create_task(alice.http.post("/files/", data=token, files=slow))
        for _ in range(THREADS + 1)
    ]
    await asyncio.sleep(0)
    for _ in range(3):
        assert (await bob.http.get("/healthz")).status_code == 200
    # Where they took those threads, two would have to be done before.
    assert sum(not each.done() for each in uploads) >= THREADS
    # Hers are looked at one after the other, and his between them.
    quick = {"file": ("notes.txt", b"Mind the gap.")}
    answer = await bob.http.post("/files/", data=token, files=quick)
    assert answer.status_code == 302
    assert sum(not each.done() for each in uploads) > limits.EXTRACTIONS_AT_ONCE

    answers = await asyncio.gather(*uploads)
    assert {answer.status_code for answer in answers} == {422}
    assert all("takes too long to read" in answer.text for answer in answers)


async def test_each_file_that_is_not_taken_has_a_sentence_and_the_rest_is_kept(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
    given = {
        "setup.pdf": b"MZ\x90\x00",
        "logo.svg": script,
        "bomb.pdf": bomb(),
        "notes.txt": b"Mind the gap.",
    }
    typed = {"csrfmiddlewaretoken": CSRF_TOKEN, "content": "Look at these."}
    files = [("file", (name, data)) for name, data in given.items()]

    answer = await alice.http.post("/files/", data=typed, files=files)

    said = html.unescape(answer.text)
    assert [one for one in SENTENCES if one not in said] == []
    back = (await alice.http.get("/")).text
    assert "notes.txt" in back
    assert "Look at these.</textarea>" in back


async def test_a_refused_message_is_there_again_to_be_changed(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models["ok"], f"{'[' * 9_000} e{ZALGO} \u202eolleh")

    refused = await alice.post(f"/c/{pk}/messages/", content="x" * 90_001, client_id=1)

    assert refused.status_code == 422
    assert "x" * 90_001 in refused.text
    assert "[" * 9_000 in await alice.read(pk)


async def test_so_many_uploads_are_on_their_way_at_once(place: Place) -> None:
    with ExitStack() as stack:

        def bring(name: str) -> tuple[socket.socket, bytes]:
            wire, said = announce(place, name)
            return stack.enter_context(closing(wire)), said

        # Ten of one person, twelve of all.
        first = [bring("alice") for _ in range(10)]
        eleventh = bring("alice")
        [(left, _), last] = [bring("bob") for _ in range(2)]
        one_more = bring("charlie")

        for _, said in (*first, last):
            assert said.startswith(b"HTTP/1.1 100 ")
        for _, said in (eleventh, one_more):
            assert said.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After: 2" in said
            assert b"Many files are being looked at just now." in said
        left.close()

        async def is_taken() -> bool:
            return bring("charlie")[1].startswith(b"HTTP/1.1 100 ")

        await until(is_taken, "room for another")
