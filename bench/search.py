"""How long a search takes among very many messages, on each database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, Goal, percentile
from bench.options import Options
from tests.environment import ROOT
from tests.postgresql import running_postgresql
from tests.servers import child_environ

SEARCH = Goal(50.0, 100.0)
PEOPLE = {"all": "sees everything", "some": "sees 5 %", "few": "sees 1 %"}


def measure(options: Options) -> list[Figure]:
    """Search on SQLite, then on PostgreSQL."""
    figures: list[Figure] = []
    for name, database in (("SQLite", _sqlite), ("PostgreSQL", _postgresql)):
        with (
            tempfile.TemporaryDirectory(prefix="roundtable-bench-") as place,
            database(Path(place)) as url,
        ):
            figures += _figures(name, Path(place), url, options.messages)
    return figures


@contextmanager
def _sqlite(place: Path) -> Iterator[str]:
    yield f"sqlite:///{place}/db.sqlite3"


@contextmanager
def _postgresql(place: Path) -> Iterator[str]:
    with running_postgresql() as url:
        yield url


def _figures(name: str, place: Path, url: str, messages: int) -> list[Figure]:
    _manage(place, url, "migrate", "--verbosity", "0")
    code = f"from bench import million; million.run({messages})"
    said = json.loads(_manage(place, url, "shell", "--no-imports", "--command", code))
    section = f"search, {name}"
    note = f"{messages:,} messages"
    figures = [Figure(section, "to make them", said["made"], "s", None, note)]
    for person, kinds in said["times"].items():
        for kind, times in kinds.items():
            figures += _both(section, f"{kind}; {PEOPLE[person]}", times, SEARCH)
    figures += _both(section, "to write a message", said["written"], None)
    figures += _both(section, "to index it afterwards", said["indexed"], None)
    return figures


def _manage(place: Path, url: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=child_environ(place, {"DATABASE_URL": url}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def _both(
    section: str, name: str, times: list[float], goal: Goal | None
) -> list[Figure]:
    found = [1_000 * each for each in times]
    p50, p95, p99 = (percentile(found, percent) for percent in (50, 95, 99))
    note = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, load {os.getloadavg()[0]:.1f}"
    return [Figure(section, f"{name}, p95", p95, "ms", goal, note)]
