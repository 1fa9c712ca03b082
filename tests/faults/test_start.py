"""A server that must not start says why, in one sentence."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import Place, place_with
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
