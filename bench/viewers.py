"""One answer and many who watch it: lateness, CPU, presence, coming late."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from bench.children import (
    fresh_server,
    make_people,
    make_team,
    running_upstream,
    start,
)
from bench.figures import NONE_AT_ALL, Figure, Goal, percentile
from bench.meter import Meter
from bench.options import Options
from bench.pages import Page
from bench.people import Person, message_form
from bench.watching import warm_up

MILLISECONDS = 1000.0
GRACE_SECONDS = 20.0
# Lateness in milliseconds, by the number of viewers and the percentile.
LATENESS = {(100, 99): Goal(200.0, 200.0)}
# A share of one core, for all of them together.
PRESENCE = Goal(0.03, 0.03)
ONE_FRAME = Goal(1, 1)
PRESENT = 50
TYPING = 3
# A page says that its person types no more often; one person comes or goes as often.
TYPING_SECONDS = 3.0
PRESENCE_SECONDS = 20.0
# So much of an answer has been written when somebody comes late.
LATE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one stream with its viewers."""

    pages: list[Page]
    # Seconds of the server's CPU while it flowed, and what others used of its core.
    used: float
    foreign: float
    late_frames: int = 0

    def lateness(self) -> list[float]:
        return [
            late * MILLISECONDS for page in self.pages for late in page.tally.lateness
        ]

    def wrong(self, tokens: int) -> int:
        tallies = [page.tally for page in self.pages]
        return sum(
            one.missing(tokens) + one.doubled + one.misordered for one in tallies
        )


def measure(options: Options) -> list[Figure]:
    """Let one answer be watched by more and more people; then only be there."""
    figures: list[Figure] = []
    tokens = options.tokens(1)
    with running_upstream() as upstream:
        first: Run | None = None
        for count in options.viewers:
            run = _run(upstream, count, options)
            first = first or run
            figures += _figures(count, run, first, tokens)
        figures += _measure_presence(upstream)
    return figures


def _run(upstream: str, count: int, options: Options) -> Run:
    model = f"timed:{options.tokens(1)}@{options.rate}"
    with fresh_server(upstream, model) as server:
        start(server)
        warm_up(make_people(server, 1)[0])
        people = make_team(server, count + 1)
        return asyncio.run(_watch(people, server.pid, options))


async def _watch(people: Sequence[Person], pid: int, options: Options) -> Run:
    *viewers, latecomer = people
    pages = [await _open(person) for person in viewers]
    first = pages[0]
    half_way = LATE_SHARE * options.tokens(1)
    async with Meter(pid) as meter:
        began = time.monotonic()
        await _ask(viewers[0])
        await _until([first], lambda: len(first.tally.tokens) > half_way, options)
        late_frames = await _come_late(latecomer, first, options)
        await _until(pages, lambda: all(page.ended for page in pages), options)
        ended = time.monotonic()
    for page in pages:
        page.close()
    used, foreign = meter.used(began, ended), meter.foreign(began, ended)
    return Run(pages, used, foreign, late_frames)


async def _open(person: Person) -> Page:
    page = Page()
    await page.open(person)
    return page


async def _ask(person: Person) -> None:
    async with httpx2.AsyncClient(base_url=person.origin, timeout=60) as client:
        answer = await client.post(
            person.send_path, content=message_form(), headers=person.headers
        )
        answer.raise_for_status()


async def _until(
    pages: Sequence[Page], holds: Callable[[], bool], options: Options
) -> None:
    """Wait until `holds`, looking at every frame that `pages` get."""
    reached = asyncio.Event()
    for page in pages:
        page.changed = lambda: reached.set() if holds() else None
    if not holds():
        async with asyncio.timeout(options.flow_seconds + GRACE_SECONDS):
            await reached.wait()


async def _come_late(person: Person, present: Page, options: Options) -> int:
    """Return in how many frames a latecomer gets what was written until then."""
    written = len(present.tally.tokens)
    page = Page()
    has: list[int] = [0]

    def has_all() -> bool:
        has.append(len(page.tally.tokens))
        return has[-1] >= written

    await page.open(person)
    await _until([page], has_all, options)
    page.close()
    return sum(now > before for before, now in itertools.pairwise(has))


def _figures(count: int, run: Run, first: Run, tokens: int) -> list[Figure]:
    section = "1 viewer" if count == 1 else f"{count} viewers"
    note = f"others used {run.foreign:.0%} of the core"
    lateness = [
        Figure(
            section,
            f"lateness p{percent}",
            percentile(run.lateness(), percent),
            "ms",
            LATENESS.get((count, percent)),
            note,
        )
        for percent in (50, 95, 99)
    ]
    own, base = (each.used * MILLISECONDS for each in (run, first))
    total = f"of {count * tokens:,}"
    return [
        *lateness,
        Figure(
            section,
            "lost, doubled or misordered",
            run.wrong(tokens),
            "tokens",
            NONE_AT_ALL,
            total,
        ),
        Figure(
            section,
            "CPU / that for one viewer",
            own / base,
            "×",
            note=f"{own:.0f} / {base:.0f} ms for {tokens:,} tokens",
        ),
        Figure(
            section,
            "coming late: frames until all is there",
            run.late_frames,
            "",
            ONE_FRAME,
        ),
    ]


def _measure_presence(upstream: str) -> list[Figure]:
    """Let people be there without an answer: some type, one comes or goes."""
    with fresh_server(upstream, "timed:10@30") as server:
        start(server)
        warm_up(make_people(server, 1)[0])
        nobody = asyncio.run(_be_there([], server.pid))
        people = make_team(server, PRESENT)
        everyone = asyncio.run(_be_there(people, server.pid))
    note = f"{TYPING} of them type; {nobody:.2%} with nobody there"
    title = "share of a core"
    return [Figure(f"{PRESENT} present", title, everyone, "", PRESENCE, note)]


async def _be_there(people: Sequence[Person], pid: int) -> float:
    pages = [await _open(person) for person in people]
    await asyncio.sleep(TYPING_SECONDS)
    async with Meter(pid) as meter:
        began = time.monotonic()
        while time.monotonic() - began < PRESENCE_SECONDS:
            for page in pages[:TYPING]:
                page.type()
            if people:
                pages.pop().close()
                pages.append(await _open(people[-1]))
            await asyncio.sleep(TYPING_SECONDS)
        ended = time.monotonic()
    for page in pages:
        page.close()
    return meter.used(began, ended) / (ended - began)
