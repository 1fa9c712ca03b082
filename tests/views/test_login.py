from __future__ import annotations

import pytest
from django.test import Client

from conversations.models import User
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

KIND = "That name and password don’t fit together. Please try again."


def sign_in(client: Client, name: str, password: str) -> tuple[int, str]:
    response = client.post("/login/", {"login": name, "password": password})
    return response.status_code, response.content.decode()


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_kind_words(
    client: Client, alice: User, name: str
) -> None:
    status, page = sign_in(client, name, "not this one")

    assert status == 200
    assert KIND in page
    assert "specified" not in page
    assert page.count('role="alert"') == 1


def test_after_many_tries_one_is_asked_to_wait(client: Client, alice: User) -> None:
    for _ in range(5):
        sign_in(client, "alice", "not this one")

    status, page = sign_in(client, "alice", PASSWORD)

    assert status == 200
    assert "Too many failed login attempts. Try again later." in page
    assert KIND not in page


def test_very_many_tries_lead_to_a_plain_page(client: Client, alice: User) -> None:
    for _ in range(30):
        sign_in(client, "alice", "not this one")

    status, page = sign_in(client, "alice", PASSWORD)

    assert status == 429
    assert "Please wait a few minutes and try again." in page
    assert "<h1>A moment, please</h1>" in page
