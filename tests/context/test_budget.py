from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conversations.context.budget import budget_beside, budget_for, limit_for
from conversations.wire import ContextSettings, ModelFacts

SIZES = st.integers(-10, 10_000_000)
MAYBE = st.none() | st.integers(0, 10_000_000)
SETTINGS = st.builds(ContextSettings, window_share=st.floats(0, 1), cap=MAYBE)
MODELS = st.builds(
    ModelFacts, st.just("any"), SIZES, max_output=MAYBE, dearer_above=MAYBE
)


def test_four_fifths_of_the_window_are_ours() -> None:
    assert budget_for(ContextSettings(), ModelFacts("any", 128_000)) == 102_400


def test_the_answer_has_its_room_in_the_window() -> None:
    facts = ModelFacts("any", 200_000, max_output=64_000)

    assert budget_for(ContextSettings(), facts) == 135_000


def test_a_question_has_half_the_window_however_long_an_answer_may_be() -> None:
    facts = ModelFacts("any", 128_000, max_output=120_000)

    assert budget_for(ContextSettings(), facts) == 64_000


def test_earlier_turns_never_make_every_token_dearer() -> None:
    facts = ModelFacts("any", 922_000, dearer_above=272_000)

    assert budget_beside(ContextSettings(), facts, fixed=400) == 258_400


def test_what_is_dearer_anyway_has_the_room_of_the_window() -> None:
    facts = ModelFacts("any", 1_000_000, dearer_above=272_000)

    assert budget_beside(ContextSettings(), facts, fixed=300_000) == 800_000


def test_a_question_just_below_the_dearer_tier_is_sent_alone() -> None:
    facts = ModelFacts("any", 1_000_000, dearer_above=272_000)

    assert budget_beside(ContextSettings(), facts, fixed=270_000) == 270_000


def test_a_cap_keeps_earlier_turns_out_but_refuses_no_question() -> None:
    settings, facts = ContextSettings(cap=32_000), ModelFacts("any", 128_000)

    assert budget_for(settings, facts) == 32_000
    assert budget_beside(settings, facts, fixed=40_000) == 40_000
    assert budget_beside(settings, facts, fixed=110_000) == 102_400


@given(SETTINGS, MODELS, SIZES)
def test_a_budget_is_never_below_nothing_nor_above_the_window(
    settings: ContextSettings, model: ModelFacts, fixed: int
) -> None:
    limit = limit_for(settings, model)

    assert 0 <= budget_for(settings, model) <= limit <= max(0, model.window)
    assert 0 <= budget_beside(settings, model, fixed) <= limit


@given(SETTINGS, MODELS, SIZES)
def test_only_the_window_and_the_gateway_refuse_a_question(
    settings: ContextSettings, model: ModelFacts, fixed: int
) -> None:
    is_refused = fixed > budget_beside(settings, model, fixed)

    assert is_refused == (fixed > limit_for(settings, model))
