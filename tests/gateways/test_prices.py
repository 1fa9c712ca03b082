from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.gateways.prices import FREE, cost_of, highest_cost
from conversations.wire import Prices, Rates, Tier, Usage

# Claude Sonnet 4.6, and GPT-6 Sol with its price cliff.
SONNET = Prices(
    Rates(Decimal(3), Decimal("0.3"), Decimal("3.75"), Decimal(6), Decimal(15))
)
SOL = Prices(
    Rates(
        input=Decimal(2),
        cached_input=Decimal("0.2"),
        cache_write=Decimal("2.5"),
        output=Decimal(10),
    ),
    (Tier(272_000, Rates(Decimal(4), Decimal("0.4"), output=Decimal(15))),),
)
UNKNOWN = Prices(Rates())


def test_every_kind_of_token_is_paid_at_its_own_rate() -> None:
    usage = Usage(
        input_tokens=10_000,
        cached_input_tokens=6_000,
        cache_write_tokens=1_000,
        cache_write_1h_tokens=2_000,
        output_tokens=500,
    )

    # 1,000 × 3 + 6,000 × 0.30 + 1,000 × 3.75 + 2,000 × 6 + 500 × 15, for a million.
    assert cost_of(usage, SONNET) == Decimal("0.02805")


def test_reasoning_is_part_of_the_output_and_not_paid_twice() -> None:
    usage = Usage(input_tokens=0, output_tokens=1_000, reasoning_tokens=900)

    assert cost_of(usage, SONNET) == Decimal("0.015")


@pytest.mark.parametrize(
    ("tokens", "cost"), [(272_000, Decimal("0.544")), (272_001, Decimal("1.088004"))]
)
def test_a_tier_holds_strictly_above_its_threshold_and_for_the_whole_prompt(
    tokens: int, cost: Decimal
) -> None:
    assert cost_of(Usage(input_tokens=tokens, output_tokens=0), SOL) == cost


def test_what_a_tier_does_not_price_costs_what_it_costs_below() -> None:
    usage = Usage(input_tokens=300_000, cache_write_tokens=300_000, output_tokens=0)

    assert cost_of(usage, SOL) == Decimal("0.75")


def test_unknown_cache_rates_are_those_of_input_so_that_nothing_is_understated() -> (
    None
):
    prices = Prices(Rates(input=Decimal(2), output=Decimal(8)))
    usage = Usage(
        input_tokens=1_000_000,
        cached_input_tokens=500_000,
        cache_write_tokens=250_000,
        cache_write_1h_tokens=250_000,
        output_tokens=0,
    )

    assert cost_of(usage, prices) == 2


def test_an_unknown_hour_is_paid_like_a_write() -> None:
    usage = Usage(input_tokens=300_000, cache_write_1h_tokens=300_000, output_tokens=0)

    assert cost_of(usage, SOL) == Decimal("0.75")


@pytest.mark.parametrize(
    ("usage", "prices"),
    [
        (Usage(), SONNET),
        (Usage(input_tokens=10), SONNET),
        (Usage(output_tokens=10), SONNET),
        (Usage(input_tokens=10, output_tokens=10), UNKNOWN),
        (Usage(input_tokens=10, output_tokens=10), Prices(Rates(input=Decimal(1)))),
        (Usage(input_tokens=10, output_tokens=10), Prices(Rates(output=Decimal(1)))),
    ],
)
def test_what_is_not_known_is_not_free(usage: Usage, prices: Prices) -> None:
    assert cost_of(usage, prices) is None


def test_a_rate_is_not_missed_where_nothing_of_its_kind_was_used() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0)

    assert cost_of(usage, Prices(Rates(input=Decimal(1)))) == 1


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=5, output_tokens=7)])
def test_what_is_free_is_free_however_much_it_was(usage: Usage) -> None:
    assert cost_of(usage, FREE) == 0


def test_a_usage_that_contradicts_itself_never_earns_money() -> None:
    usage = Usage(input_tokens=10, cached_input_tokens=1_000_000, output_tokens=0)

    assert cost_of(usage, SONNET) == Decimal("0.3")


def test_the_highest_cost_takes_every_token_for_a_written_one() -> None:
    # All kept for an hour, which is dearest here.
    assert highest_cost(1_000_000, 1_000_000, SONNET) == 6 + 15


def test_the_highest_cost_is_that_of_the_dearest_tier_within_reach() -> None:
    dear_below = Prices(
        Rates(input=Decimal(5), output=Decimal(5)),
        (Tier(1_000, Rates(input=Decimal(1), output=Decimal(1))),),
    )

    assert highest_cost(2_000, 0, dear_below) == Decimal("0.01")
    assert highest_cost(272_000, 0, SOL) == Decimal("0.68")
    assert highest_cost(272_001, 0, SOL) == Decimal("1.088004")


@pytest.mark.parametrize(
    "prices",
    [UNKNOWN, Prices(Rates(input=Decimal(1))), Prices(Rates(output=Decimal(1)))],
)
def test_the_highest_cost_is_unknown_where_a_rate_is(prices: Prices) -> None:
    assert highest_cost(10, 10, prices) is None


def test_the_highest_cost_of_what_is_free_is_nothing() -> None:
    assert highest_cost(10**9, 10**9, FREE) == 0


def rates() -> st.SearchStrategy[Rates]:
    some = st.decimals(0, 100, places=3)
    maybe = st.none() | some
    return st.builds(Rates, some, maybe, maybe, maybe, some)


def prices() -> st.SearchStrategy[Prices]:
    tiers = st.lists(st.builds(Tier, st.integers(0, 500), rates()), max_size=3)
    return st.builds(Prices, rates(), tiers.map(tuple))


@given(prices(), st.lists(st.integers(0, 300), min_size=4, max_size=4), st.data())
def test_no_usage_within_the_bounds_costs_more_than_the_highest_cost(
    prices: Prices, counts: list[int], data: st.DataObject
) -> None:
    _, cached, written, kept = counts
    most = data.draw(st.integers(0, 2_000), label="output")
    output = data.draw(st.integers(0, most), label="written of it")
    asked = sum(counts) + data.draw(st.integers(0, 500), label="headroom")
    usage = Usage(sum(counts), cached, written, kept, output)

    cost, highest = cost_of(usage, prices), highest_cost(asked, most, prices)

    assert cost is not None
    assert highest is not None
    assert 0 <= cost <= highest
