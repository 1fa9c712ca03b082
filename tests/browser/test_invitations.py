"""A team, an invitation, and somebody who comes in by it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.axe import SCHEMES, everything_found
from tests.browser.conftest import OpenPage
from tests.browser.talk import copy_by
from tests.browser.test_contrast import FAINT_TEXT
from tests.faults.conftest import Place

PASSWORD = "a long enough sentence"


def make_invitation(page: Page, team: str) -> str:
    """Make a team and an invitation to it; return the link that is shown."""
    page.goto("/teams/")
    page.get_by_role("textbox", name="Create a team").fill(team)
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="Make an invitation").click()
    return page.get_by_role("textbox", name="The link").input_value()


def test_somebody_new_comes_in_by_a_copied_link(
    open_page: OpenPage, place: Place
) -> None:
    permissions = ["clipboard-read", "clipboard-write"]
    alice = open_page(place, "alice", permissions=permissions)
    link = make_invitation(alice, "Harbour")
    copy_by(alice.get_by_role("button", name="Copy"))
    assert alice.evaluate("() => navigator.clipboard.readText()") == link

    page = open_page(place)
    page.goto(link)
    expect(page.get_by_role("heading", name="Join Harbour")).to_be_visible()
    page.get_by_label("Your name").fill("Hanna Harbour")
    page.get_by_label("Username").fill("hanna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()

    expect(page.get_by_role("heading", name="Harbour", level=1)).to_be_visible()
    alice.get_by_role("link", name="Back to the members").click()
    expect(alice.get_by_text("Hanna Harbour", exact=True)).to_be_visible()
    expect(alice.get_by_text("None is open.")).to_be_visible()


def test_an_invitation_works_without_scripts(open_page: OpenPage, place: Place) -> None:
    alice = open_page(place, "alice", java_script_enabled=False)
    link = make_invitation(alice, "Quay")
    expect(alice.get_by_role("button", name="Copy")).to_be_hidden()

    bob = open_page(place, "bob", java_script_enabled=False)
    bob.goto(link)
    bob.get_by_role("button", name="Join as bob").click()

    expect(bob.get_by_role("heading", name="Quay", level=1)).to_be_visible()


def look(page: Page) -> None:
    """All its words can be read, and axe finds nothing, in either theme."""
    assert everything_found(page) == []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(FAINT_TEXT) == [], scheme


def test_what_is_given_and_what_is_opened_is_for_everyone(
    open_page: OpenPage, place: Place
) -> None:
    alice, visitor = open_page(place, "alice"), open_page(place)
    link = make_invitation(alice, "Pier")
    look(alice)
    alice.goto(link)
    look(alice)
    visitor.goto(link)
    look(visitor)
