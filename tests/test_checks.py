from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.checks import ERROR, Tags, run_checks

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings


def found() -> list[str | None]:
    """The ids of this project's own errors."""
    checked = run_checks(tags=[Tags.security])
    return [each.id for each in checked if each.level >= ERROR]


@pytest.mark.parametrize(
    ("secure", "proxies", "expected"),
    [
        (True, 0, ["conversations.E001"]),
        (True, 1, []),
        (False, 0, []),
    ],
)
def test_https_needs_a_proxy_that_is_trusted(
    settings: Settings, secure: bool, proxies: int, expected: list[str]
) -> None:
    settings.SECURE = secure
    settings.TRUSTED_PROXY_COUNT = proxies

    assert found() == expected


@pytest.mark.parametrize(
    ("issuer", "client", "secret", "expected"),
    [
        ("", "", "", []),
        ("https://login.example", "roundtable", "secret", []),
        ("https://login.example", "", "", ["conversations.E002"]),
        ("https://login.example", "roundtable", "", ["conversations.E002"]),
        ("", "roundtable", "secret", ["conversations.E002"]),
    ],
)
def test_single_sign_on_needs_all_three_or_none(
    settings: Settings, issuer: str, client: str, secret: str, expected: list[str]
) -> None:
    settings.OIDC_ISSUER_URL = issuer
    settings.OIDC_CLIENT_ID = client
    settings.OIDC_CLIENT_SECRET = secret

    assert found() == expected
