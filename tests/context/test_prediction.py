from __future__ import annotations

import math
import random
from collections.abc import Iterator
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.context.prediction import Gauge, gauge
from conversations.wire import Sample

TOKENS = st.integers(0, 2_000_000)
SAMPLES = st.lists(
    st.builds(
        lambda text, actual, sealed: Sample(text + sealed, actual, sealed),
        TOKENS,
        TOKENS,
        st.just(0) | TOKENS,
    ),
    max_size=30,
)

SYSTEM_TOKENS = 500
BUDGET, KEEP = 64_000, 0.5
TURNS, CONVERSATIONS = 120, 20
NOISE = 0.25


def test_before_a_gateway_has_counted_it_is_taken_to_count_a_little_more() -> None:
    assert gauge(()).predict(1_000) == 1_150


def test_one_count_says_nothing_of_what_a_token_more_will_add() -> None:
    measure = gauge([Sample(1_000, 24_500)])

    assert measure.predict(1_000) == 24_500
    assert measure.predict(2_000) == 24_500 + 1_150


def test_what_a_token_adds_is_learned_from_the_differences() -> None:
    samples = [Sample(1_000 * n, 23_000 + 1_500 * n) for n in range(1, 10)]

    assert gauge(samples).slope == pytest.approx(1.5, abs=0.02)
    assert gauge(samples).predict(10_000) == pytest.approx(38_000, abs=20)


def test_a_roll_teaches_as_much_as_growth() -> None:
    grown = gauge([Sample(1_000, 2_000), Sample(9_000, 18_000)])
    rolled = gauge([Sample(9_000, 18_000), Sample(1_000, 2_000)])

    assert rolled.slope == grown.slope


@pytest.mark.parametrize("change", [1, 50_000, 100_000, 400_000])
def test_text_and_thoughts_that_always_change_alike_are_told_apart_by_belief(
    change: int,
) -> None:
    back_and_forth = [change * (2 + number % 2) for number in range(200)]
    samples = [Sample(2 * size, 3 * size, sealed=size) for size in back_and_forth]

    measure = gauge(samples)

    assert measure.predict(6 * change, 3 * change) == pytest.approx(9 * change, abs=2)
    assert 1.0 < measure.sealed_slope < measure.slope + 1 < 3.0


def test_one_strange_count_does_not_make_nonsense_of_the_next() -> None:
    measure = gauge([Sample(1_000, 1_000), Sample(1_100, 90_000), Sample(1_200, 900)])

    assert 0.5 <= measure.slope <= 3.0
    assert measure.predict(1_200) == 900


@given(SAMPLES, TOKENS, TOKENS)
def test_more_is_never_predicted_to_be_less(
    samples: list[Sample], one: int, other: int
) -> None:
    measure = gauge(samples)

    assert 0.5 <= measure.slope <= 3.0
    assert measure.predict(min(one, other)) <= measure.predict(max(one, other))


@given(SAMPLES, TOKENS)
def test_the_most_that_fits_is_predicted_to_fit(
    samples: list[Sample], budget: int
) -> None:
    measure = gauge(samples)
    most = measure.most(budget)

    assert measure.predict(most) <= budget
    assert measure.predict(most + 2) > budget


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.5])
@pytest.mark.parametrize("offset", [0, 600, 23_000])
def test_the_next_prompt_is_foretold_within_two_percent(
    offset: int, ratio: float
) -> None:
    errors = list(_errors(offset, ratio))

    assert len(errors) == CONVERSATIONS * (TURNS - 1)
    assert fmean(errors) < 0.02


def test_a_hidden_prompt_and_a_foreign_tokenizer_cost_one_percent() -> None:
    assert fmean(_errors(23_000, 1.5)) < 0.01


@pytest.mark.parametrize("told", [0.75, 1.0])
@pytest.mark.parametrize("replayed", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("offset", [0, 23_000])
def test_thoughts_that_go_back_are_foretold_as_well(
    offset: int, replayed: float, told: float
) -> None:
    """However many of them count, and whatever part of them one is told."""
    assert fmean(_errors_with_thoughts(offset, replayed, told)) < 0.02


def test_with_thoughts_too_a_hidden_prompt_costs_one_percent() -> None:
    assert fmean(_errors_with_thoughts(23_000, 1.0, 1.0)) < 0.01


def test_thoughts_of_which_a_gateway_counts_none_teach_nothing_of_its_tokenizer() -> (
    None
):
    sizes = [(n % 5 * 700, n % 4 * 2_000) for n in range(1, 30)]
    samples = [Sample(text + sealed, text * 3 // 2, sealed) for text, sealed in sizes]

    measure = gauge(samples)

    assert measure.slope == pytest.approx(1.5, abs=0.02)
    assert measure.sealed_slope == pytest.approx(0, abs=0.02)


def _errors_with_thoughts(offset: int, replayed: float, told: float) -> Iterator[float]:
    """The same, where each answer was thought over, and rolls leave the thoughts out."""
    chance = random.Random(f"{offset} {replayed} {told}")
    for _ in range(CONVERSATIONS):
        kept: list[tuple[int, float]] = []
        thoughts: list[tuple[int, float]] = []
        samples: list[Sample] = []
        for turn in range(TURNS):
            kept.append(_message(chance, 295, 900, 1.5))
            measure = gauge(samples)
            sealed = sum(one for one, _ in thoughts)
            estimate = _estimate(kept) + sealed
            if measure.predict(estimate, sealed) > BUDGET:
                thoughts, sealed = [], 0
                _roll(kept, measure)
                estimate = _estimate(kept)
            said = 1.5 * SYSTEM_TOKENS + sum(one for _, one in kept)
            actual = offset + int(said + sum(one for _, one in thoughts))
            if turn:
                predicted = measure.predict(estimate, sealed)
                yield abs(predicted - actual) / actual
            samples.append(Sample(estimate, actual, sealed))
            kept.append(_message(chance, 441, 411, 1.5))
            true, _ = _message(chance, 700, 1_500, 1)
            thoughts.append((int(told * true), replayed * true))


def _errors(offset: int, ratio: float) -> Iterator[float]:
    """Simulate conversations with rolls; yield how wrong each prediction was."""
    chance = random.Random(f"{offset} {ratio}")
    for _ in range(CONVERSATIONS):
        kept: list[tuple[int, float]] = []
        samples: list[Sample] = []
        for turn in range(TURNS):
            kept.append(_message(chance, 295, 900, ratio))
            measure = gauge(samples)
            if measure.predict(_estimate(kept)) > BUDGET:
                _roll(kept, measure)
            estimate = _estimate(kept)
            actual = offset + int(ratio * SYSTEM_TOKENS + sum(one for _, one in kept))
            if turn:
                yield abs(measure.predict(estimate) - actual) / actual
            samples.append(Sample(estimate, actual))
            kept.append(_message(chance, 441, 411, ratio))


def _roll(kept: list[tuple[int, float]], measure: Gauge) -> None:
    while len(kept) > 1 and measure.predict(_estimate(kept)) > KEEP * BUDGET:
        kept.pop(0)


def _estimate(kept: list[tuple[int, float]]) -> int:
    return SYSTEM_TOKENS + sum(estimate for estimate, _ in kept)


def _message(
    chance: random.Random, mean: float, deviation: float, ratio: float
) -> tuple[int, float]:
    """Return the size of a message as we count it, and as its gateway does."""
    variance = math.log(1 + (deviation / mean) ** 2)
    middle = math.log(mean) - variance / 2
    size = max(1, int(chance.lognormvariate(middle, math.sqrt(variance))))
    return size, size * ratio * max(0.3, chance.gauss(1, NOISE))
