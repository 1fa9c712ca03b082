"""N streams at once, through the bare relay and through the product."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx2

from bench.children import (
    fresh_server,
    make_people,
    running_relay,
    running_upstream,
    start,
)
from bench.figures import NONE_AT_ALL, Figure, Goal, percentile
from bench.meter import Meter
from bench.options import Options
from bench.pages import Page, Tally
from bench.people import Person, message_form
from bench.sockets import open_socket
from bench.watching import warm_up

# A stream that is this much later than it should be has lost what is missing.
GRACE_SECONDS = 30.0
MILLISECONDS = 1000.0

# Lateness in milliseconds, by the number of streams and the percentile.
LATENESS = {(1, 95): Goal(20.0, 45.0), (200, 99): Goal(60.0, 150.0)}
# CPU as a multiple of the relay's.
CPU = {200: Goal(1.3, 2.0)}


@dataclass(frozen=True, slots=True)
class Run:
    """What came of N streams. `began` and `ended` as the monotonic clock has it."""

    tallies: list[Tally]
    meter: Meter
    began: float
    ended: float

    @property
    def flowing(self) -> tuple[float, float]:
        """While every stream flows: after the last begins, before the first ends."""
        received = [tally.received for tally in self.tallies if tally.received]
        return max(times[0] for times in received), min(times[-1] for times in received)

    def lateness(self, *, flowing: bool = False) -> list[float]:
        """Return every token's way from gateway to viewer, in milliseconds."""
        first, last = self.flowing if flowing else (self.began, self.ended)
        return [
            late * MILLISECONDS
            for tally in self.tallies
            for late, when in zip(tally.lateness, tally.received, strict=True)
            if first <= when <= last
        ]

    def cpu(self, *, flowing: bool = False) -> float:
        """Return the server's milliseconds of CPU for 1,000 tokens."""
        first, last = self.flowing if flowing else (self.began, self.ended)
        tokens = len(self.lateness(flowing=flowing))
        if not tokens:
            return float("nan")
        return self.meter.used(first, last) * MILLISECONDS / (tokens / 1000)


def measure(options: Options) -> list[Figure]:
    """Run every N through both; only their ratio leaves the machine out of it."""
    figures: list[Figure] = []
    with running_upstream() as upstream:
        for n in options.streams:
            relay = _run_relay(upstream, n, options)
            product = _run_product(upstream, n, options)
            figures += _compare(n, relay, product, options)
    return figures


def _run_relay(upstream: str, n: int, options: Options) -> Run:
    model = f"timed:{options.tokens(n)}@{options.rate}"
    with running_relay(upstream, model) as (port, pid):
        return asyncio.run(_relay(port, pid, n, options))


async def _relay(port: int, pid: int, n: int, options: Options) -> Run:
    tallies = [Tally() for _ in range(n)]

    async def follow(number: int) -> None:
        socket = await open_socket(port, "/", tallies[number].append)
        await socket.closed

    async with Meter(pid) as meter:
        began = time.monotonic()
        await _spread(follow, n, options)
        return Run(tallies, meter, began, time.monotonic())


def _run_product(upstream: str, n: int, options: Options) -> Run:
    model = f"timed:{options.tokens(n)}@{options.rate}"
    with fresh_server(upstream, model) as server:
        start(server)
        people = make_people(server, n + 1)
        warm_up(people.pop())
        return asyncio.run(_product(people, server.pid, options))


async def _product(people: Sequence[Person], pid: int, options: Options) -> Run:
    pages = [await _open(person) for person in people]
    async with httpx2.AsyncClient(
        base_url=people[0].origin, timeout=60, limits=httpx2.Limits()
    ) as client:

        async def follow(number: int) -> None:
            page, person = pages[number], people[number]
            ended = asyncio.Event()
            page.changed = lambda: ended.set() if page.ended else None
            form, headers = message_form(), person.headers
            answer = await client.post(person.send_path, content=form, headers=headers)
            answer.raise_for_status()
            await ended.wait()

        async with Meter(pid) as meter:
            began = time.monotonic()
            await _spread(follow, len(people), options)
            ended = time.monotonic()
    for page in pages:
        page.close()
    return Run([page.tally for page in pages], meter, began, ended)


async def _open(person: Person) -> Page:
    page = Page()
    await page.open(person)
    return page


async def _spread(
    follow: Callable[[int], Awaitable[None]], n: int, options: Options
) -> None:
    """Start N streams over a while; return when all have ended or time is up."""

    async def begin(number: int) -> None:
        await asyncio.sleep(number / options.begin_rate)
        await follow(number)

    seconds = n / options.begin_rate + options.tokens(n) / options.rate
    patience = seconds + GRACE_SECONDS
    tasks = [asyncio.create_task(begin(number)) for number in range(n)]
    done, late = await asyncio.wait(tasks, timeout=patience)
    for task in late:
        task.cancel()
    for task in done:
        task.result()


def _compare(n: int, relay: Run, product: Run, options: Options) -> list[Figure]:
    """Return the figures of one N: the relay's, the product's and their ratios."""
    return [
        *_lateness(n, "relay", relay),
        _wrong(n, "relay", relay, options),
        *_lateness(n, "product", product),
        _wrong(n, "product", product, options),
        _ratio(n, relay, product, flowing=True),
        _ratio(n, relay, product, flowing=False),
    ]


def _lateness(n: int, name: str, run: Run) -> list[Figure]:
    note = f"others used {run.meter.foreign(run.began, run.ended):.0%} of the core"
    figures = [
        Figure(
            _section(n),
            f"{name}: lateness p{percent}",
            percentile(run.lateness(), percent),
            "ms",
            LATENESS.get((n, percent)) if name == "product" else None,
            note,
        )
        for percent in (50, 95, 99)
    ]
    title = f"{name}: lateness p99 once all flow"
    value = percentile(run.lateness(flowing=True), 99)
    return [*figures, Figure(_section(n), title, value, "ms")]


def _wrong(n: int, name: str, run: Run, options: Options) -> Figure:
    wrong = sum(
        tally.missing(options.tokens(n)) + tally.doubled + tally.misordered
        for tally in run.tallies
    )
    title = f"{name}: lost, doubled or misordered"
    note = f"of {n * options.tokens(n):,}"
    return Figure(_section(n), title, wrong, "tokens", NONE_AT_ALL, note)


def _ratio(n: int, relay: Run, product: Run, *, flowing: bool) -> Figure:
    base, own = relay.cpu(flowing=flowing), product.cpu(flowing=flowing)
    what = "while text flows" if flowing else "with whole turns"
    note = f"{own:.0f} / {base:.0f} ms of CPU for 1,000 tokens"
    title = f"CPU {what}, product / relay"
    return Figure(_section(n), title, own / base, "×", CPU.get(n), note)


def _section(n: int) -> str:
    return "1 stream" if n == 1 else f"{n} streams"
