from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from conversations.models import Spending, SpendingLimits, UsageRecord, User
from conversations.services.spending import record_usage, reserve, settle
from conversations.wire import Usage
from tests.admin.test_users import url as url_of_user
from tests.admin.test_users import values
from tests.factories import make_model

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

FORM = "admin:conversations_spendinglimits_change"


def body(admin: Client, of: str) -> str:
    page = reverse(f"admin:conversations_{of}_changelist")
    return admin.get(page).content.decode()


def spend(user: User | None, cost: str) -> None:
    settle(user=user, reserved=Decimal(0), cost=Decimal(cost), at=timezone.now())


def use(user: User, usage: Usage) -> UsageRecord:
    return record_usage(
        generation=None,
        user=user,
        model=make_model("gpt-x"),
        purpose=UsageRecord.Purpose.TEST,
        usage=usage,
        at=timezone.now(),
    )


def test_the_limits_are_one_form(admin: Client) -> None:
    listed = reverse("admin:conversations_spendinglimits_changelist")

    response = admin.get(listed, follow=True)

    assert response.redirect_chain == [(reverse(FORM, args=[1]), 302)]
    assert response.status_code == 200


def test_a_limit_says_which_models_it_closes(admin: Client) -> None:
    make_model("gpt-x", is_default=True)

    saved = admin.post(reverse(FORM, args=[1]), {"each_person": "20"}, follow=True)

    words = saved.content.decode()
    assert "1 model has no known price, the default among them" in words


def test_no_limit_closes_no_model(admin: Client) -> None:
    make_model("gpt-x", is_default=True)

    saved = admin.post(reverse(FORM, args=[1]), {}, follow=True)

    assert "no known price" not in saved.content.decode()


def test_an_admin_sets_the_limits(admin: Client) -> None:
    form = {"each_person": "20", "everyone": "500.50", "allows_unknown": "on"}

    admin.post(reverse(FORM, args=[1]), form)

    limits = SpendingLimits.objects.get()
    assert limits.each_person == 20
    assert limits.everyone == Decimal("500.50")
    assert limits.allows_unknown


def test_an_admin_takes_the_limits_away(admin: Client) -> None:
    SpendingLimits.objects.create(each_person=20, everyone=500)

    admin.post(reverse(FORM, args=[1]), {})

    limits = SpendingLimits.objects.get()
    assert (limits.each_person, limits.everyone) == (None, None)


def test_a_limit_is_not_below_nothing(admin: Client) -> None:
    response = admin.post(reverse(FORM, args=[1]), {"each_person": "-1"})

    assert "greater than or equal to 0" in response.content.decode()
    assert SpendingLimits.objects.get().each_person is None


def test_limits_are_neither_added_nor_deleted(admin: Client) -> None:
    SpendingLimits.objects.create()
    delete = reverse("admin:conversations_spendinglimits_delete", args=[1])

    add = admin.get(reverse("admin:conversations_spendinglimits_add"))

    assert add.status_code == admin.post(delete, {"post": "yes"}).status_code == 403


def test_admins_see_who_has_spent_what(admin: Client, alice: User, bob: User) -> None:
    SpendingLimits.objects.create(each_person=20, everyone=500)
    User.objects.filter(pk=bob.pk).update(monthly_limit=7)
    spend(alice, "1.5")
    spend(bob, "2.25")
    reserve(user=bob, amount=Decimal("0.4"), at=timezone.now())

    page = body(admin, "spending")

    for words in ("Everyone", "$3.75", "$500.00", "alice", "$1.50", "$20.00"):
        assert words in page
    for words in ("bob", "$2.25", "$7.00", "$0.40"):
        assert words in page


def test_the_limit_of_now_is_not_shown_for_an_earlier_month(
    admin: Client, alice: User
) -> None:
    SpendingLimits.objects.create(each_person=20)
    Spending.objects.create(user=alice, month="2026-01-01", spent=3)

    page = body(admin, "spending")

    assert "January 2026" in page
    assert "$20.00" not in page


def test_the_list_of_spending_takes_no_query_a_person(
    admin: Client,
    alice: User,
    bob: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    spend(alice, "1")
    body(admin, "spending")
    with django_assert_num_queries(5):
        body(admin, "spending")
    spend(bob, "1")

    with django_assert_num_queries(5):
        body(admin, "spending")


def test_what_was_spent_cannot_be_changed(admin: Client, alice: User) -> None:
    spend(alice, "1")
    row = Spending.objects.get(user=alice)
    page = reverse("admin:conversations_spending_change", args=[row.pk])

    assert admin.post(page, {"spent": "0"}).status_code == 403


def test_an_unknown_cost_is_shown_as_unknown(admin: Client, alice: User) -> None:
    use(alice, Usage(input_tokens=1234))

    page = body(admin, "usagerecord")

    assert "1,234" in page
    assert '<td class="field-dollars">unknown</td>' in page
    assert '<td class="field-output">unknown</td>' in page


def test_a_request_is_listed_with_its_cost(admin: Client, alice: User) -> None:
    use(alice, Usage(input_tokens=9, cost=Decimal("0.00012"), estimated=True))

    page = body(admin, "usagerecord")

    for words in ("≈ 9", "$0.00012", "Reported by the gateway", "Connection test"):
        assert words in page


def test_a_person_s_page_has_a_limit_and_what_is_spent(
    admin: Client, alice: User
) -> None:
    spend(alice, "3.21")
    page = url_of_user("change", alice.pk)

    assert "$3.21" in admin.get(page).content.decode()
    admin.post(page, values(alice, monthly_limit="12.50"))

    alice.refresh_from_db()
    assert alice.monthly_limit == Decimal("12.50")


def test_who_has_spent_but_said_nothing_can_be_deleted(
    admin: Client, alice: User
) -> None:
    spend(alice, "1")

    admin.post(url_of_user("delete", alice.pk), {"post": "yes"})

    assert not User.objects.filter(pk=alice.pk).exists()
    assert Spending.objects.get(user=None).spent == 1
