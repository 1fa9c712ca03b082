from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection

from conversations.services import keys
from tests.factories import make_model

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings

    from conversations.models import Gateway

CANARY = "sk-canary-0123456789abcdefWXYZ"


@pytest.fixture
def gateway(db: None) -> Gateway:
    return make_model().gateway


def test_a_key_comes_back_as_it_went_in(gateway: Gateway) -> None:
    keys.set_key(gateway=gateway, key=CANARY)

    gateway.refresh_from_db()
    assert keys.read_key(gateway) == CANARY
    assert keys.describe_key(gateway) == "Key ends in …WXYZ"


def test_a_short_key_is_not_given_away_by_its_end(gateway: Gateway) -> None:
    keys.set_key(gateway=gateway, key="short")

    assert keys.describe_key(gateway) == "Set"


def test_a_cleared_key_is_gone(gateway: Gateway) -> None:
    keys.set_key(gateway=gateway, key=CANARY)

    keys.clear_key(gateway=gateway)

    gateway.refresh_from_db()
    assert keys.read_key(gateway) is None
    assert keys.describe_key(gateway) == "None"


def test_the_environment_comes_first_and_is_read_at_call_time(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.set_key(gateway=gateway, key=CANARY)
    gateway.key_variable = "OPENAI_API_KEY"

    monkeypatch.setenv("OPENAI_API_KEY", "from-outside")
    described = keys.describe_key(gateway)
    outside = keys.read_key(gateway)
    monkeypatch.delenv("OPENAI_API_KEY")

    assert outside == "from-outside"
    assert described == "From the environment variable OPENAI_API_KEY"
    assert keys.read_key(gateway) == CANARY


def test_a_key_survives_the_rotation_of_the_field_key(
    gateway: Gateway, settings: Settings
) -> None:
    keys.set_key(gateway=gateway, key=CANARY)
    new = Fernet.generate_key().decode()

    settings.FIELD_KEY = f"{new}, {settings.FIELD_KEY}"
    rotated = keys.read_key(gateway)
    keys.set_key(gateway=gateway, key=CANARY)
    settings.FIELD_KEY = new

    assert rotated == keys.read_key(gateway) == CANARY


def test_a_lost_field_key_is_said_in_words(
    gateway: Gateway, settings: Settings
) -> None:
    keys.set_key(gateway=gateway, key=CANARY)

    settings.FIELD_KEY = Fernet.generate_key().decode()

    with pytest.raises(keys.KeyLostError, match="FIELD_KEY has changed"):
        keys.read_key(gateway)
    assert "Enter the key again" in keys.describe_key(gateway)


def test_a_dump_holds_no_key(gateway: Gateway) -> None:
    keys.set_key(gateway=gateway, key=CANARY)

    dump = io.StringIO()
    call_command("dumpdata", stdout=dump)

    assert gateway.name in dump.getvalue()
    assert CANARY not in dump.getvalue()
    assert CANARY[:-4] not in dump.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_database_file_holds_no_key(tmp_path: Path) -> None:
    gateway = make_model().gateway
    keys.set_key(gateway=gateway, key=CANARY)

    stored = _every_byte(tmp_path)

    assert gateway.name.encode() in stored
    assert CANARY[:-4].encode() not in stored


def _every_byte(place: Path) -> bytes:
    """The database's own bytes; on a server, those of the row."""
    if connection.vendor == "sqlite":
        copy = place / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copy)])
        return copy.read_bytes()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM conversations_gateway")
        return b"".join(
            bytes(value) if isinstance(value, memoryview) else str(value).encode()
            for row in cursor.fetchall()
            for value in row
        )


@pytest.mark.parametrize("key", ["with space", "línea", "two\nlines", "x" * 501])
def test_what_no_header_could_carry_is_no_key(key: str) -> None:
    assert keys.find_problem(key)


def test_an_ordinary_key_is_fine() -> None:
    assert keys.find_problem(CANARY) == ""
