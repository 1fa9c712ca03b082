"""Somebody who was taken out, a share, an invitation, a fact: ended, and back by *Undo*."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import SIZE, OpenPage
from tests.browser.outgrown import add_fact
from tests.browser.outgrown import open_panel as open_memory
from tests.browser.people import (
    begin_in_team,
    invite,
    open_panel,
    panel,
    share_with,
)
from tests.browser.test_order import open_menu, talk
from tests.faults.conftest import Place

SMALL = ViewportSize(width=390, height=844)
BOTH = pytest.mark.parametrize("size", [SIZE, SMALL], ids=["1280", "390"])
# Whether it lies over the field or what sends it.
COVERS = """(notice) => {
    const one = document.getElementById("composer").getBoundingClientRect()
    const own = notice.getBoundingClientRect()
    return own.bottom > one.top && own.top < one.bottom
        && own.right > one.left && own.left < one.right
}"""


def undo(page: Page, said: str) -> None:
    notice = page.locator(".undo-notice")
    expect(notice).to_contain_text(said)
    notice.get_by_role("button", name="Undo").click()


def remove(page: Page, name: str) -> None:
    page.locator(".member", has_text=name).locator("summary").first.click()
    page.get_by_text("Remove …").click()
    page.get_by_role("button", name="Remove from the team").click()


def known(side: Locator) -> Locator:
    return side.locator(".known", has_text="Annegret")


@BOTH
def test_what_ends_in_a_team_and_a_conversation_comes_back(
    open_page: OpenPage, together: Place, size: ViewportSize
) -> None:
    page = open_page(together, "alice", viewport=size)
    begin_in_team(page, together, "ok", f"Undo {size['width']}", "alice", "bob")
    at = page.url
    side = open_panel(page)
    share_with(page, "bob", "Can read")
    side.get_by_role("button", name="Remove").click()
    undo(page, "no longer shared with bob")
    expect(panel(page).locator("#who")).to_contain_text("@bob")
    expect(panel(page).get_by_role("button", name="Let take part")).to_be_visible()

    page.goto(at)
    side = open_memory(page)
    add_fact(side, "The boat is called Annegret.")
    known(side).get_by_role("button", name="Delete").click()
    expect(known(side)).to_have_count(0)
    undo(page, "The fact is deleted.")
    expect(known(side)).to_be_visible()

    page.goto("/teams/")
    page.locator("main").get_by_role("link", name=f"Undo {size['width']}").click()
    page.locator(".tabs").get_by_role("link", name="Members").click()
    remove(page, "@bob")
    undo(page, "bob is no longer in")
    expect(page.locator(".member", has_text="@bob")).to_be_visible()
    invite(page)
    page.get_by_role("button", name="Withdraw").click()
    undo(page, "The invitation is withdrawn.")
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()


@BOTH
def test_the_notice_covers_nothing_that_one_writes_with(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "alice", viewport=size)
    for title in (f"Goes {size['width']}", f"Stays {size['width']}"):
        talk(page, place, title)
    menu = open_menu(page, f"Goes {size['width']}")
    menu.get_by_role("button", name="Delete").click()
    notice = page.locator(".undo-notice")
    expect(notice).to_be_visible()
    assert not notice.evaluate(COVERS)
