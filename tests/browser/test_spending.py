"""What one has spent is in the menu of oneself, and asked for when that opens."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.faults.conftest import Place


def test_the_menu_says_what_is_spent_of_what_may_be(
    open_page: OpenPage, place: Place
) -> None:
    place.write(
        "UPDATE conversations_user SET monthly_limit = 20 WHERE id = ?",
        place.users["emil"],
    )
    page = open_page(place, "emil")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    menu = page.locator(".me")
    expect(menu).to_contain_text("emil")
    assert not [url for url in asked if url.endswith("/spending/")]

    menu.locator("summary").click()

    expect(menu).to_contain_text("This month: $0.00 of $20.00")
