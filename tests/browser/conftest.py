"""A browser, a server with people and models, and pages that are watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, TypedDict, Unpack

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.browser.outgrown import small_place
from tests.browser.people import place_of_their_own
from tests.browser.watch import Watch
from tests.environment import find_chromium
from tests.faults.conftest import Place, place_with
from tests.gateway.server import TestGateway
from tests.tracing import untraced

SESSION_COOKIE = "roundtable_session"
SIZE = ViewportSize(width=1280, height=800)
PATIENCE_MILLISECONDS = 10_000
# Models of the test gateway: their names are scenarios.
MODELS = (
    "ok",
    "echo",
    "filtered",
    "length",
    "cut",
    "error:500",
    "echo-key",
    "paragraphs:400",
    "paragraphs:400@40",
    "paragraphs:4000@40",
    "paragraphs:30@30",
    "paragraphs:90@30",
    "endless:@30",
    "reasoning",
    "reasoning:40@40",
    "reasoning:120@40",
    "reasoning:400@40",
    "reasoning:600@150",
    "reasoning:5",
    "retry-after:30",
    "citations",
)
# Few messages a page, so that a short conversation has older ones.
ENVIRON = {"PAGE_MESSAGES": "8", "PAGE_CONVERSATIONS": "5", "RUNNING_PER_USER": "60"}


class Options(TypedDict, total=False):
    """What a browser is like, where a test cares."""

    viewport: ViewportSize
    color_scheme: Literal["light", "dark"]
    has_touch: bool
    java_script_enabled: bool
    permissions: list[str]
    timezone_id: str


class OpenPage(Protocol):
    def __call__(
        self, place: Place, name: str = "", **options: Unpack[Options]
    ) -> Page: ...


@pytest.fixture(scope="package", autouse=True)
def _unmeasured() -> Iterator[None]:
    """Servers for browsers are not traced: what they run is covered without them."""
    with untraced():
        yield


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def place_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server for all tests that leave it running."""
    directory = tmp_path_factory.mktemp("browser")
    with (
        TestGateway() as gateway,
        place_with(directory, gateway, MODELS, ENVIRON) as place,
    ):
        yield place


@pytest.fixture(scope="package")
def outgrown_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server whose model has a small budget, and another one for summaries."""
    with small_place(tmp_path_factory.mktemp("outgrown")) as place:
        yield place


@pytest.fixture(scope="package")
def together_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server for several people beside each other, of whom nothing else is said."""
    with place_of_their_own(tmp_path_factory.mktemp("together")) as place:
        yield place


@pytest.fixture
def place(place_server: Place) -> Place:
    """The same server, where nobody has done anything before."""
    place_server.renew_people()
    return place_server


@pytest.fixture
def outgrown(outgrown_server: Place) -> Place:
    outgrown_server.renew_people()
    return outgrown_server


@pytest.fixture
def together(together_server: Place) -> Place:
    together_server.renew_people()
    return together_server


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Sees every page of a test; nothing forbidden may have happened in any."""
    watch = Watch()
    yield watch
    assert watch.seen == []


@pytest.fixture
def open_page(browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Open a page of a person (or nobody) in a context of its own."""
    contexts: list[BrowserContext] = []

    def open_page(place: Place, name: str = "", **options: Unpack[Options]) -> Page:
        chosen: Options = {"viewport": SIZE, **options}
        context = browser.new_context(
            base_url=place.server.url, locale="en-GB", **chosen
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        if name:
            add_session(context, place, name)
        watch.follow(context, place.server.url)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def add_session(context: BrowserContext, place: Place, name: str) -> None:
    """Sign a person in without the form."""
    value = place.sessions[name]
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": value, "url": place.server.url}]
    )
