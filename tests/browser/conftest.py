"""A browser, a server with people and models, and pages that are watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.watch import Watch
from tests.environment import find_chromium
from tests.faults.conftest import Place, place_with
from tests.gateway.server import TestGateway

SESSION_COOKIE = "roundtable_session"
SIZE = {"width": 1280, "height": 800}
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
    "paragraphs:30@30",
    "paragraphs:90@30",
    "endless:@30",
)
# Few messages a page, so that a short conversation has older ones.
ENVIRON = {"PAGE_MESSAGES": "8", "RUNNING_PER_USER": "60"}

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server for all tests that leave it running."""
    directory = tmp_path_factory.mktemp("browser")
    with (
        TestGateway() as gateway,
        place_with(directory, gateway, MODELS, ENVIRON) as place,
    ):
        yield place


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Sees every page of a test; nothing forbidden may have happened in any."""
    watch = Watch()
    yield watch
    assert watch.seen == []


@pytest.fixture
def open_page(browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    """Open a page of a person (or nobody) in a context of its own."""
    contexts = []

    def open_page(place: Place, name: str = "", **options: object) -> Page:
        chosen = {"viewport": SIZE, "locale": "en-GB", **options}
        context = browser.new_context(base_url=place.server.url, **chosen)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        if name:
            context.add_cookies([session_cookie(place, name)])
        watch.follow(context, place.server.url)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def session_cookie(place: Place, name: str) -> dict[str, str]:
    value = place.sessions[name]
    return {"name": SESSION_COOKIE, "value": value, "url": place.server.url}
