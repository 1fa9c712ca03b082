"""What was measured, beside what was aimed for: as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan
from pathlib import Path
from statistics import quantiles

HEADINGS = ("section", "what", "figure", "aim", "floor", "verdict", "note")


@dataclass(frozen=True, slots=True)
class Goal:
    """The most a number should be, and the most it may be."""

    aim: float
    floor: float


NONE_AT_ALL = Goal(0, 0)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; smaller is better."""

    section: str
    name: str
    value: float
    unit: str
    goal: Goal | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.goal is None or isnan(self.value):
            return ""
        if self.value <= self.goal.aim:
            return "met"
        return "missed aim" if self.value <= self.goal.floor else "missed floor"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below which `percent` of `values` lie; NaN of none."""
    if not values:
        return float("nan")
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def render_table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table for people."""
    rows = [HEADINGS, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def write_json(
    path: Path, figures: Sequence[Figure], machine: dict[str, object]
) -> None:
    """Write the figures, and what they were measured on, for programs."""
    rows = [{**asdict(figure), "verdict": figure.verdict} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "figures": rows}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.section,
        figure.name,
        f"{_number(figure.value)} {figure.unit}".rstrip(),
        "" if figure.goal is None else _number(figure.goal.aim),
        "" if figure.goal is None else _number(figure.goal.floor),
        figure.verdict,
        figure.note,
    )


def _number(value: float) -> str:
    if isnan(value):
        return "–"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
