"""Single sign-on that goes wrong: nobody is signed in, and one sentence says so."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.urls import reverse

from conversations.models import User
from tests.oidc.server import OpenIDProvider
from tests.oidc.visits import leave, sentence, sign_in, visit, who

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize(
    "fault",
    [
        "wrong nonce",
        "wrong signature",
        "expired",
        "another audience",
        "another token's issuer",
        "no token",
        "nonsense",
    ],
)
def test_what_cannot_be_trusted_signs_nobody_in(
    client: Client,
    provider: OpenIDProvider,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    provider.fault = fault
    with caplog.at_level(logging.WARNING, "conversations.security"):
        response = sign_in(client)

    assert response.status_code == 403
    assert "can’t be trusted" in sentence(response)
    assert who(client) is None
    assert not User.objects.exists()
    assert caplog.messages[0].startswith("Single sign-on signed nobody in")
    assert "canary" not in caplog.text + response.content.decode()


def test_a_profile_of_somebody_else_signs_nobody_in(
    client: Client, provider: OpenIDProvider
) -> None:
    provider.profile = {"sub": "another"}

    assert "can’t be trusted" in sentence(sign_in(client))
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "fault", ["another issuer", "an unsafe address", "no addresses"]
)
def test_a_provider_that_describes_itself_wrongly_is_not_visited(
    client: Client, provider: OpenIDProvider, fault: str
) -> None:
    provider.fault = fault

    response = client.post(reverse("sign_on"))

    assert response.status_code == 403
    assert "can’t be trusted" in sentence(response)
    assert provider.asked == [".well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("fault", "status", "begins"),
    [
        ("access_denied", 200, "You stopped before the end"),
        ("server_error", 403, "Single sign-on did not let you in."),
    ],
)
def test_what_goes_wrong_is_said_in_one_sentence(
    client: Client, provider: OpenIDProvider, fault: str, status: int, begins: str
) -> None:
    provider.fault = fault

    response = sign_in(client)

    assert response.status_code == status
    assert sentence(response).startswith(begins)
    assert who(client) is None


def test_a_dead_provider_gives_a_sentence(
    client: Client, provider: OpenIDProvider
) -> None:
    back = visit(leave(client))
    provider.die()

    on_the_way_back = client.get(back)
    cache.clear()
    at_the_beginning = client.post(reverse("sign_on"))

    for response in (on_the_way_back, at_the_beginning):
        assert response.status_code == 502
        assert sentence(response).startswith("Single sign-on can’t be reached")
    assert who(client) is None


def test_a_provider_that_says_nothing_is_not_waited_for(
    client: Client, provider: OpenIDProvider, settings: Settings
) -> None:
    assert sum(settings.SOCIALACCOUNT_REQUESTS_TIMEOUT) <= 5
    settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = (1, 0.2)
    provider.fault = "silence"

    response = sign_in(client)

    assert response.status_code == 502
    assert sentence(response).startswith("Single sign-on can’t be reached")


def test_a_sign_in_is_good_once_and_in_the_browser_that_began_it(
    client: Client, provider: OpenIDProvider
) -> None:
    back = visit(leave(client))
    stranger = type(client)()

    elsewhere = stranger.get(back)
    assert client.get(back).status_code == 302
    client.logout()
    again = client.get(back)

    for response in (elsewhere, again, client.get(reverse("sign_on_callback"))):
        assert response.status_code == 400
        assert "begun too long ago" in sentence(response)
    assert who(client) is None
    assert "_auth_user_id" not in stranger.session
