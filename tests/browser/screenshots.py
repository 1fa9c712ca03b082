"""Takes the README's screenshot, and one of every screen for people to look at.

`python -m tests.browser.screenshots`; with names of screens, takes only those.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.conftest import add_session
from tests.browser.kept_screens import KEPT_SCREENS
from tests.browser.outgrown import CACHE
from tests.browser.screens import MODELS, SCREENS
from tests.browser.talk import choose, send
from tests.browser.talk_screens import TALK_SCREENS
from tests.browser.team_screens import TEAM_SCREENS
from tests.environment import ROOT, find_chromium
from tests.faults.conftest import Place, place_with
from tests.gateway.economy import Economy
from tests.gateway.server import TestGateway
from tests.servers import Server

ALL_SCREENS = {**SCREENS, **TALK_SCREENS, **KEPT_SCREENS, **TEAM_SCREENS}
PICTURE = ROOT / "docs/screenshot.png"
SCREENS_PLACE = ROOT / "docs/screens"
PICTURE_SIZE = ViewportSize(width=1280, height=960)
# With a provider that nobody asks.
ENVIRON = {
    "RUNNING_PER_USER": "60",
    "OIDC_ISSUER_URL": "http://127.0.0.1:9",
    "OIDC_CLIENT_ID": "roundtable",
    "OIDC_CLIENT_SECRET": "a secret",
}
SIZES = (ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844))
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
BEFORE = (
    "Plan the autumn meeting",
    "Letter to the landlord",
    "Why is my query slow?",
    "Names for a small boat",
)
PATIENCE_MILLISECONDS = 30_000
QUESTION = "How do I yield every prime? In code, please."
SEEN = "FROM message"


def main() -> None:
    names = sys.argv[1:]
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with server() as place, chromium() as browser:
        for name in names or ALL_SCREENS:
            take_screen(browser, place, name)
        if not names:
            take_picture(browser, place)
            take_set_up(browser)


@contextmanager
def server() -> Iterator[Place]:
    """A server with people, and with models that behave as told."""
    with (
        tempfile.TemporaryDirectory(prefix="roundtable-shots-") as directory,
        TestGateway(economy=Economy(CACHE)) as gateway,
        place_with(Path(directory), gateway, MODELS, ENVIRON) as place,
    ):
        yield place


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@contextmanager
def page_of(
    browser: Browser,
    place: Place,
    name: str,
    size: ViewportSize,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=place.server.url,
        viewport=size,
        color_scheme=scheme,
        locale="en-GB",
        has_touch=size["width"] < 600,
    )
    add_session(context, place, name)
    yield context.new_page()
    context.close()


def take_screen(browser: Browser, place: Place, name: str) -> None:
    """One screen, wide and narrow, light and dark."""
    SCREENS_PLACE.mkdir(parents=True, exist_ok=True)
    who = "staff" if name.startswith("admin") else "alice"
    for size in SIZES:
        with page_of(browser, place, who, size) as page:
            ALL_SCREENS[name](page, place)
            photograph(page, name, size)
    print(f"{name}: {SCREENS_PLACE.relative_to(ROOT)}/{name}-*.png")


def photograph(page: Page, name: str, size: ViewportSize) -> None:
    """The page as it is, light and dark."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        path = SCREENS_PLACE / f"{name}-{size['width']}-{scheme}.png"
        page.screenshot(path=path, animations="disabled")


def take_set_up(browser: Browser) -> None:
    """What a newcomer sees first."""
    with tempfile.TemporaryDirectory(prefix="roundtable-shots-") as directory:
        new = Server(Path(directory))
        try:
            new.start()
            page = browser.new_page()
            page.goto(new.setup_link)
            for size in SIZES:
                page.set_viewport_size(size)
                photograph(page, "setup", size)
        finally:
            new.close()


def take_picture(browser: Browser, place: Place) -> None:
    """A conversation with the demo gateway, in mid-answer."""
    with page_of(browser, place, "bob", PICTURE_SIZE) as page:
        for question in BEFORE:
            ask_demo(page, question)
        ask_demo(page, QUESTION)
        page.locator("[data-part=tail]", has_text=SEEN).wait_for()
        page.screenshot(path=PICTURE, animations="disabled")
    print(f"{PICTURE.relative_to(ROOT)} is new.")


def ask_demo(page: Page, question: str) -> None:
    page.goto("/")
    choose(page, "Demo")
    send(page, question)
    page.wait_for_url("**/c/*/**")


if __name__ == "__main__":
    main()
