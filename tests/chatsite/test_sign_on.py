from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatsite.sign_on import read_credential, read_issuer

NAME = "OIDC_ISSUER_URL"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "https://login.example",
        "https://login.example:8443/realms/a-b/",
        "http://127.0.0.1:9000/realm",
        "http://localhost",
        "http://[::1]:9000",
    ],
)
def test_an_issuer_is_an_https_url_or_this_machine(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv(NAME, f" {written} ")

    assert read_issuer(NAME) == written


@pytest.mark.parametrize(
    "written",
    [
        "login.example",
        "http://login.example",
        "http://127.0.0.1.evil.example",
        "https://",
        "https://user:password@login.example",
        "https://login.example?tenant=1",
        "https://login.example#top",
        "https://login.example/a realm",
        "https://login.example:99999",
        "https://[::1",
        "ftp://127.0.0.1",
        "https://login.example/" + "a" * 200,
    ],
)
def test_any_other_issuer_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv(NAME, written)

    with pytest.raises(ImproperlyConfigured, match=f"{NAME} must look like https://"):
        read_issuer(NAME)


@pytest.mark.parametrize("written", ["two\nlines", "a" * 501])
def test_a_secret_that_is_none_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", written)

    with pytest.raises(ImproperlyConfigured, match="must be one line") as refused:
        read_credential("OIDC_CLIENT_SECRET")
    assert written not in str(refused.value)
