from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conversations.context.budget import budget_for
from conversations.wire import ContextSettings, ModelFacts


def test_four_fifths_of_the_window_are_ours() -> None:
    assert budget_for(ContextSettings(), ModelFacts("any", 128_000)) == 102_400


@given(st.integers(-10, 10_000_000), st.floats(0, 1))
def test_a_budget_is_never_below_nothing_nor_above_the_window(
    window: int, share: float
) -> None:
    budget = budget_for(ContextSettings(window_share=share), ModelFacts("any", window))

    assert 0 <= budget <= max(0, window)
