"""What was measured, beside what was aimed for: as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

HEADINGS = ("section", "what", "figure", "aim", "floor", "verdict", "note")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. Smaller is better; `aim` and `floor` are the most it should be."""

    section: str
    name: str
    value: float
    unit: str
    aim: float | None = None
    floor: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return ""
        if self.value <= self.aim:
            return "met"
        if self.floor is not None and self.value <= self.floor:
            return "missed aim"
        return "missed floor"


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
        "" if figure.aim is None else _number(figure.aim),
        "" if figure.floor is None else _number(figure.floor),
        figure.verdict,
        figure.note,
    )


def _number(value: float) -> str:
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
