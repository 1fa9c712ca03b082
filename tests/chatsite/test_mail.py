from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatsite import mail


@pytest.mark.parametrize(
    ("written", "port", "secure"),
    [
        ("smtp://mail.example", 25, None),
        ("smtp+tls://me:a%40b@mail.example", 587, "EMAIL_USE_TLS"),
        ("smtp+ssl://me:a%40b@mail.example", 465, "EMAIL_USE_SSL"),
        ("smtp+tls://mail.example:2525", 2525, "EMAIL_USE_TLS"),
    ],
)
def test_a_mail_server_is_named_by_a_url(
    monkeypatch: pytest.MonkeyPatch, written: str, port: int, secure: str | None
) -> None:
    monkeypatch.setenv("EMAIL_URL", written)

    found = mail.read_mail("EMAIL_URL")

    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example", port)
    assert [name for name in found if name.startswith("EMAIL_USE")] == (
        [secure] if secure else []
    )
    if "me:" in written:
        assert found["EMAIL_HOST_USER"] == "me"
        assert found["EMAIL_HOST_PASSWORD"] == "a@b"


@pytest.mark.parametrize(
    "written", ["mail.example", "smtp://", "smtp://h:port", "http://h", "filemail:///x"]
)
def test_nonsense_stops_the_start_without_quoting_it(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("EMAIL_URL", f"{written}?secret-word")

    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must look") as refused:
        mail.read_mail("EMAIL_URL")

    assert "secret-word" not in str(refused.value)


def test_without_a_url_there_is_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMAIL_URL", raising=False)

    assert mail.read_mail("EMAIL_URL") == {}


def test_the_sender_is_of_this_site_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = "https://chat.example:8443"
    monkeypatch.delenv("EMAIL_FROM", raising=False)
    assert mail.read_sender("EMAIL_FROM", site_url=site) == "roundtable@chat.example"

    monkeypatch.setenv("EMAIL_FROM", "hello@example.org")
    assert mail.read_sender("EMAIL_FROM", site_url=site) == "hello@example.org"

    monkeypatch.setenv("EMAIL_FROM", "hello\nBcc: all@example.org")
    with pytest.raises(ImproperlyConfigured, match="EMAIL_FROM must be"):
        mail.read_sender("EMAIL_FROM", site_url=site)
