"""What conversations cost by how they are trimmed, on caches that tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from bench.economics_caches import SHAPES
from bench.economics_checks import SECTION, measure_checks
from bench.economics_plot import Line, Panel, draw
from bench.economics_policies import LAST, NO_TRIM, OURS, SLIDING, WAYS
from bench.economics_runs import Run, Task, run_tasks
from bench.economics_tables import (
    PROFILES,
    TURNS,
    Runs,
    kept_share,
    mean,
    ratio,
    render_tables,
)
from bench.figures import Figure, Goal
from bench.options import Options
from tests.environment import ROOT

TABLES = ROOT / "var" / "economics.md"
PLOT = ROOT / "docs" / "images" / "context.svg"

USUAL = 32_000
TENTH = next(shape for shape in SHAPES if shape.name == "0.1×")
TWENTIETH = next(shape for shape in SHAPES if shape.name == "1.25 / 0.05×")
# So many more conversations where there are aims.
MORE = 5
SAME_BUDGET = {TENTH: Goal(0.20, 0.22), TWENTIETH: Goal(0.14, 0.16)}
FLAT = Goal(1.05, 1.1)

# Longer than any budget below, so that each of them has to roll.
LONG_TURNS = 600
BUDGETS = (128_000, 160_000, 192_000, 224_000)
KEPT_TOKENS = 100_000

# So many turns are one point of the picture.
STEP = 10


def measure(options: Options) -> list[Figure]:
    """Trim the same conversations in every way; the tables go to var/economics.md."""
    runs = _run(_grid(options.talks))
    tables = render_tables(runs)
    TABLES.parent.mkdir(parents=True, exist_ok=True)
    TABLES.write_text(tables)
    print(f"\n{tables}")
    if options.plot:
        PLOT.parent.mkdir(parents=True, exist_ok=True)
        PLOT.write_text(_plot(options.talks))
    return [
        *_aims(options.talks),
        _same_money(options.talks),
        *measure_checks(options.talks),
    ]


def _grid(talks: int) -> list[Task]:
    tasks = [
        Task(way, budget, seed, profile, TURNS)
        for budget, profile in PROFILES.items()
        for way in WAYS
        for seed in range(talks)
        # It knows no budget: once for each kind of talk is enough.
        if way != NO_TRIM or budget != min(PROFILES)
    ]
    # The longest first, so that no core waits for one at the end.
    return sorted(tasks, key=lambda task: (task.way != NO_TRIM, -task.budget))


def _run(tasks: Sequence[Task]) -> Runs:
    runs: Runs = {}
    for run in run_tasks(tasks):
        runs.setdefault((run.task.way, run.task.budget), []).append(run)
    for way, budget in list(runs):
        if way == NO_TRIM and budget == USUAL:
            runs[NO_TRIM, min(PROFILES)] = runs[way, budget]
    return runs


def _aims(talks: int) -> list[Figure]:
    """Compare at one budget, with many more conversations."""
    caches = tuple(sorted({shape.cache for shape in SAME_BUDGET}))
    runs = _run(
        [
            Task(way, USUAL, seed, caches=caches)
            for way in (SLIDING, OURS)
            for seed in range(MORE * talks)
        ]
    )
    note = f"keeps {kept_share(runs, USUAL):.0%} of what it does"
    what = f"{USUAL // 1_000}k, {TURNS} turns"
    figures = []
    for shape, goal in SAME_BUDGET.items():
        name = f"{what}, {shape.name}: epochs / sliding window"
        value = ratio(runs, USUAL, shape)
        figures.append(Figure(SECTION, name, value, "", goal, note))
    ours = runs[OURS, USUAL]
    late = mean(ours, lambda run: run.cost(TENTH, 200))
    grown = late / mean(ours, lambda run: run.cost(TENTH, 100, 200))
    name = f"{what}, {TENTH.name}: cost of the last 100 / of those before"
    return [*figures, Figure(SECTION, name, grown, "", FLAT)]


def _same_money(talks: int) -> Figure:
    """Find the largest budget that costs no more than a sliding window of 32k."""
    runs = _run(
        [
            Task(way, budget, seed, "everyday", LONG_TURNS, (TENTH.cache,))
            for way, budget in ((SLIDING, USUAL), *((OURS, each) for each in BUDGETS))
            for seed in range(max(1, talks // 2))
        ]
    )
    costs = {budget: _cost(runs[OURS, budget]) for budget in BUDGETS}
    paid = _cost(runs[SLIDING, USUAL])
    budget = max((one for one in BUDGETS if costs[one] <= paid), default=BUDGETS[0])
    kept = mean(runs[OURS, budget], Run.held)
    most = kept if costs[budget] <= paid else mean(runs[SLIDING, USUAL], Run.held)
    name = f"{LONG_TURNS} turns, {TENTH.name}: 100k / kept for a 32k window's money"
    note = f"{most:,.0f} tokens, with a budget of {budget // 1_000}k"
    return Figure(SECTION, name, KEPT_TOKENS / most, "", Goal(1, 1), note)


def _cost(runs: Sequence[Run]) -> float:
    return mean(runs, lambda run: run.cost(TENTH))


def _plot(talks: int) -> str:
    """Draw what a turn costs and holds, with so many conversations as make it smooth."""
    ways = {NO_TRIM: NO_TRIM, SLIDING: SLIDING, LAST: LAST, OURS: "epochs"}
    runs = _run(
        [
            Task(way, USUAL, seed, caches=(TENTH.cache,))
            for way in ways
            for seed in range(MORE * talks)
        ]
    )
    cost = [
        _line(name, runs[way, USUAL], lambda run, *span: run.cost(TENTH, *span))
        for way, name in ways.items()
    ]
    kept = [
        _line(name, runs[way, USUAL], lambda run, *span: fmean(run.kept[slice(*span)]))
        for way, name in ways.items()
    ]
    panels = [
        Panel("What a turn costs, in tokens at the full price of input", cost),
        # Without trimming it leaves the picture at once.
        Panel("Earlier turns that the model is shown, in tokens", kept, first=1),
    ]
    title = "Cost of a turn and history kept, by how a conversation is trimmed"
    return draw(panels, turns=TURNS, title=title)


def _line(
    name: str, runs: Sequence[Run], value: Callable[[Run, int, int], float]
) -> Line:
    spans = [(first, first + STEP) for first in range(0, TURNS, STEP)]
    return Line(name, [fmean(value(run, *span) for run in runs) for span in spans])
