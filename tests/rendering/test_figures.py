"""Money in words: unknown is never zero, and little is never nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from conversations.rendering.figures import Figures, name_cost, name_seconds


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (None, "cost unknown"),
        ("0", "free"),
        ("0.00000001", "< $0.0001"),
        ("0.0001", "$0.0001"),
        ("0.00423", "$0.0042"),
        ("0.042", "$0.042"),
        ("0.5", "$0.50"),
        ("0.99996", "$1.00"),
        ("1", "$1.00"),
        ("12.345", "$12.34"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_a_cost_reads_as_people_say_it(cost: str | None, words: str) -> None:
    assert name_cost(None if cost is None else Decimal(cost)) == words


def test_an_estimated_cost_says_that_it_is_one() -> None:
    assert name_cost(Decimal("0.0042"), estimated=True) == "≈ $0.0042"


def test_a_time_is_never_nothing() -> None:
    assert [name_seconds(one) for one in (None, 0.0, 0.83, 75.0)] == [
        "",
        "< 0.1 s",
        "0.8 s",
        "75.0 s",
    ]


def test_the_cached_share_needs_both_numbers() -> None:
    assert Figures(input_tokens=200, cached_tokens=50).cached_percent == 25
    assert Figures(input_tokens=200).cached_percent is None
    assert Figures(input_tokens=0, cached_tokens=0).cached_percent is None
    assert Figures(input_tokens=10, cached_tokens=99).cached_percent == 100
