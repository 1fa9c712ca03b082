"""Who may listen: rights are read when used, and losing them closes the page."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.factories import PASSWORD
from tests.faults.conftest import People, Place, place_with
from tests.faults.people import PATIENCE_SECONDS, Person, has_words, open_socket
from tests.gateway.server import TestGateway

LONG = "ok:2000@40"
QUICK = "ok"
# Before the accept; 400 where the protocol itself cannot read the origin.
REFUSED = (400, 403)
NEW_PASSWORD = "battery staple correct"


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, gateway: TestGateway
) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("rights")
    with place_with(directory, gateway, (LONG, QUICK)) as place:
        yield place


async def refused_with(place: Place, conversation: str, session: str = "") -> int:
    """Open a socket that is accepted and then closed; return the code."""
    socket = await open_socket(place.server.url, conversation, session)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(ConnectionClosed):
                await socket.recv()
    finally:
        await socket.close()
    return socket.close_code or 0


async def test_strangers_outsiders_and_the_missing_are_told_after_the_accept(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models[QUICK])

    assert await refused_with(place, pk) == 4401
    assert await refused_with(place, pk, "no-such-session") == 4401
    assert await refused_with(place, pk, place.sessions["charlie"]) == 4404
    assert await refused_with(place, pk, place.sessions["staff"]) == 4404
    assert await refused_with(place, str(uuid.uuid4()), alice.cookie) == 4404
    assert "Traceback" not in place.server.log


async def losing(
    person: Person, place: Place, lose: Callable[[Person], Awaitable[None]]
) -> int:
    """Lose a right while an answer runs; return the code the page is closed with."""
    pk = await person.begin(place.models[LONG])
    async with person.open(pk) as tab:
        await tab.watch(has_words(3))
        await lose(person)
        lost = time.monotonic()
        code = await tab.watch_to_the_end()
        assert time.monotonic() - lost < 2
    return code


async def log_out(person: Person) -> None:
    assert (await person.post("/logout/")).status_code == 302


async def change_password(person: Person) -> None:
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD}
    response = await person.post("/password/change/", **fields, password2=NEW_PASSWORD)
    assert response.status_code == 302, response.text


async def test_logging_out_closes_the_page(place: Place, people: People) -> None:
    bob = await people(place, "bob")

    assert await losing(bob, place, log_out) == 4401


async def test_changing_the_password_closes_other_pages(
    place: Place, people: People
) -> None:
    dora = await people(place, "dora")

    assert await losing(dora, place, change_password) == 4401


async def test_being_deactivated_closes_the_page_and_all_doors(
    place: Place, people: People
) -> None:
    emil = await people(place, "emil")

    async def deactivate(_: Person) -> None:
        place.write(
            "UPDATE conversations_user SET is_active = 0 WHERE username = 'emil'"
        )

    assert await losing(emil, place, deactivate) == 4401
    assert (await emil.http.get("/")).status_code == 302
    some = str(uuid.uuid4())
    assert await refused_with(place, some, place.sessions["emil"]) == 4401


async def test_deleting_the_session_closes_the_page(
    place: Place, people: People
) -> None:
    frida = await people(place, "frida")

    async def revoke(person: Person) -> None:
        key = person.cookie
        place.write("DELETE FROM django_session WHERE session_key = ?", key)

    assert await losing(frida, place, revoke) == 4401


def bad_origins(url: str) -> list[list[str]]:
    """Headers of handshakes that another site could cause, or a broken client."""
    port = int(url.rpartition(":")[2])
    one = [
        f"http://127.0.0.1:{port + 1}",
        "http://127.0.0.1",
        f"https://127.0.0.1:{port}",
        f"ws://127.0.0.1:{port}",
        f"http://127.0.0.1:{port}.evil.example",
        f"http://evil.example:{port}",
        f"http://evil@127.0.0.1:{port}",
        f"http://127.0.0.1:{port}@evil.example",
        f"http://127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}/path",
        f"HTTP://127.0.0.1:{port}",
        f"http://127.0.0.1:{port}, http://evil.example",
        f"http://127.0.0.1:{port} http://evil.example",
        f"http://[::1]:{port}",
        "http://[::1",
        "http://127.0.0.1:notaport",
        "http://[::ffff:127.0.0.1]:80",
        "null",
        "file://",
        "",
        "http://",
        "\x1f",
        f"http://127.0.0.1\x0b:{port}",
    ]
    twice = [[url, "http://evil.example"], ["http://evil.example", url], [url, url]]
    return [[], *([origin] for origin in one), *twice]


async def test_only_our_exact_origin_may_open_a_socket(
    place: Place, people: People
) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models[QUICK])
    for origins in bad_origins(place.server.url):
        status = await handshake(place, pk, alice.cookie, origins)
        assert status in REFUSED, origins

    localhost = place.server.url.replace("127.0.0.1", "localhost")
    assert await handshake(place, pk, alice.cookie, [localhost]) == 101
    assert await handshake(place, pk, alice.cookie, [place.server.url]) == 101
    assert "Traceback" not in place.server.log


async def handshake(place: Place, pk: str, session: str, origins: list[str]) -> int:
    """Send a raw handshake; return the status of the answer."""
    port = place.server.port
    lines = [
        f"GET /ws/c/{pk}/ HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Cookie: roundtable_session={session}",
        *(f"Origin: {origin}" for origin in origins),
    ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            line = await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()
    return int(line.split()[1])


async def test_no_compression_is_negotiated(place: Place, people: People) -> None:
    alice = await people(place, "alice")
    pk = await alice.begin(place.models[QUICK])
    socket = await open_socket(place.server.url, pk, alice.cookie)

    assert socket.request is not None
    assert socket.response is not None
    assert "Sec-WebSocket-Extensions" in socket.request.headers
    assert "Sec-WebSocket-Extensions" not in socket.response.headers
    await socket.close()


@pytest.mark.parametrize("path", ["/ws/x/", "/ws/c/", "/ws/c/1/", "/ws/c/..%2f/", "/"])
async def test_a_socket_at_no_address_is_refused_without_a_traceback(
    place: Place, people: People, path: str
) -> None:
    alice = await people(place, "alice")
    with pytest.raises(InvalidStatus) as refused:
        await open_socket(place.server.url, path, alice.cookie, path=path)

    assert refused.value.response.status_code in (403, 404)
    assert "Traceback" not in place.server.log
