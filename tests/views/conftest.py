"""What several tests of pages need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.oidc.server import CLIENT_ID, CLIENT_SECRET, OpenIDProvider


@pytest.fixture
def provider(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenIDProvider]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with OpenIDProvider() as provider:
        settings.OIDC_ISSUER_URL = provider.issuer
        settings.OIDC_CLIENT_ID = CLIENT_ID
        settings.OIDC_CLIENT_SECRET = CLIENT_SECRET
        yield provider
