"""Files: chosen, pasted, dropped, taken out again, and sent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests import making_files
from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    ANSWER_MILLISECONDS,
    act,
    answer,
    begin,
    composer,
    expect_state,
    hold,
    questions,
    send,
)
from tests.faults.conftest import Place

SIZES = {"wide": (1280, 800), "narrow": (390, 800)}
NOTE = FilePayload(name="note.txt", mimeType="text/plain", buffer=b"Mind the gap.")
PROGRAM = FilePayload(
    name="setup.pdf", mimeType="application/pdf", buffer=b"MZ\x90\x00"
)
SENTENCE = "“setup.pdf” is a program."
# Files as a browser hands them over, from the clipboard or from another window.
BRING = """([kind, name, type, bytes]) => {
    const brought = new DataTransfer();
    brought.items.add(new File([new Uint8Array(bytes)], name, {type}));
    const options = {bubbles: true, cancelable: true};
    const event = kind === "paste"
        ? new ClipboardEvent(kind, {...options, clipboardData: brought})
        : new DragEvent(kind, {...options, dataTransfer: brought});
    return document.getElementById("content").dispatchEvent(event);
}"""


@pytest.fixture(params=SIZES, ids=str)
def page(request: pytest.FixtureRequest, open_page: OpenPage, place: Place) -> Page:
    width, height = SIZES[request.param]
    page = open_page(place, "alice", viewport={"width": width, "height": height})
    begin(page, place, "echo")
    expect_state(answer(page), "complete")
    return page


def picture(name: str = "Bridge.png") -> FilePayload:
    data = making_files.picture("PNG", (400, 300), color="teal")
    return FilePayload(name=name, mimeType="image/png", buffer=data)


def choose(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Add files", exact=True).set_input_files(list(files))


def bring(page: Page, kind: str, file: FilePayload) -> None:
    given = [kind, file["name"], file["mimeType"], list(file["buffer"])]
    page.evaluate(BRING, given)


def chips(page: Page) -> Locator:
    return page.get_by_role("list", name="Files of this message").locator("[data-file]")


def expect_chips(page: Page, *names: str) -> None:
    expect(chips(page).locator(".file-name")).to_have_text(list(names))


def test_files_are_chosen_refused_taken_out_kept_and_sent(page: Page) -> None:
    choose(page, picture(), PROGRAM, NOTE)
    expect_chips(page, "Bridge.png", "note.txt")
    expect(page.get_by_role("alert").filter(has_text=SENTENCE)).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert").filter(has_text=SENTENCE)).to_have_count(0)

    page.reload()
    expect_chips(page, "Bridge.png", "note.txt")
    page.get_by_role("button", name="Remove note.txt").press("Enter")
    expect_chips(page, "Bridge.png")
    expect(page.get_by_role("button", name="Remove Bridge.png")).to_be_focused()

    composer(page).press("Enter")
    expect(questions(page)).to_have_count(2)
    shown = questions(page).last.get_by_role("img", name="Bridge.png")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("naturalWidth", 400, timeout=ANSWER_MILLISECONDS)
    expect_chips(page)
    expect(composer(page)).to_have_attribute("required", "")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == page.evaluate("innerWidth")


def test_files_are_pasted_and_dropped(page: Page) -> None:
    bring(page, "paste", picture("image.png"))
    expect_chips(page, "image.png")
    overlay = page.get_by_text("Drop files to add them to your message")
    bring(page, "dragenter", NOTE)
    expect(overlay).to_be_visible()
    bring(page, "drop", NOTE)
    expect(overlay).to_be_hidden()
    expect_chips(page, "image.png", "note.txt")
    expect(composer(page)).to_be_focused()


def test_sending_waits_for_what_is_on_its_way(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("/files/$"), hold)
    with page.expect_request(re.compile("/files/$")):
        choose(page, NOTE)
    expect(page.locator("#files progress")).to_be_visible()
    composer(page).fill("Read this.")
    composer(page).press("Enter")
    expect(
        page.get_by_text("This is sent as soon as its files are there.")
    ).to_be_visible()
    expect(questions(page)).to_have_count(1)
    held[0].continue_()
    expect(questions(page)).to_have_count(2)
    link = questions(page).last.get_by_role("link", name=re.compile("note.txt"))
    expect(link).to_be_visible()


def test_what_is_added_while_a_message_is_on_its_way_goes_with_the_next(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "echo")
    expect_state(answer(page), "complete")
    messages = hold(page, "/messages/$", "POST")
    with page.expect_request(re.compile("/messages/$")):
        send(page, "Without files.")
    choose(page, NOTE)
    expect_chips(page, "note.txt")
    files = hold(page, "/files/$", "POST")
    with page.expect_request(re.compile("/files/$")):
        choose(page, picture())

    messages[0].continue_()

    expect(composer(page)).to_have_value("")
    expect_chips(page, "note.txt")
    expect(page.locator("#files progress")).to_be_visible()
    files[0].continue_()
    expect_chips(page, "note.txt", "Bridge.png")
    page.unroute_all()
    send(page, "With both.")
    expect(questions(page)).to_have_count(3)
    sent = questions(page).last.get_by_role("list", name="Files").locator("li")
    expect(sent).to_have_count(2)
    expect_chips(page)


def test_an_edit_keeps_the_files_that_are_chosen(page: Page) -> None:
    choose(page, picture(), NOTE)
    expect_chips(page, "Bridge.png", "note.txt")
    composer(page).press("Enter")
    expect_state(answer(page, 1), "complete")
    questions(page).last.get_by_role("link", name="Edit").click()
    kept = page.get_by_role("list", name="Files it keeps").get_by_role("checkbox")
    expect(kept).to_have_count(2)
    kept.first.press(" ")
    with page.expect_navigation():
        page.get_by_role("button", name="Send again").click()
    expect(questions(page)).to_have_count(2)
    files = questions(page).last.get_by_role("list", name="Files").locator("li")
    expect(files).to_have_count(1)
    expect(files).to_contain_text("note.txt")


def test_a_withdrawn_message_is_back_with_its_files(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "endless:@30")
    expect_state(answer(page), "running")
    choose(page, picture(), NOTE)
    expect_chips(page, "Bridge.png", "note.txt")
    send(page, "What is this?")
    expect_state(questions(page).last, "queued")
    expect_chips(page)

    act(questions(page).last, "Withdraw")

    expect_chips(page, "Bridge.png", "note.txt")
    expect(composer(page)).to_have_value("What is this?")
    page.get_by_role("button", name="Remove note.txt").click()
    expect_chips(page, "Bridge.png")
    send(page, "What is that?")
    expect(questions(page).last).to_contain_text("What is that?")
    expect(questions(page).last.get_by_role("img", name="Bridge.png")).to_be_visible()
    expect_chips(page)
    act(questions(page).last, "Withdraw")
    expect(questions(page).last).not_to_have_attribute("data-state", "queued")
    act(answer(page, 0), "Stop")
    expect_state(answer(page, 0), "stopped")


def test_the_request_with_a_picture_is_downloaded(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.goto(f"/?model={place.models['echo']}")
    choose(page, picture())
    expect_chips(page, "Bridge.png")
    send(page, "What is this?")
    page.wait_for_url("**/c/*/**")
    expect_state(answer(page), "complete")
    answer(page).get_by_role("link", name="Context").click()
    page.get_by_role("link", name="Show it").click()

    with page.expect_download() as download:
        page.get_by_role("link", name="Download the JSON").click()

    assert "data:image/" in download.value.path().read_text()


def test_more_files_than_fit_are_left_out_in_words(page: Page) -> None:
    large = FilePayload(name="large.txt", mimeType="text/plain", buffer=b"x")
    page.evaluate("document.getElementById('files').dataset.mostBytes = 50")
    choose(page, *[NOTE] * 10, large)
    expect(chips(page)).to_have_count(10, timeout=ANSWER_MILLISECONDS)
    expect(
        page.get_by_role("alert").filter(has_text="so 1 were left out")
    ).to_be_visible()


def test_files_are_added_and_sent_without_scripts(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob", java_script_enabled=False)
    page.goto("/")
    composer(page).fill("Half a sentence")
    choose(page, NOTE)
    page.get_by_role("button", name="Add these files").click()
    expect_chips(page, "note.txt")
    expect(composer(page)).to_have_value("Half a sentence")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("link", name=re.compile("note.txt"))).to_be_visible()
