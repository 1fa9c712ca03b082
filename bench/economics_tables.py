"""All that was measured of conversations, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from bench.economics_caches import SHAPES, Shape
from bench.economics_policies import OURS, SLIDING, WAYS
from bench.economics_runs import Run

LENGTHS = (30, 100, 300)
TURNS = LENGTHS[-1]
# Whoever may send 128k talks about work.
PROFILES = {8_000: "everyday", 32_000: "everyday", 128_000: "work"}

# By how they are trimmed, and the budget.
Runs = dict[tuple[str, int], list[Run]]


def mean(runs: Sequence[Run], value: Callable[[Run], float]) -> float:
    """Return the mean of a number of each run."""
    return fmean(map(value, runs))


def ratio(runs: Runs, budget: int, shape: Shape, end: int = TURNS) -> float:
    """Return what epochs cost beside a sliding window of the same budget."""
    ours = mean(runs[OURS, budget], lambda run: run.cost(shape, end=end))
    return ours / mean(runs[SLIDING, budget], lambda run: run.cost(shape, end=end))


def kept_share(runs: Runs, budget: int, end: int = TURNS) -> float:
    """Return how much of the history that it holds epochs hold."""
    kept = mean(runs[OURS, budget], lambda run: run.held(end))
    return kept / mean(runs[SLIDING, budget], lambda run: run.held(end))


def render_tables(runs: Runs) -> str:
    """Return what each way costs, and how ours compares."""
    parts = [_ways_table(runs, budget) for budget in PROFILES]
    return "\n\n".join([*parts, _ratios_table(runs)]) + "\n"


def _ways_table(runs: Runs, budget: int) -> str:
    head = ["way", "history kept", "rolls", *(shape.name for shape in SHAPES)]
    rows = [[way, *_way(runs[way, budget])] for way in WAYS]
    title = f"Budget {budget // 1_000}k, {TURNS} turns, {PROFILES[budget]} talk: "
    unit = "thousand tokens at the full price of input, a turn"
    return f"{title}{unit}\n\n{_table(head, rows)}"


def _way(runs: Sequence[Run]) -> list[str]:
    rolls = mean(runs, lambda run: sum(run.rolls[1:]))
    costs = [_cost(runs, shape) / 1_000 for shape in SHAPES]
    return [
        f"{mean(runs, Run.held):,.0f}",
        f"{rolls:.0f}" if rolls else "–",
        *(f"{cost:.2f}" for cost in costs),
    ]


def _cost(runs: Sequence[Run], shape: Shape) -> float:
    return mean(runs, lambda run: run.cost(shape))


def _ratios_table(runs: Runs) -> str:
    head = [OURS, "kept", *(shape.name for shape in SHAPES)]
    rows = [
        [
            f"{budget // 1_000}k, {length} turns",
            f"{kept_share(runs, budget, length):.0%}",
            *(f"{ratio(runs, budget, shape, length):.2f}" for shape in SHAPES),
        ]
        for budget in PROFILES
        for length in LENGTHS
    ]
    title = "Beside a sliding window of the same budget: history kept, and cost"
    return f"{title}\n\n{_table(head, rows)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
