from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from chatsite import env

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://chat.example", "https://chat.example"),
        ("https://Chat.Example:443", "https://chat.example"),
        ("HTTPS://chat.example/", "https://chat.example"),
        ("http://chat.example:80", "http://chat.example"),
        ("http://chat.example:443", "http://chat.example:443"),
        ("https://chat.example:8443", "https://chat.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("  http://10.0.0.1:8000 ", "http://10.0.0.1:8000"),
    ],
)
def test_the_site_is_named_as_browsers_name_an_origin(
    monkeypatch: pytest.MonkeyPatch, written: str, origin: str
) -> None:
    monkeypatch.setenv("SITE_URL", written)

    assert env.read_site_url("127.0.0.1", 8000) == (origin, [origin])


@pytest.mark.parametrize(
    "written",
    [
        "foo",
        "chat.example",
        "ftp://chat.example",
        "https://",
        "https://:443",
        "https://user@chat.example",
        "https://user:password@chat.example",
        "https://@chat.example",
        "https://chat.example/team",
        "https://chat.example?a=1",
        "https://chat.example#top",
        "https://chat.example:0",
        "https://chat.example:abc",
        "https://chat.example:99999",
        "https://[::1",
        "https://chat example",
        "https://chat..example",
        "https://chat.example;x",
    ],
)
def test_a_site_url_that_is_more_or_less_than_an_origin_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("SITE_URL", written)

    with pytest.raises(ImproperlyConfigured, match="SITE_URL must look like https://"):
        env.read_site_url("127.0.0.1", 8000)


@pytest.mark.parametrize(
    ("host", "port", "origins"),
    [
        ("127.0.0.1", 8000, ["http://127.0.0.1:8000", "http://localhost:8000"]),
        ("127.0.0.1", 80, ["http://127.0.0.1", "http://localhost"]),
        ("::1", 8000, ["http://[::1]:8000"]),
    ],
)
def test_without_a_site_url_it_is_this_machine(
    monkeypatch: pytest.MonkeyPatch, host: str, port: int, origins: list[str]
) -> None:
    monkeypatch.delenv("SITE_URL", raising=False)

    assert env.read_site_url(host, port) == (origins[0], origins)


@pytest.mark.parametrize(
    ("origins", "written", "hosts"),
    [
        (["https://chat.example"], "", ["chat.example"]),
        (["https://chat.example:8443"], "a, b,", ["chat.example", "a", "b"]),
        (["http://[::1]:8000"], "", ["[::1]"]),
        (
            ["http://127.0.0.1:8000", "http://localhost:8000"],
            "box",
            ["127.0.0.1", "localhost", "box"],
        ),
    ],
)
def test_allowed_hosts_come_on_top_of_the_sites_own(
    monkeypatch: pytest.MonkeyPatch,
    origins: list[str],
    written: str,
    hosts: list[str],
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", written)

    assert env.read_hosts("ALLOWED_HOSTS", origins, debug=False) == hosts


def test_any_host_is_allowed_while_debugging_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "a,*")

    assert "*" in env.read_hosts("ALLOWED_HOSTS", [], debug=True)
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS is"):
        env.read_hosts("ALLOWED_HOSTS", [], debug=False)


def test_field_keys_may_be_several(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = f"{Fernet.generate_key().decode()}, {Fernet.generate_key().decode()}"
    monkeypatch.setenv("FIELD_KEY", keys)

    assert env.read_or_make_secret("FIELD_KEY", tmp_path / "key", field=True) == keys
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("field", [True, False])
def test_a_secret_is_made_once_and_for_its_owner_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, field: bool
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    path = tmp_path / "var/secret"

    made = env.read_or_make_secret("SECRET_KEY", path, field=field)

    assert env.read_or_make_secret("SECRET_KEY", path, field=field) == made
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_kept_secret_that_was_emptied_is_refused_by_its_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FIELD_KEY", raising=False)
    path = tmp_path / "field_key"
    path.write_text("")

    with pytest.raises(ImproperlyConfigured, match=f"^{path} must be a Fernet key"):
        env.read_or_make_secret("FIELD_KEY", path, field=True)
