from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from conversations.models import SpendingLimits
from conversations.services.spending import settle

if TYPE_CHECKING:
    from django.test import Client

    from conversations.models import User


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def words(page: Client) -> str:
    return page.get(reverse("spending")).content.decode().strip()


def spend(user: User, cost: str) -> None:
    settle(user=user, reserved=Decimal(0), cost=Decimal(cost), at=timezone.now())


def test_nothing_is_said_where_nothing_is_spent_or_limited(page: Client) -> None:
    response = page.get(reverse("spending"))

    assert (response.status_code, response.content) == (204, b"")


def test_one_sees_what_one_has_spent_this_month(
    page: Client, alice: User, bob: User
) -> None:
    spend(alice, "1.234")
    spend(bob, "7")

    assert words(page) == "This month: $1.23"


def test_one_sees_one_s_own_limit(page: Client, alice: User) -> None:
    SpendingLimits.objects.create(each_person=20, everyone=500)
    assert words(page) == "This month: $0.00 of $20.00"

    spend(alice, "0.001")

    assert words(page) == "This month: less than $0.01 of $20.00"


def test_the_menu_asks_for_it_only_when_it_is_opened(page: Client) -> None:
    body = page.get(reverse("home")).content.decode()

    assert f'hx-get="{reverse("spending")}" hx-trigger="toggle from:' in body
