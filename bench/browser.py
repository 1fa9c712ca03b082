"""What a conversation costs a browser: bytes, waiting for one's own words, frames, work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Browser, CDPSession, Page, ViewportSize, sync_playwright

from bench.children import (
    fresh_server,
    make_people,
    make_talks,
    running_upstream,
    start,
)
from bench.figures import Figure, Goal, percentile
from bench.machine import every_core
from bench.page_scripts import OWN_WORDS, SCROLL, SENT
from tests.environment import find_chromium

if TYPE_CHECKING:
    from bench.options import Options
    from bench.people import Person

KILOBYTE = 1_000.0
FIRST_LOAD = Goal(120.0, 140.0)
OWN = Goal(50.0, 100.0)
FRAME = Goal(100.0, 200.0)
WORK = Goal(3.0, 6.0)
LOADED, SHORT, LONG = 200, 10, 2_000
# A line or two: so far a wheel moves the page at once.
STEP_PIXELS = -150
QUIET_MILLISECONDS = 1_500
PATIENCE_MILLISECONDS = 300_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SIZE = ViewportSize(width=1280, height=800)
# An answer as fast as quick models write.
RATE = 150


def measure(options: Options) -> list[Figure]:
    """Open, scroll and write in long conversations; then watch a long answer come."""
    with running_upstream() as upstream, _browser() as browser:
        with fresh_server(upstream, "timed:5@1000") as server:
            start(server)
            lengths = (LOADED, SHORT, LONG, options.scrolled)
            loaded, short, long, scrolled = make_talks(server, lengths)
            figures = [
                *_load(browser, loaded),
                *_send(browser, short, SHORT, options.own_words),
                *_send(browser, long, LONG, options.own_words),
                *_scroll(browser, scrolled, options.scrolled),
            ]
        with fresh_server(upstream, f"paragraphs:{options.answer}@{RATE}") as server:
            start(server)
            figures += _stream(browser, make_people(server, 1)[0], options.answer)
    return figures


@contextmanager
def _browser() -> Iterator[Browser]:
    with every_core(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=ARGUMENTS
        )
        yield browser
        browser.close()


@contextmanager
def _page(browser: Browser, person: Person) -> Iterator[Page]:
    """A page of that person in a browser that has loaded nothing yet."""
    context = browser.new_context(base_url=person.origin, viewport=SIZE)
    cookie = "roundtable_session"
    context.add_cookies(
        [{"name": cookie, "value": person.session, "url": person.origin}]
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    try:
        yield context.new_page()
    finally:
        context.close()


def _load(browser: Browser, person: Person) -> list[Figure]:
    sizes: list[float] = []
    with _page(browser, person) as page:
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.on(
            "Network.loadingFinished",
            lambda end: sizes.append(end["encodedDataLength"]),
        )
        page.goto(person.path)
        page.wait_for_timeout(QUIET_MILLISECONDS)
    section, note = "first load", f"{LOADED} messages; all it loads by itself"
    transferred = sum(sizes) / KILOBYTE
    return [
        Figure(section, "transferred", transferred, "KB", FIRST_LOAD, note),
        Figure(section, "requests", len(sizes), ""),
    ]


def _send(browser: Browser, person: Person, length: int, times: int) -> list[Figure]:
    """Send again and again; each waits for the end of the answer before it."""
    with _page(browser, person) as page:
        page.goto(person.path)
        page.wait_for_timeout(QUIET_MILLISECONDS)
        waits = [_say(page, f"Own words, number {time}") for time in range(times)]
    section = f"send at {length:,} messages"
    seen, here = ([wait[name] for wait in waits] for name in ("seen", "here"))
    return [
        Figure(section, "Enter → on screen p50", percentile(seen, 50), "ms", OWN),
        Figure(section, "Enter → on screen p95", percentile(seen, 95), "ms"),
        Figure(section, "Enter → the server’s own p50", percentile(here, 50), "ms"),
    ]


def _say(page: Page, words: str) -> dict[str, float]:
    page.evaluate(OWN_WORDS, words)
    page.locator("#content").fill(words)
    page.locator("#content").press("Enter")
    found: dict[str, float] = page.wait_for_function(SENT).json_value()
    _wait_for_end(page)
    return found


def _wait_for_end(page: Page) -> None:
    page.locator("article").last.and_(
        page.locator("[data-role=assistant][data-state=complete]")
    ).wait_for()
    page.wait_for_timeout(QUIET_MILLISECONDS / 3)


def _scroll(browser: Browser, person: Person, length: int) -> list[Figure]:
    with _page(browser, person) as page:
        page.goto(person.path)
        page.wait_for_timeout(QUIET_MILLISECONDS)
        frames: list[float] = page.evaluate(SCROLL, [length, STEP_PIXELS])
    section = f"scrolling {length:,} messages"
    note = f"of {len(frames):,} frames"
    return [
        Figure(section, "longest frame", max(frames), "ms", FRAME, note),
        Figure(section, "frame p99", percentile(frames, 99), "ms"),
    ]


def _stream(browser: Browser, person: Person, tokens: int) -> list[Figure]:
    with _page(browser, person) as page:
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(person.path)
        page.wait_for_timeout(QUIET_MILLISECONDS)
        before = _seconds(tools)
        page.locator("#content").fill("Write much.")
        page.locator("#content").press("Enter")
        _wait_for_end(page)
        work = _seconds(tools) - before
    name, note = "main thread", f"{RATE} tokens a second"
    return [Figure(f"{tokens:,} tokens", name, work, "s", WORK, note)]


def _seconds(tools: CDPSession) -> float:
    """Return what the page's main thread has worked, as its own CPU time."""
    rows = tools.send("Performance.getMetrics")["metrics"]
    return next(float(row["value"]) for row in rows if row["name"] == "TaskDuration")
