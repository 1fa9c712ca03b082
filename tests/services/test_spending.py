from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.models import (
    Gateway,
    LanguageModel,
    Price,
    Spending,
    SpendingLimits,
    UsageRecord,
    User,
)
from conversations.services.spending import (
    Month,
    OverLimitError,
    format_dollars,
    month_of,
    record_usage,
    reserve,
    reset_reserved,
    settle,
)
from conversations.wire import Usage
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_model,
    make_user,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_django import DjangoAssertNumQueries

    from conversations.models import Message

pytestmark = pytest.mark.django_db

NOVEMBER = datetime(2026, 11, 21, 12, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 0, 0, 1, tzinfo=UTC)
TEST = UsageRecord.Purpose.TEST


def limit(
    *,
    everyone: str | None = None,
    each_person: str | None = None,
    allows_unknown: bool = False,
) -> None:
    SpendingLimits.objects.update_or_create(
        pk=1,
        defaults={
            "everyone": everyone,
            "each_person": each_person,
            "allows_unknown": allows_unknown,
        },
    )


def row(user: User | None, at: datetime = NOVEMBER) -> tuple[str, str]:
    """What is spent and what is reserved, without zeros at the end."""
    found = Spending.objects.get(user=user, month=at.date().replace(day=1))
    return f"{found.spent.normalize():f}", f"{found.reserved.normalize():f}"


def spend(user: User | None, cost: str, at: datetime = NOVEMBER) -> None:
    settle(user=user, reserved=Decimal(0), cost=Decimal(cost), at=at)


def refusal(user: User | None, amount: str | None = "0.5") -> str:
    with pytest.raises(OverLimitError) as caught:
        reserve(user=user, amount=Decimal(amount) if amount else None, at=NOVEMBER)
    return str(caught.value)


def test_what_is_reserved_becomes_what_it_cost(alice: User) -> None:
    held = reserve(user=alice, amount=Decimal("0.5"), at=NOVEMBER)
    assert row(alice) == row(None) == ("0", "0.5")

    settle(user=alice, reserved=held, cost=Decimal("0.12"), at=NOVEMBER)

    assert row(alice) == row(None) == ("0.12", "0")


def test_spending_is_counted_before_there_is_any_limit(alice: User) -> None:
    spend(alice, "20.13")
    limit(each_person="20")

    assert row(alice) == ("20.13", "0")
    assert "alice’s limit" in refusal(alice)


def test_a_person_s_own_limit_comes_before_that_of_each(alice: User, bob: User) -> None:
    limit(each_person="1")
    alice.monthly_limit = Decimal(5)
    alice.save()
    spend(alice, "2")
    spend(bob, "2")

    assert reserve(user=alice, amount=Decimal(1), at=NOVEMBER) == 1
    assert "bob’s limit" in refusal(bob)


def test_a_limit_of_nothing_refuses_all_that_costs(alice: User) -> None:
    limit(each_person="0")

    assert "alice’s limit" in refusal(alice)
    assert reserve(user=alice, amount=Decimal(0), at=NOVEMBER) == 0


def test_the_refusal_says_whose_limit_and_until_when_but_no_sums(alice: User) -> None:
    limit(each_person="20")
    spend(alice, "19.75")
    reserve(user=alice, amount=Decimal("0.4"), at=NOVEMBER)

    # Everyone in the conversation reads it.
    assert refusal(alice) == (
        "alice’s limit for this month is reached. "
        "It renews on 1 December; an admin can raise it."
    )


def test_the_refusal_tells_everyone_s_limit_from_a_person_s(
    alice: User, bob: User
) -> None:
    limit(everyone="1000")
    spend(alice, "1000.5")

    assert refusal(bob) == (
        "What everyone together may spend this month is spent or set aside. "
        "It renews on 1 December; an admin can raise it."
    )


def test_what_everyone_s_limit_refuses_is_not_reserved_for_the_person(
    alice: User, bob: User
) -> None:
    limit(everyone="1")
    spend(alice, "1")
    reserve(user=bob, amount=Decimal(0), at=NOVEMBER)

    refusal(bob)

    assert row(bob) == ("0", "0")


def test_an_unknown_price_is_refused_only_while_a_limit_holds(alice: User) -> None:
    assert reserve(user=alice, amount=None, at=NOVEMBER) == 0

    limit(everyone="10")

    assert "What this model costs is unknown" in refusal(alice, None)


def test_admins_may_allow_an_unknown_price_until_the_limit_is_reached(
    alice: User,
) -> None:
    limit(everyone="10", allows_unknown=True)
    assert reserve(user=alice, amount=None, at=NOVEMBER) == 0

    spend(alice, "10")

    assert "is spent or set aside" in refusal(alice, None)


def test_a_limit_renews_with_the_month(alice: User) -> None:
    limit(each_person="1", everyone="1")
    spend(alice, "1")
    refusal(alice)

    assert reserve(user=alice, amount=Decimal(1), at=DECEMBER) == 1
    assert row(alice) == ("1", "0")


def test_months_are_those_of_utc(alice: User) -> None:
    spend(alice, "1", datetime.fromisoformat("2026-12-01T00:30+01:00"))

    assert row(alice) == ("1", "0")


def test_a_call_over_midnight_counts_in_the_month_it_began_in(alice: User) -> None:
    held = reserve(user=alice, amount=Decimal(1), at=NOVEMBER)
    spend(alice, "3", DECEMBER)

    settle(user=alice, reserved=held, cost=Decimal(2), at=NOVEMBER)

    assert row(alice) == ("2", "0")
    assert row(alice, DECEMBER) == ("3", "0")


def test_a_limit_for_january_renews_in_february(alice: User) -> None:
    january = datetime(2027, 1, 31, tzinfo=UTC)

    assert month_of(user=alice, at=january).renews_on == date(2027, 2, 1)


def test_background_calls_of_nobody_count_for_everyone() -> None:
    limit(everyone="1")
    spend(None, "1")

    assert "everyone" in refusal(None)


def test_a_new_start_gives_back_what_was_reserved(alice: User) -> None:
    limit(each_person="1")
    spend(alice, "0.2")
    reserve(user=alice, amount=Decimal(1), at=NOVEMBER)
    refusal(alice)

    reset_reserved()

    assert row(alice) == row(None) == ("0.2", "0")


def test_settling_twice_reserves_nothing_below_zero(alice: User) -> None:
    held = reserve(user=alice, amount=Decimal(1), at=NOVEMBER)
    settle(user=alice, reserved=held, cost=None, at=NOVEMBER)

    settle(user=alice, reserved=held, cost=None, at=NOVEMBER)

    assert row(alice) == row(None) == ("0", "0")


def test_an_absurd_amount_is_bounded(alice: User) -> None:
    held = reserve(user=alice, amount=Decimal("1e30"), at=NOVEMBER)

    assert held == 10_000


def test_a_call_is_admitted_with_three_queries(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    limit(everyone="9", each_person="9")
    spend(alice, "1")

    with django_assert_num_queries(3):
        held = reserve(user=alice, amount=Decimal(1), at=NOVEMBER)
    with django_assert_num_queries(2):
        settle(user=alice, reserved=held, cost=Decimal(1), at=NOVEMBER)


def test_a_month_tells_a_person_what_is_left(alice: User) -> None:
    limit(everyone="100", each_person="20")
    spend(alice, "1.5")

    december = date(2026, 12, 1)
    hers, everyone_s = (month_of(user=user, at=NOVEMBER) for user in (alice, None))
    assert hers == Month(Decimal("1.5"), Decimal(20), december)
    assert everyone_s == Month(Decimal("1.5"), Decimal(100), december)


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0.00"),
        ("0.004", "less than $0.01"),
        ("1.234", "$1.23"),
        ("12345.6", "$12,345.60"),
    ],
)
def test_dollars_are_written_to_the_cent(amount: str, words: str) -> None:
    assert format_dollars(Decimal(amount)) == words


@pytest.fixture
def reply(alice: User) -> Message:
    model = make_model("gpt-x")
    Price.objects.create(model=model, effective_from=NOVEMBER, input=1, output=10)
    return make_answered_turn(make_conversation(alice, model=model))


def record(reply: Message, usage: Usage, at: datetime = NOVEMBER) -> UsageRecord:
    generation = reply.generations.select_related("model__gateway", "asked_by").get()
    return record_usage(
        generation=generation,
        user=generation.asked_by,
        model=generation.model,
        purpose=UsageRecord.Purpose.ANSWER,
        usage=usage,
        at=at,
    )


USED = Usage(input_tokens=1_000_000, output_tokens=100_000)
SOURCE = UsageRecord.CostSource


def test_a_reported_cost_is_preferred(reply: Message) -> None:
    used = replace(USED, cost=Decimal("0.07"))

    found = record(reply, used)

    assert (found.cost, found.cost_source) == (Decimal("0.07"), SOURCE.REPORTED)


def test_a_cost_is_computed_from_the_prices_of_its_time(reply: Message) -> None:
    model = LanguageModel.objects.get()
    Price.objects.create(model=model, effective_from=DECEMBER, input=100, output=100)

    found = record(reply, USED)

    found.refresh_from_db()
    assert (found.cost, found.cost_source) == (Decimal(2), SOURCE.COMPUTED)
    assert (found.model_title, found.purpose) == ("gpt-x", "answer")


@pytest.mark.parametrize("cost", ["-1", "NaN", "Infinity", "1e30"])
def test_an_absurd_report_is_not_believed(reply: Message, cost: str) -> None:
    found = record(reply, replace(USED, cost=Decimal(cost)))

    assert (found.cost, found.cost_source) == (Decimal(2), SOURCE.COMPUTED)


def test_what_nobody_knows_the_price_of_is_unknown_not_free(reply: Message) -> None:
    Price.objects.all().delete()

    found = record(reply, USED)

    assert (found.cost, found.cost_source) == (None, SOURCE.UNKNOWN)


def test_what_the_demo_answers_is_free(reply: Message) -> None:
    Price.objects.all().delete()
    Gateway.objects.update(preset=Gateway.Preset.DEMO)

    found = record(reply, USED)

    assert (found.cost, found.cost_source) == (Decimal(0), SOURCE.FREE)


def test_the_model_that_answered_is_paid_for(reply: Message) -> None:
    asked = reply.conversation.model
    assert asked is not None
    other = LanguageModel.objects.create(gateway=asked.gateway, name="gpt-y")
    Price.objects.create(model=other, effective_from=NOVEMBER, input=3, output=10)
    reply.generations.update(echoed_model="gpt-y")

    assert record(reply, USED).cost == Decimal(4)


def test_a_name_the_gateway_does_not_list_is_the_model_that_was_asked(
    reply: Message,
) -> None:
    reply.generations.update(echoed_model="gpt-x-2026-11-01")

    assert record(reply, USED).cost == Decimal(2)


def test_a_model_without_a_price_that_answers_costs_what_was_asked(
    reply: Message,
) -> None:
    asked = reply.conversation.model
    assert asked is not None
    LanguageModel.objects.create(gateway=asked.gateway, name="gpt-x-2026-11-01")
    reply.generations.update(echoed_model="gpt-x-2026-11-01")

    assert record(reply, USED).cost == Decimal(2)


CALLS = 50
CONNECT_SECONDS = 30.0
PRICE = Decimal("0.3")


def all_at_once(call: Callable[[int], bool]) -> int:
    """Make all calls at the same time, each on a connection; count the admitted."""
    # Who gets no connection breaks it for all, instead of letting them wait for ever.
    barrier = Barrier(CALLS, timeout=CONNECT_SECONDS)

    def run(number: int) -> bool:
        try:
            connection.ensure_connection()
            barrier.wait()
            return call(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLS) as pool:
        return sum(pool.map(run, range(CALLS)))


def try_reserve(user: User | None) -> bool:
    try:
        with transaction.atomic():
            reserve(user=user, amount=PRICE, at=NOVEMBER)
    except OverLimitError:
        return False
    return True


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("each_person", "everyone"), [("1", None), (None, "1")])
def test_fifty_calls_at_once_overspend_by_one_at_most(
    each_person: str | None, everyone: str | None
) -> None:
    alice = make_user("alice")
    limit(each_person=each_person, everyone=everyone)

    admitted = all_at_once(lambda _: try_reserve(alice))

    # 0.3, 0.6 and 0.9 are below the limit, so a fourth is admitted.
    assert admitted == 4
    assert row(alice) == row(None) == ("0", "1.2")


@pytest.mark.django_db(transaction=True)
def test_fifty_people_at_once_stay_within_everyone_s_limit() -> None:
    people = [make_user(f"person{number}") for number in range(CALLS)]
    limit(everyone="1")

    admitted = all_at_once(lambda number: try_reserve(people[number]))

    reserved = Spending.objects.exclude(user=None).values_list("reserved", flat=True)
    assert admitted == 4
    assert sum(reserved) == Decimal("1.2")


@pytest.mark.django_db(transaction=True)
def test_calls_that_end_while_others_begin_overspend_by_one_at_most() -> None:
    alice = make_user("alice")
    limit(each_person="2")

    def call(_number: int) -> bool:
        if not try_reserve(alice):
            return False
        with transaction.atomic():
            settle(user=alice, reserved=PRICE, cost=PRICE / 2, at=NOVEMBER)
        return True

    admitted = all_at_once(call)

    spent, reserved = row(alice)
    assert reserved == "0"
    assert Decimal(spent) == admitted * PRICE / 2
    assert 7 <= admitted <= 14


AMOUNTS = st.decimals("0.00000001", "3", places=8)


class TestAnySequence(TestCase):
    """A step reserves an amount, or settles one of those outstanding for less."""

    @given(st.lists(st.tuples(st.booleans(), AMOUNTS)))
    def test_what_is_reserved_is_what_is_outstanding(
        self, steps: list[tuple[bool, Decimal]]
    ) -> None:
        alice = make_user("alice")
        limit(each_person="5", everyone="6")
        outstanding: list[Decimal] = []
        spent = highest = Decimal(0)
        for ends, amount in steps:
            if ends and outstanding:
                held = outstanding.pop(0)
                cost = min(held, amount)
                settle(user=alice, reserved=held, cost=cost, at=NOVEMBER)
                spent += cost
                continue
            highest = max(highest, amount)
            try:
                held = reserve(user=alice, amount=amount, at=NOVEMBER)
            except OverLimitError:
                assert spent + sum(outstanding) >= 5
                continue
            assert spent + sum(outstanding) < 5
            outstanding.append(held)

        if steps:
            found = Spending.objects.get(user=alice)
            assert found.reserved == sum(outstanding)
            assert found.spent == spent
        assert spent + sum(outstanding) < 5 + highest
