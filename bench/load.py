"""The first load of a page in Chromium, with nothing in its cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from bench.children import fresh_server, make_people, start
from bench.figures import Figure, Goal
from bench.options import Options
from bench.people import Person, message_form
from bench.watching import watching
from tests.environment import find_chromium
from tests.gateway.server import TestGateway

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REQUESTS = Goal(12, 20)
KILOBYTES = Goal(80.0, 120.0)
MODEL = "timed:50@1000"


def measure(_: Options) -> list[Figure]:
    """Load the two pages, a conversation with one answered turn among them."""
    with TestGateway() as gateway, fresh_server(gateway.base_url, MODEL) as server:
        start(server)
        person = make_people(server, 1)[0]
        _answer_one_turn(person)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(),
                args=["--no-sandbox", "--disable-background-networking"],
            )
            figures = _load(browser, person, "/", "/")
            figures += _load(browser, person, person.path, "/c/…/")
            browser.close()
    return figures


def _answer_one_turn(person: Person) -> None:
    connection = person.connect()
    with watching(person) as watch:
        person.post(connection, person.send_path, message_form())
        watch.wait_for_end(1, 30)
    connection.close()


def _load(browser: Browser, person: Person, path: str, name: str) -> list[Figure]:
    context = browser.new_context()
    context.add_cookies(
        [
            {"name": cookie, "value": value, "url": person.origin}
            for cookie, value in person.cookies.items()
        ]
    )
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    requests: list[str] = []
    sizes: list[float] = []
    devtools.on(
        "Network.requestWillBeSent", lambda e: requests.append(e["request"]["url"])
    )
    devtools.on(
        "Network.loadingFinished", lambda e: sizes.append(e["encodedDataLength"])
    )
    devtools.send("Network.enable")
    page.goto(person.origin + path)
    page.wait_for_load_state("networkidle")
    context.close()
    count = sum(not url.startswith(("data:", "blob:")) for url in requests)
    kilobytes = sum(sizes) / 1000
    return [
        Figure("first load", f"{name}: requests", count, "", REQUESTS),
        Figure(
            "first load",
            f"{name}: transferred",
            kilobytes,
            "KB",
            KILOBYTES,
        ),
    ]
