from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from conversations.models import SetUp, User
from conversations.services.accounts import renew_setup_link

pytestmark = pytest.mark.django_db

GOOD = {
    "username": "ada",
    "password1": "a long enough sentence",
    "password2": "a long enough sentence",
}


@pytest.fixture
def link() -> str:
    path = renew_setup_link()
    assert path is not None
    return path


def test_the_link_moves_the_token_off_the_address_bar(
    client: Client, link: str
) -> None:
    response = client.get(link)

    assert response.status_code == 302
    assert response["Location"] == "/setup/"
    assert link.split("/")[2] not in str(dict(client.session))
    assert client.get("/setup/").status_code == 200


def test_without_the_link_there_is_no_set_up(client: Client, link: str) -> None:
    assert client.get("/setup/").status_code == 404
    assert client.post("/setup/", GOOD).status_code == 404
    assert client.get("/setup/wrong/").status_code == 404
    assert client.post(link).status_code == 405


def test_the_first_admin_is_made_and_signed_in(client: Client, link: str) -> None:
    client.get(link)

    response = client.post("/setup/", GOOD)

    assert response.status_code == 302
    assert response["Location"] == "/"
    admin = User.objects.get()
    assert (admin.username, admin.is_staff, admin.is_superuser) == ("ada", True, True)
    assert client.session["_auth_user_id"] == str(admin.pk)
    assert client.get("/setup/").status_code == 404
    assert Client().get(link).status_code == 404


def test_a_form_with_a_mistake_keeps_the_link_open(client: Client, link: str) -> None:
    client.get(link)

    refused = client.post("/setup/", {**GOOD, "password2": "something else"})

    assert refused.status_code == 422
    assert GOOD["password1"] not in refused.content.decode()
    assert client.post("/setup/", GOOD).status_code == 302


def test_a_newer_link_ends_an_older_visit(client: Client, link: str) -> None:
    client.get(link)
    renew_setup_link()

    assert client.post("/setup/", GOOD).status_code == 404
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_thirty_posts_at_once_make_one_admin(link: str) -> None:
    visitors = [Client() for _ in range(30)]
    for visitor in visitors:
        visitor.get(link)

    def post(number: int) -> int:
        try:
            form = {**GOOD, "username": f"admin{number}"}
            return visitors[number].post("/setup/", form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(post, range(30)))

    assert sorted(answers) == [302, *[404] * 29]
    assert User.objects.count() == 1
    assert SetUp.objects.get().used_at is not None
