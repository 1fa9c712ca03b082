"""What a page shows while something is on its way, and when nothing is left."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import answer, begin, expect_state
from tests.browser.test_order import open_menu
from tests.faults.conftest import Place

# A little less than what one notices as waiting, and what is left of that.
UNNOTICED_MILLISECONDS, REST_MILLISECONDS = 190, 20


def test_a_panel_that_is_long_in_coming_shows_its_place_first(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.clock.install()
    begin(page, place, "ok", "What takes so long?")
    expect_state(answer(page), "complete")
    side = page.locator("#side")
    page.clock.pause_at(page.evaluate("() => Date.now() / 1000 + 60"))
    held = hold_panel(page)

    page.clock.run_for(UNNOTICED_MILLISECONDS)
    expect(side).to_be_hidden()
    page.clock.run_for(REST_MILLISECONDS)
    expect(side).to_be_visible()
    expect(side.locator("#side-body")).to_be_empty()
    held[0].abort()
    expect(side).to_be_hidden()
    expect(page.get_by_text("That did not work.")).to_be_visible()

    held = hold_panel(page)
    page.clock.run_for(UNNOTICED_MILLISECONDS + REST_MILLISECONDS)
    page.clock.resume()
    held[0].continue_()
    expect(side.get_by_role("heading", level=2)).to_be_focused()


def hold_panel(page: Page) -> list[Route]:
    """Ask for what is remembered; it is on its way."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("/memory/"), hold, times=1)
    with page.expect_request(re.compile("/memory/")):
        page.get_by_role("link", name="What is remembered").click()
    return held


def is_post(request: Request) -> bool:
    return request.method == "POST"


def test_nothing_is_left_of_a_list_when_its_last_row_goes(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "The only one")
    expect_state(answer(page), "complete")
    with page.expect_event("requestfinished", is_post):
        open_menu(page, "The only one").get_by_role("button", name="Archive").click()
    # No news of the lists: what is shown is what the page does by itself.
    page.route_web_socket(re.compile("/ws/"), lambda _: None)
    page.goto("/archived/")
    page.get_by_role("button", name="Take “The only one” out").click()
    expect(page.get_by_text("Nothing is archived.")).to_be_visible()

    page.reload()
    heading = page.locator(".rail").get_by_role("heading", name="Today")
    expect(heading).to_be_visible()
    open_menu(page, "The only one").get_by_role("button", name="Delete").click()
    expect(heading).to_be_hidden()
