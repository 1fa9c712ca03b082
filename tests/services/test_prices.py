from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from conversations.gateways.catalog.known import Sizes, find_known
from conversations.gateways.prices import FREE
from conversations.models import Gateway, LanguageModel, Price
from conversations.services.prices import (
    abilities_of,
    find_prices,
    find_prices_of,
    set_listed_prices,
    sizes_of,
)
from conversations.wire import Abilities, Prices, Rates, Tier

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TIERED = Prices(
    Rates(Decimal(2), Decimal("0.2"), Decimal("2.5"), output=Decimal(10)),
    (Tier(272_000, Rates(input=Decimal(4), output=Decimal(15))),),
)


def make(name: str = "house-model", preset: str = "openrouter") -> LanguageModel:
    gateway = Gateway.objects.create(name=f"{preset} {name}", preset=preset)
    return gateway.models.create(name=name)


def enter(model: LanguageModel, price: int | None, at: datetime = NOW) -> None:
    """Enter a price as an admin does."""
    Price.objects.create(model=model, input=price, output=price, effective_from=at)


def simple(price: int) -> Prices:
    return Prices(Rates(input=Decimal(price), output=Decimal(price)))


def test_nobody_knows_what_an_unknown_model_costs() -> None:
    assert find_prices(model=make(), at=NOW) is None


@pytest.mark.parametrize("preset", ["demo", "ollama"])
def test_a_gateway_of_ones_own_is_free_whatever_it_serves(preset: str) -> None:
    assert find_prices(model=make("gpt-4o", preset), at=NOW) == FREE


@pytest.mark.parametrize(
    ("preset", "is_known"),
    [("openai", True), ("anthropic", True), ("ezrouter", False), ("compatible", False)],
)
def test_the_makers_prices_hold_at_the_maker_only(preset: str, is_known: bool) -> None:
    found = find_prices(model=make("gpt-4o", preset), at=NOW)

    known = find_known("gpt-4o")
    assert known is not None
    assert found == (known.prices if is_known else None)


def test_what_is_listed_comes_before_what_is_known_and_the_admins_before_both() -> None:
    model = make("gpt-4o", "openai")

    set_listed_prices(prices={model.pk: simple(3)}, at=NOW)
    listed = find_prices(model=model, at=NOW)
    enter(model, 4, NOW - DAY)
    entered = find_prices(model=model, at=NOW)

    assert (listed, entered) == (simple(3), simple(4))


def test_a_price_holds_from_its_day_on_and_the_newest_counts() -> None:
    model = make()
    enter(model, 3, NOW)
    enter(model, 2, NOW - DAY)
    enter(model, 9, NOW + DAY)

    found = [
        find_prices(model=model, at=NOW + days * DAY) for days in (-2, -1, -0.5, 0, 0.5)
    ]

    assert found == [None, simple(2), simple(2), simple(3), simple(3)]


def test_an_admin_may_say_that_a_price_is_unknown() -> None:
    model = make("gpt-4o", "openai")
    enter(model, None)

    assert find_prices(model=model, at=NOW) == Prices(Rates())


def test_listed_prices_come_back_as_they_went_in_tiers_and_all() -> None:
    model = make()

    set_listed_prices(prices={model.pk: TIERED}, at=NOW)

    assert find_prices(model=model, at=NOW) == TIERED


def test_a_listed_price_is_recorded_only_where_it_differs() -> None:
    model = make()
    steps = [TIERED, TIERED, simple(1), simple(1), TIERED]

    changed = [
        set_listed_prices(prices={model.pk: prices}, at=NOW + number * DAY)
        for number, prices in enumerate(steps)
    ]

    assert changed == [1, 0, 1, 0, 1]
    assert find_prices(model=model, at=NOW + DAY) == TIERED
    assert find_prices(model=model, at=NOW + 3 * DAY) == simple(1)


def test_a_price_that_was_known_and_is_unknown_now_is_unknown() -> None:
    model = make()
    unknown = Prices(Rates())

    first = set_listed_prices(prices={model.pk: unknown}, at=NOW - DAY)
    set_listed_prices(prices={model.pk: simple(1)}, at=NOW)
    set_listed_prices(prices={model.pk: unknown}, at=NOW + DAY)

    assert first == 0
    assert find_prices(model=model, at=NOW) == simple(1)
    assert find_prices(model=model, at=NOW + DAY) == unknown


def test_an_admins_price_does_not_hide_that_the_listed_one_changed() -> None:
    model = make()
    enter(model, 7)

    assert set_listed_prices(prices={model.pk: simple(7)}, at=NOW) == 1
    assert set_listed_prices(prices={model.pk: simple(7)}, at=NOW) == 0


def test_the_prices_of_many_models_take_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        enter(make(f"m{number}"), number)
    models = list(LanguageModel.objects.select_related("gateway"))

    with django_assert_num_queries(1):
        found = find_prices_of(models=models, at=NOW)

    assert {model.name: found[model.pk] for model in models} == {
        f"m{number}": simple(number) for number in range(5)
    }


def test_sizes_are_the_admins_then_the_lists_then_the_makers() -> None:
    model = make("gpt-4o", "openai")
    known = sizes_of(model)
    model.listed_window, model.listed_max_output = 64_000, 8_000
    listed, learned = sizes_of(model), sizes_of(model, learned_window=32_000)
    model.window, model.max_output = 16_000, 4_000

    assert known == Sizes(128_000, 16_384)
    assert listed == Sizes(64_000, 8_000)
    assert learned == Sizes(32_000, 8_000)
    assert sizes_of(model) == Sizes(16_000, 4_000)


def test_abilities_are_as_listed_and_else_as_known_field_by_field() -> None:
    model = make("claude-sonnet-5-5")
    model.abilities = {"vision": False, "efforts": ["high"], "nonsense": 1}

    assert abilities_of(model) == Abilities(
        reasoning=True,
        vision=False,
        tools=True,
        efforts=("high",),
        thinking=("adaptive",),
    )


def test_a_model_that_does_not_think_here_has_no_efforts() -> None:
    model = make("claude-sonnet-5-5")
    model.abilities = {"reasoning": False}

    found = abilities_of(model)

    assert (found.reasoning, found.efforts, found.thinking) == (False, (), ())


def test_the_abilities_of_an_unknown_model_are_those_listed() -> None:
    model = make()
    assert abilities_of(model) == Abilities()

    model.abilities = {"tools": True}
    assert abilities_of(model) == Abilities(tools=True)
