"""Deleting with a way back, drafts that follow one, and conversations put in order."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from tests.browser.conftest import SIZE, OpenPage
from tests.browser.heard import (
    DRAFT,
    PATIENCE_SECONDS,
    go_and_listen,
    keeping,
    posting,
    wait_for_draft,
    write,
)
from tests.browser.people import LIST_MILLISECONDS
from tests.browser.talk import answer, begin, composer, expect_state
from tests.faults.conftest import Place

SMALL = ViewportSize(width=390, height=844)
BOTH = pytest.mark.parametrize("size", [SIZE, SMALL], ids=["1280", "390"])


FOREIGN = """(place) => {
    const brought = new DataTransfer();
    brought.setData("text/x-conversation", "x/../../theme/?");
    for (const kind of ["dragover", "drop"]) {
        const event = {bubbles: true, cancelable: true, dataTransfer: brought};
        place.dispatchEvent(new DragEvent(kind, event));
    }
    fetch("/", {method: "HEAD"});
}"""
# As a browser that keeps nothing for anybody.
NO_STORAGE = """
for (const name of ["getItem", "setItem", "removeItem"])
    Storage.prototype[name] = () => { throw new DOMException("No.", "SecurityError"); };
"""


def row(page: Page, title: str) -> Locator:
    return page.locator(".row").filter(has_text=title)


def show_rail(page: Page) -> None:
    opener = page.get_by_role("button", name="Conversations", exact=True)
    if opener.is_visible():
        opener.click()


def open_menu(page: Page, title: str) -> Locator:
    show_rail(page)
    menu = row(page, title)
    menu.locator("summary").first.click()
    expect(menu.get_by_role("button", name="Archive")).to_be_visible()
    return menu


def talk(page: Page, place: Place, title: str) -> None:
    begin(page, place, "ok", title)
    expect_state(answer(page), "complete")


@BOTH
def test_what_is_deleted_comes_back_at_once_or_from_its_page(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    title = f"To keep {size['width']}"
    page = open_page(place, "bob", viewport=size)
    talk(page, place, title)
    open_menu(page, title).get_by_role("button", name="Delete").click()
    page.wait_for_url(f"{place.server.url}/")
    notice = page.locator(".undo-notice")
    expect(notice).to_contain_text(f"“{title}” is deleted.")
    notice.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/c/*/")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    open_menu(page, title).get_by_role("button", name="Delete").click()
    page.wait_for_url(f"{place.server.url}/")
    page.locator(".undo-notice [data-dismiss]").click()
    expect(page.locator(".undo-notice")).to_have_count(0)
    page.goto("/deleted/")
    page.get_by_role("button", name=f"Restore “{title}”").click()
    expect(page.locator(".undo-notice")).to_contain_text("is back")
    expect(page.locator("main").get_by_text(title, exact=True)).to_have_count(0)
    page.goto("/")
    show_rail(page)
    expect(row(page, title)).to_be_visible()


def test_a_page_of_what_was_deleted_elsewhere_shows_it_again_when_it_is_back(
    open_page: OpenPage, place: Place
) -> None:
    page, other = open_page(place, "bob"), open_page(place, "bob")
    talk(page, place, "Here and there")
    other.goto(page.url)
    expect_state(answer(other), "complete")
    composer(other).fill("Half a thought")

    open_menu(page, "Here and there").get_by_role("button", name="Delete").click()
    expect(other.get_by_text("This conversation is not here any more")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    gone = other.get_by_text("This conversation is not here any more")
    expect(gone).to_be_hidden(timeout=PATIENCE_SECONDS * 1000)
    expect_state(answer(other), "complete")
    expect(composer(other)).to_have_value("Half a thought")
    expect(composer(other)).to_be_editable()


def test_another_conversation_goes_and_comes_back_beside_the_one_that_is_read(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    talk(page, place, "The other one")
    talk(page, place, "The one to read")
    at = page.url
    menu = open_menu(page, "The other one")
    menu.get_by_role("button", name="Delete").press("Enter")
    expect(row(page, "The other one")).to_have_count(0)
    # Its button had the focus: by keys one is where it can be undone.
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    with posting(page):
        undo.press("Enter")
    expect(row(page, "The other one")).to_be_visible(timeout=LIST_MILLISECONDS)
    assert page.url == at


@BOTH
def test_a_draft_is_on_every_page_and_no_newer_one_is_lost(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "bob", viewport=size)
    talk(page, place, f"Drafts {size['width']}")
    write(page, "begun here")
    second = open_page(place, "bob", viewport=size)
    second.goto(page.url)
    expect(composer(second)).to_have_value("begun here")
    write(second, "gone on with there")
    write(page, "begun here, and older")
    expect(page.get_by_text("You wrote something newer here")).to_be_visible()
    expect(composer(page)).to_have_value("begun here, and older")
    page.get_by_role("button", name="Use the newer one").click()
    expect(composer(page)).to_have_value("gone on with there")
    composer(page).press("Enter")
    if size == SMALL:
        expect_state(answer(page), "complete")
    expect_state(answer(page, 1), "complete")
    second.reload()
    expect(composer(second)).to_have_value("")
    # What is typed last is kept as the page goes.
    composer(second).press_sequentially("and so")
    second.goto("/")
    wait_for_draft(place, "bob")
    second.reload()
    show_rail(second)
    expect(row(second, f"Drafts {size['width']}")).to_contain_text("Draft")


def test_what_is_typed_while_a_draft_is_being_saved_is_no_other_version(
    open_page: OpenPage, place: Place
) -> None:
    held: list[Route] = []

    def take_the_first(route: Route) -> None:
        if held:
            route.abort()
        held.append(route)

    page = open_page(place, "bob")
    talk(page, place, "Typed on")
    form = page.locator("#composer")
    before = form.get_attribute("data-draft-version") or ""
    page.route(DRAFT, take_the_first)
    with page.expect_request(DRAFT):
        composer(page).press_sequentially("hello")
    composer(page).press_sequentially(" world")
    held[0].continue_()
    expect(form).not_to_have_attribute("data-draft-version", before)

    page.reload()

    expect(composer(page)).to_have_value("hello world")
    expect(page.get_by_text("You wrote something newer here")).to_be_hidden()


def test_a_newer_draft_is_still_offered_where_a_message_is_refused(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    talk(page, place, "Refused")
    write(page, "one")
    second = open_page(place, "bob")
    second.goto(page.url)
    write(second, "two")
    write(page, "three")
    expect(page.get_by_text("You wrote something newer here")).to_be_visible()

    composer(page).fill("x" * 100_001)
    composer(page).press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("100,000 fit")
    with page.expect_response(DRAFT):
        page.get_by_role("button", name="Keep this one").click()
    with page.expect_request(lambda asked: "content=four" in (asked.post_data or "")):
        composer(page).fill("four")


def test_a_first_message_is_kept_until_it_is_sent(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "dora")
    page.goto(f"/?model={place.models['ok']}")
    write(page, "Not yet sent")
    other = open_page(place, "dora")
    other.goto(f"/?model={place.models['ok']}")
    expect(composer(other)).to_have_value("Not yet sent")
    composer(other).press("Enter")
    other.wait_for_url("**/c/*/**")
    other.goto("/")
    expect(composer(other)).to_have_value("")


def test_a_browser_that_keeps_nothing_still_has_its_drafts_on_the_server(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    page.add_init_script(NO_STORAGE)
    talk(page, place, "Nothing kept here")
    with keeping(page, "Kept there"):
        composer(page).press_sequentially("Kept there")
    page.reload()
    expect(composer(page)).to_have_value("Kept there")


def test_conversations_are_put_in_order_by_keys(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    talk(page, place, "By keys")
    menu = row(page, "By keys")
    more = menu.locator("summary").first
    more.focus()
    more.press("Enter")
    menu.get_by_text("Move to folder").press("Enter")
    name = menu.get_by_label("Name of a new folder")
    name.fill("Work")
    name.press("Enter")
    folder = page.locator(".folder")
    expect(folder.locator(".row .title")).to_have_text(["By keys"])
    expect(more).to_be_focused()
    folder.locator("summary").first.press("Enter")
    expect(row(page, "By keys")).to_be_hidden()
    # By this the server knows, and the page notes it a moment later.
    page.wait_for_function("() => /closed_folders=[0-9]/.test(document.cookie)")
    page.reload()
    expect(folder.get_by_role("heading", name="Work")).to_be_visible()
    expect(row(page, "By keys")).to_have_count(0)
    folder.locator("summary").first.press("Enter")
    expect(row(page, "By keys")).to_be_visible()
    open_menu(page, "By keys").get_by_role("button", name="Pin").press("Enter")
    pinned = page.get_by_role("list", name="Pinned")
    expect(pinned.locator(".title")).to_have_text(["By keys"])
    folder.locator(".folder-menu summary").press("Enter")
    folder.get_by_role("button", name="Delete folder").press("Enter")
    expect(folder).to_have_count(0)
    with posting(page):
        page.get_by_role("button", name="Undo").press("Enter")
    expect(folder.get_by_role("heading", name="Work")).to_be_visible(
        timeout=LIST_MILLISECONDS
    )


def test_a_row_is_dragged_into_a_folder_and_put_away(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "dora")
    talk(page, place, "To drag")
    talk(page, place, "To begin with")
    menu = open_menu(page, "To begin with")
    menu.get_by_text("Move to folder").click()
    menu.get_by_label("Name of a new folder").fill("Home")
    menu.get_by_role("button", name="Move", exact=True).click()
    folder = page.locator(".folder")
    expect(folder.locator(".row")).to_have_count(1)
    # What another page lets one drag here says nothing of ours.
    with page.expect_request(lambda asked: asked.method != "GET") as asked:
        folder.locator("summary").first.evaluate(FOREIGN)
    assert asked.value.method == "HEAD"
    row(page, "To drag").locator("> a").drag_to(folder.locator("summary").first)
    expect(folder.locator(".row .title")).to_have_text(["To begin with", "To drag"])
    open_menu(page, "To drag").get_by_role("button", name="Archive").click()
    expect(row(page, "To drag")).to_have_count(0)
    expect(page.locator(".undo-notice")).to_contain_text("is archived")
    go_and_listen(page, "/archived/")
    with posting(page):
        page.get_by_role("button", name="Take “To drag” out").click()
    expect(row(page, "To drag")).to_be_visible(timeout=LIST_MILLISECONDS)
