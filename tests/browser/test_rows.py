"""Rows of the list: where those go on who have done something with one."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import composer, hold
from tests.browser.test_order import open_menu, row, talk
from tests.faults.conftest import Place

# As when the lists are put in anew.
REPLACE = """async (rows) => {
    const answer = await fetch(rows.dataset.url, {headers: {"HX-Request": "true"}});
    rows.innerHTML = await answer.text();
}"""
# Text from anywhere is dropped here.
DROP_TEXT = """(place) => {
    const brought = new DataTransfer();
    brought.setData("text/plain", "Only words");
    for (const kind of ["dragover", "drop"]) {
        const event = {bubbles: true, cancelable: true, dataTransfer: brought};
        place.dispatchEvent(new DragEvent(kind, event));
    }
    fetch("/", {method: "HEAD"});
}"""


def pick(page: Page, title: str) -> Locator:
    """Open the menu of a row by keys."""
    menu = row(page, title)
    menu.locator("summary").first.press("Enter")
    return menu


def test_who_uses_keys_goes_on_from_what_they_have_named_or_put_away(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    for title in ("First", "Second"):
        talk(page, place, title)
    name = pick(page, "First").get_by_label("Title")
    name.fill("   ")
    name.press("Enter")
    expect(row(page, "First").get_by_role("alert")).to_be_visible()
    expect(name).to_be_focused()
    name.fill("Third")
    name.press("Enter")
    expect(row(page, "Third").locator("summary").first).to_be_focused()
    menu = pick(page, "Third")
    menu.get_by_text("Move to folder").press("Enter")
    menu.get_by_label("Name of a new folder").fill("Work")
    menu.get_by_role("button", name="Move", exact=True).press("Enter")
    folder = page.locator(".folder-menu summary")
    folder.press("Enter")
    page.get_by_label("Name of the folder").fill("Home")
    page.get_by_label("Name of the folder").press("Enter")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(folder).to_be_focused()

    for title in ("Third", "Second"):
        pick(page, title).get_by_role("button", name="Archive").press("Enter")
        expect(row(page, title)).to_have_count(0)
    page.goto("/archived/")
    page.get_by_role("button", name="Take “Second” out").press("Enter")
    expect(page.get_by_role("button", name="Take “Third” out")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_who_goes_on_writing_is_not_taken_to_the_row_they_have_pinned(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    talk(page, place, "Pinned late")
    placed = hold(page, "/place/$", "POST")
    with page.expect_request(lambda asked: asked.method == "POST"):
        open_menu(page, "Pinned late").get_by_role("button", name="Pin").click()
    composer(page).click()
    page.keyboard.type("Hello ")

    placed[0].continue_()

    expect(page.get_by_role("list", name="Pinned").locator(".row")).to_have_count(1)
    page.keyboard.type("now")
    expect(composer(page)).to_have_value("Hello now")


def test_a_drag_whose_row_has_gone_moves_nothing_later(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    talk(page, place, "To drag")
    row(page, "To drag").locator("> a").hover()
    page.mouse.down()
    page.mouse.move(700, 300, steps=5)
    page.locator("#rail-rows").evaluate(REPLACE)
    page.mouse.move(800, 300, steps=5)
    page.mouse.up()

    def is_said(request: Request) -> bool:
        return request.method in ("HEAD", "POST")

    with page.expect_request(is_said) as asked:
        page.locator("#rail-rows [data-drop]").first.evaluate(DROP_TEXT)
    assert asked.value.method == "HEAD"
