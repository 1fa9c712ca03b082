from __future__ import annotations

from decimal import Decimal

import pytest

from conversations.rendering.model_words import (
    name_abilities,
    name_prices,
    name_window,
)
from conversations.wire import Abilities, Prices, Rates, Tier


def prices(read: str | None, write: str | None, *tiers: Tier) -> Prices:
    amounts = [None if one is None else Decimal(one) for one in (read, write)]
    return Prices(Rates(input=amounts[0], output=amounts[1]), tiers)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (None, "window unknown"),
        (512, "512"),
        (4096, "4k"),
        (128_000, "128k"),
        (131_072, "131k"),
        (999_499, "999k"),
        (999_999, "1M"),
        (1_048_576, "1M"),
        (1_100_000, "1.1M"),
        (10_000_000, "10M"),
    ],
)
def test_a_window_is_named_as_people_say_it(tokens: int | None, words: str) -> None:
    assert name_window(tokens) == words


@pytest.mark.parametrize(
    ("read", "write", "words"),
    [
        ("2", "10.000000", "$2 / $10 per million"),
        ("0.15", "0.6", "$0.15 / $0.60 per million"),
        ("0.075", "4.5", "$0.075 / $4.50 per million"),
        ("0.0000004", "1200", "$0.0000004 / $1,200 per million"),
        ("100", "1E+3", "$100 / $1,000 per million"),
        ("0", "3", "$0 / $3 per million"),
        ("0", "0.000000", "free"),
        ("2", None, "$2 / unknown per million"),
        ("0", None, "$0 / unknown per million"),
        (None, "2", "unknown / $2 per million"),
        (None, None, "price unknown"),
    ],
)
def test_a_price_says_what_is_known_and_no_more(
    read: str | None, write: str | None, words: str
) -> None:
    assert name_prices(prices(read, write)) == words


def test_a_price_nobody_knows_is_not_free() -> None:
    assert name_prices(None) == "price unknown"


def test_a_price_that_grows_with_the_prompt_begins_with_from() -> None:
    above = Tier(200_000, Rates(input=Decimal(4), output=Decimal(20)))

    assert name_prices(prices("2", "10", above)) == "from $2 / $10 per million"


def test_only_what_a_model_is_known_to_do_is_named() -> None:
    able = Abilities(reasoning=True, vision=True, tools=True)

    assert name_abilities(able) == ["reasoning", "images", "tools"]
    assert name_abilities(Abilities(reasoning=False, tools=True)) == ["tools"]
    assert name_abilities(Abilities()) == []
