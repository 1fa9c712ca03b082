from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from conversations.models import (
    ContextPolicy,
    Gateway,
    LanguageModel,
    Spending,
    SpendingLimits,
    SystemPrompt,
    Team,
    UsageRecord,
    User,
)
from conversations.services.keys import set_key
from tests.factories import make_model, make_prompt, make_team

if TYPE_CHECKING:
    from django.db.models import Model

CANARY = "sk-canary-0123456789abcdefWXYZ"


@pytest.fixture
def pages(staff: User, alice: User) -> list[str]:
    """Every page of the admin that a GET can open."""
    model = make_model()
    gateway = model.gateway
    set_key(gateway=gateway, key=CANARY)
    prompt = make_prompt()
    rows: list[Model] = [gateway, model, prompt, alice, make_team("Team", alice)]
    found = [reverse("admin:index"), reverse("admin:jsi18n")]
    for row in rows:
        name = f"admin:conversations_{row._meta.model_name}"
        found += [reverse(f"{name}_{page}") for page in ("changelist", "add")]
        found += [
            reverse(f"{name}_{page}", args=[row.pk])
            for page in ("change", "history", "delete")
        ]
    diff = reverse("admin:conversations_systemprompt_diff", args=[prompt.pk])
    password = reverse("admin:auth_user_password_change", args=[alice.pk])
    test = reverse("admin:conversations_gateway_test", args=[gateway.pk])
    context = reverse("admin:conversations_contextpolicy_change", args=[1])
    return [*found, f"{diff}?from=1&to=1", password, test, context]


@pytest.fixture
def posts(pages: list[str]) -> list[str]:
    """Pages that a POST alone opens, beside forms."""
    gateway = Gateway.objects.get()
    return [
        reverse(f"admin:conversations_gateway_{page}", args=[gateway.pk])
        for page in ("test", "sync")
    ]


def test_what_can_be_administered_is_listed_here() -> None:
    assert set(admin.site._registry) == {
        ContextPolicy,
        Gateway,
        LanguageModel,
        Spending,
        SpendingLimits,
        SystemPrompt,
        Team,
        UsageRecord,
        User,
    }


def test_an_admin_can_open_every_page_and_none_shows_a_key(
    client: Client, staff: User, pages: list[str]
) -> None:
    client.force_login(staff)
    for page in pages:
        response = client.get(page)

        assert response.status_code == 200, page
        body = response.content.decode()
        assert CANARY not in body
        assert CANARY[:-4] not in body


def test_nobody_but_staff_can_open_any_page(
    client: Client, alice: User, pages: list[str]
) -> None:
    client.force_login(alice)
    for page in pages:
        response = client.get(page, follow=True)

        assert response.status_code == 403, page


def test_nobody_but_staff_with_rights_has_a_gateway_asked(
    client: Client, alice: User, bob: User, posts: list[str]
) -> None:
    bob.is_staff = True
    bob.save()
    for user in (alice, bob):
        client.force_login(user)
        for page in posts:
            assert client.post(page, follow=True).status_code == 403, page


def test_a_gateway_is_not_asked_for_models_by_looking(
    client: Client, staff: User, posts: list[str]
) -> None:
    client.force_login(staff)

    assert [client.get(page).status_code for page in posts] == [200, 405]


def test_another_site_cannot_have_a_gateway_asked(
    staff: User, posts: list[str]
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    for page in posts:
        assert client.post(page).status_code == 403, page


def test_staff_without_rights_can_open_nothing_but_the_index(
    client: Client, bob: User, pages: list[str]
) -> None:
    bob.is_staff = True
    bob.save()
    client.force_login(bob)
    for page in pages:
        response = client.get(page)

        expected = 200 if page in ("/admin/", "/admin/jsi18n/") else 403
        assert response.status_code == expected, page


def test_a_stranger_is_sent_to_the_one_login(client: Client, pages: list[str]) -> None:
    response = client.get(pages[2], follow=True)

    assert response.redirect_chain[-1][0].startswith("/login/?next=/admin/")


def test_the_admin_has_no_login_of_its_own(client: Client, staff: User) -> None:
    posted = client.post(
        "/admin/login/", {"username": "staff", "password": "correct horse battery"}
    )

    assert posted.status_code == 302
    assert "_auth_user_id" not in client.session


def test_a_login_page_brings_an_admin_to_the_index(client: Client, staff: User) -> None:
    client.force_login(staff)

    assert client.get("/admin/login/")["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("page", "target"),
    [("logout", "/logout/"), ("password_change", "/password/change/")],
)
def test_what_everyone_has_is_not_doubled(
    client: Client, staff: User, page: str, target: str
) -> None:
    client.force_login(staff)

    assert client.get(f"/admin/{page}/")["Location"] == target
