"""Until the server has heard of what somebody does, and their page hears of news."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from playwright.sync_api import Page, Response

from tests.browser.talk import composer
from tests.faults.conftest import Place

DRAFT = re.compile("/draft/$")
PATIENCE_SECONDS = 20.0
NOTE_SOCKETS = (
    "document.addEventListener('htmx:wsOpen', () => (window.hasSocket = true))"
)


@contextmanager
def keeping(page: Page, text: str) -> Iterator[None]:
    """Type nothing more until the server has seen a draft, whenever it was sent."""
    body = urlencode({"content": text}) + "&"

    def is_ours(got: Response) -> bool:
        is_draft = DRAFT.search(got.url) is not None
        return is_draft and body in (got.request.post_data or "")

    with page.expect_response(is_ours):
        yield
        composer(page).blur()


def write(page: Page, text: str) -> None:
    with keeping(page, text):
        composer(page).fill(text)


def wait_for_draft(place: Place, name: str) -> None:
    """A page that goes says what was typed last, and waits for nothing."""
    kept = "SELECT id FROM conversations_view WHERE user_id = ? AND draft <> ''"
    until = time.monotonic() + PATIENCE_SECONDS
    while not place.rows(kept, place.users[name]):
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def posting(page: Page) -> Iterator[None]:
    """What is done is done when this ends; what is told of it may come later."""
    with page.expect_response(lambda got: got.request.method == "POST"):
        yield


def note_sockets(page: Page) -> None:
    """Have the pages that come next note when news come down to them."""
    page.add_init_script(NOTE_SOCKETS)


def expect_socket(page: Page) -> None:
    """What is changed from now on is told to this page."""
    page.wait_for_function("() => window.hasSocket")


def go_and_listen(page: Page, address: str = "/") -> None:
    """Open a page, and wait for its socket: what happens before it is not told."""
    note_sockets(page)
    page.goto(address)
    expect_socket(page)
