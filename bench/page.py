"""What a conversation costs the server: its page at any length, an answer at any size."""

from __future__ import annotations

import gzip
import json
from statistics import median
from typing import TYPE_CHECKING

from bench.children import fresh_server, make_talks, start
from bench.figures import Figure, Goal
from bench.machine import cpu_seconds, server_core
from bench.people import read_ok
from tests.servers import run_manage

if TYPE_CHECKING:
    from bench.options import Options
    from bench.people import Person
    from tests.servers import Server

MILLISECONDS = 1000.0
KILOBYTE = 1000.0
LENGTHS = (10, 1_000, 10_000)
TOKENS = (1_750, 3_500, 7_000)
# A process's time is counted in hundredths of a second.
PAGES_A_ROUND = 20
# As a multiple of the shortest conversation's.
SAME = Goal(1.2, 1.5)
RENDERING = Goal(100.0, 150.0)
# Four times the text.
LINEAR = Goal(4.8, 6.0)

# By path, the milliseconds of a page, round by round.
Times = dict[str, list[float]]


def measure(options: Options) -> list[Figure]:
    """Open pages of short and long conversations; then render answers as they come."""
    with fresh_server() as server:
        start(server)
        talks = make_talks(server, LENGTHS)
        code = f"from bench import prepare; prepare.print_middles({_pks(talks)})"
        middles = json.loads(_shell(server, code))
        newest = [talk.path for talk in talks]
        around = [f"{talk.path}?at={middles[talk.conversation]}" for talk in talks]
        figures = [
            *_compare("page", newest, talks[0], server, options),
            *_compare("page at its middle", around, talks[0], server, options),
        ]
        with server_core():
            said = _shell(
                server,
                f"from bench import rendering; rendering.run({TOKENS}, {options.pages})",
            )
    return [*figures, *_rendered(json.loads(said), options.pages)]


def _pks(talks: list[Person]) -> list[str]:
    return [talk.conversation for talk in talks]


def _shell(server: Server, code: str) -> str:
    return run_manage(server.place, "shell", "--no-imports", "--command", code)


def _compare(
    name: str, paths: list[str], reader: Person, server: Server, options: Options
) -> list[Figure]:
    """Return what pages cost, and how much more the longer conversations cost."""
    times = _time(paths, reader, server.pid, options.pages)
    costs = [median(times[path]) for path in paths]
    bodies = [reader.get(path).encode() for path in paths]
    plain = [len(body) / KILOBYTE for body in bodies]
    packed = [len(gzip.compress(body, 6)) / KILOBYTE for body in bodies]
    note = f"median of {options.pages} rounds of {PAGES_A_ROUND} pages"
    return [
        *_rows(f"CPU of a {name}", costs, "ms", note),
        *_rows(f"bytes of a {name}", plain, "kB", ""),
        *_rows(f"bytes of a {name}, compressed", packed, "kB", ""),
    ]


def _rows(name: str, values: list[float], unit: str, note: str) -> list[Figure]:
    shortest, *longer = values
    first = f"{name}, {LENGTHS[0]} messages"
    return [
        Figure("page", first, shortest, unit, None, note),
        *(
            Figure(
                "page",
                f"{name}, {length:,} messages / {LENGTHS[0]}",
                value / shortest,
                "×",
                SAME,
                f"{value:.3g} {unit}",
            )
            for length, value in zip(LENGTHS[1:], longer, strict=True)
        ),
    ]


def _time(paths: list[str], reader: Person, pid: int, rounds: int) -> Times:
    """Return the server's milliseconds for each page, the pages taking turns."""
    times: Times = {path: [] for path in paths}
    for number in range(rounds + 1):
        for path in paths:
            used = _get_many(path, reader, pid)
            # What is used for the first time is loaded then.
            if number:
                times[path].append(used * MILLISECONDS / PAGES_A_ROUND)
    return times


def _get_many(path: str, reader: Person, pid: int) -> float:
    connection = reader.connect()
    try:
        before = cpu_seconds(pid)
        for _ in range(PAGES_A_ROUND):
            connection.request("GET", path, headers={"Cookie": reader.cookie})
            read_ok(connection)
        return cpu_seconds(pid) - before
    finally:
        connection.close()


def _rendered(said: list[dict[str, float]], repeats: int) -> list[Figure]:
    note = f"median of {repeats}"
    totals = [each["streamed"] + each["ended"] for each in said]
    figures = [
        Figure(
            "page",
            f"rendering an answer of {tokens:,} tokens, streamed and ended",
            total,
            "ms",
            RENDERING if tokens == TOKENS[-1] else None,
            f"{note}; its end {each['ended']:.1f} ms, anew {each['anew']:.1f} ms",
        )
        for tokens, total, each in zip(TOKENS, totals, said, strict=True)
    ]
    name = f"rendering, {TOKENS[-1]:,} tokens / {TOKENS[0]:,}"
    return [*figures, Figure("page", name, totals[-1] / totals[0], "×", LINEAR)]
