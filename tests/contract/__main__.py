"""Run the contract tests and print what passes where, as Markdown."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

GOOD, BAD, SKIPPED = "✓", "✗", "–"
MARKS = {"passed": GOOD, "failed": BAD, "skipped": SKIPPED}


@dataclass
class Results:
    """What pytest reports, by surface and scenario; and every other test by its name."""

    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if isinstance(report, pytest.SubtestReport):
            scenario = str(report.context.msg)
            row = self.cells.setdefault(_parameter_of(report), {})
            row[scenario] = MARKS[report.outcome]
        elif report.when == "call" or report.failed:
            name = report.nodeid.partition("::")[2]
            if self.others.get(name) != BAD:
                self.others[name] = MARKS[report.outcome]

    def to_markdown(self) -> str:
        """Return the table of surfaces and scenarios, and the list of all other tests."""
        scenarios = list(
            dict.fromkeys(name for row in self.cells.values() for name in row)
        )
        rows = [_line(["gateway", "protocol", *scenarios])]
        rows.append(_line(["---"] * (len(scenarios) + 2)))
        for surface, row in self.cells.items():
            marks = [row.get(name, " ") for name in scenarios]
            rows.append(_line([*surface.split("-", 1), *marks]))
        return "\n".join([*rows, "", *self._listed(), ""])

    def _listed(self) -> list[str]:
        """Return a line for each other test, with how many of its cases are good."""
        cases: dict[str, list[str]] = {}
        for name, mark in self.others.items():
            if not name.startswith(WITH_STEPS):
                cases.setdefault(name.partition("[")[0], []).append(mark)
        return [
            f"- {marks.count(GOOD)} of {len(marks)}: "
            f"{name.removeprefix('test_').replace('_', ' ')}"
            for name, marks in cases.items()
        ]


WITH_STEPS = "test_the_same_conversation_goes_well"


def _parameter_of(report: pytest.TestReport) -> str:
    return report.nodeid.partition("[")[2].rstrip("]")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    results = Results()
    code = pytest.main(
        ["tests/contract", "-q", "-p", "no:randomly", *sys.argv[1:]], [results]
    )
    print(results.to_markdown())
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
