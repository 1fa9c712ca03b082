"""A server that must not start says why; one that starts keeps its bounds."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from conversations.live.hub import get_hub, renew_hub
from conversations.services.catalogs import sync_new_models
from tests.faults.conftest import People, Place, place_with
from tests.faults.people import ended, has_words
from tests.gateway.server import TestGateway
from tests.postgresql import free_port


def test_a_second_server_on_the_same_database_says_so_and_ends(
    tmp_path: Path, gateway: TestGateway
) -> None:
    with place_with(tmp_path, gateway, ("ok",)) as place:
        second = place.run("manage.py", "serve", PORT=str(free_port()))

        assert second.returncode != 0
        assert second.stdout == ""
        assert second.stderr.strip() == (
            "CommandError: Another Roundtable server uses this database already. "
            "Stop it first, or give this one its own DATABASE_URL."
        )
        assert place.server.healthy()


def test_a_server_at_a_port_that_is_taken_says_so_and_ends(
    tmp_path: Path, gateway: TestGateway
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with place_with(tmp_path, gateway, ("ok",)) as place:
        second = Place(other, gateway, {})
        result = second.run(
            "manage.py", "serve", "--migrate", PORT=str(place.server.port)
        )

        assert result.returncode != 0
        assert f"Port {place.server.port} on 127.0.0.1 is taken." in result.stderr
        assert "Traceback" not in result.stderr


def test_a_database_that_is_not_up_to_date_says_so_and_ends(
    tmp_path: Path, gateway: TestGateway
) -> None:
    result = Place(tmp_path, gateway, {}).run(
        "manage.py", "serve", PORT=str(free_port())
    )

    assert result.returncode != 0
    assert result.stdout == ""
    assert result.stderr.strip() == (
        "CommandError: The database is not up to date. Run: python manage.py migrate"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "9" * 5_000),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "mysql://user:password@host/name"),
        ("DATABASE_URL", "postgres://user:password@host:abc/name"),
        ("TICK_SECONDS", "nan"),
        ("RUNNING_PER_USER", "0.5"),
        ("RUNNING_PER_USER", "inf"),
        ("RUNNING_PER_USER", "0"),
        ("SITE_URL", "foo"),
        ("ALLOWED_HOSTS", "*"),
        ("FIELD_KEY", "x"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("TIME_ZONE", "Mars/Olympus"),
        ("LOG_LEVEL", "loud"),
        ("DEBUG", "perhaps"),
        ("HOST", "192.0.2.1"),
        ("VAR_DIR", "/dev/null/var"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_in_one_sentence(
    tmp_path: Path, gateway: TestGateway, name: str, value: str
) -> None:
    place = Place(tmp_path, gateway, {})

    result = place.run("manage.py", "serve", check=False, **{name: value})

    [line] = result.stderr.splitlines()
    assert result.returncode == 1
    assert result.stdout == ""
    assert line.startswith((f"{name} ", "/dev/null/var"))
    assert line.endswith(".")
    assert "password@host:abc" not in line


@pytest.mark.parametrize(
    "url", ["sqlite:////dev/null/db", "postgres://user@127.0.0.1:9/name"]
)
def test_a_database_that_cannot_be_reached_is_told_in_one_sentence(
    tmp_path: Path, gateway: TestGateway, url: str
) -> None:
    place = Place(tmp_path, gateway, {})

    result = place.run("manage.py", "serve", "--migrate", DATABASE_URL=url)

    [line] = result.stderr.splitlines()
    assert result.returncode == 1
    assert line.startswith("CommandError: The database cannot be used: ")


def test_https_without_a_proxy_does_not_start(
    tmp_path: Path, gateway: TestGateway
) -> None:
    place = Place(tmp_path, gateway, {})

    result = place.run("manage.py", "serve", SITE_URL="https://chat.example")

    assert result.returncode == 1
    assert "every page would redirect to itself for ever." in result.stderr
    assert "Traceback" not in result.stderr


async def test_answers_that_had_begun_are_ended_where_the_port_is_taken(
    tmp_path: Path, gateway: TestGateway, people: People
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    one_at_once = {"RUNNING_PER_USER": "1"}
    with (
        place_with(tmp_path, gateway, ("ok",)) as taken,
        place_with(other, gateway, ("ok:900@30",), one_at_once) as place,
    ):
        alice = await people(place, "alice")
        running = await alice.begin(place.models["ok:900@30"])
        async with alice.open(running) as tab:
            await tab.watch(has_words(1))
        waiting = await alice.begin(place.models["ok:900@30"])
        place.server.kill()
        before = place.replies(waiting)

        result = place.run("manage.py", "serve", PORT=str(taken.server.port))

        assert f"Port {taken.server.port} on 127.0.0.1 is taken." in result.stderr
        assert "Traceback" not in result.stderr
        assert before == [("queued", "")]
        assert [state for state, _ in place.replies(waiting)] == ["interrupted"]


async def test_a_frame_over_the_bound_ends_the_socket_that_sent_it(
    tmp_path: Path, gateway: TestGateway, people: People
) -> None:
    with place_with(tmp_path, gateway, ("ok",), {"FRAME_BYTES": "1000"}) as place:
        alice = await people(place, "alice")
        pk = await alice.begin(place.models["ok"])
        async with alice.open(pk) as tab:
            await tab.watch(ended)
            await tab.socket.send("x" * 4_000)
            await tab.watch(lambda page: bool(page.errors))
            await tab.socket.send("x" * 4_001)
            assert await tab.watch_to_the_end() in (1006, 1009)
        async with alice.open(pk) as tab:
            # It may be closed before the last of them has gone.
            with suppress(ConnectionClosed):
                await tab.socket.send(["x" * 1_000] * 5)
            assert await tab.watch_to_the_end() in (1006, 1009)
        assert "Traceback" not in place.server.log


async def test_an_article_over_that_bound_still_reaches_the_page(
    tmp_path: Path, gateway: TestGateway, people: People
) -> None:
    with place_with(tmp_path, gateway, ("ok",), {"FRAME_BYTES": "1000"}) as place:
        alice = await people(place, "alice")
        pk = await alice.begin(place.models["ok"])
        async with alice.open(pk) as tab:
            await tab.watch(ended)
        place.write(
            "UPDATE conversations_message SET content = ? WHERE role = 'assistant'",
            "long " * 20_000,
        )
        page = await alice.page(pk)
        page.articles.clear()
        page.seen = 0
        async with alice.open(pk, page) as tab:
            await tab.watch(ended)
            assert len(tab.page.reply.words) == 20_000
        assert "Traceback" not in place.server.log


async def test_a_list_of_models_that_fails_in_no_foreseen_way_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    await get_hub().close()
    try:
        await sync_new_models()
    finally:
        renew_hub()

    assert "The gateway's list of models could not be kept." in caplog.text


async def test_a_form_is_read_by_us_and_not_on_the_loop_before(
    tmp_path: Path, gateway: TestGateway, people: People
) -> None:
    """A form that cannot be read shows who reads it: each refuses it in its own way."""
    with place_with(tmp_path, gateway, ("ok",)) as place:
        nobody = await people(place)
        broken = {"content-type": "multipart/form-data"}

        answer = await nobody.http.post("/login/", content=b"--", headers=broken)

    assert answer.status_code in {400, 403}
    assert "default-src" in answer.headers["content-security-policy"]
