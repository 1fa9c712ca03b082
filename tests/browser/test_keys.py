"""Everything by keyboard: the keys, the sheet that shows them, a walk without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    answer,
    begin,
    composer,
    expect_state,
    expect_words,
    questions,
)
from tests.faults.conftest import Place

FOCUS_IS_SEEN = """() => {
    const node = document.activeElement
    if (!node || node === document.body) return "nothing has the focus"
    const here = node.getBoundingClientRect()
    const [x, y] = [here.left + here.width / 2, here.top + Math.min(here.height / 2, 8)]
    const top = document.elementFromPoint(x, y)
    const over = top && !node.contains(top) && !top.contains(node)
    if (over) return `${node.outerHTML.slice(0, 99)} is behind ${top.outerHTML.slice(0, 99)}`
    const parts = [node, node.parentElement, node.closest("label"), node.closest(".box")]
    const ring = parts.some((part) => {
        const { outlineStyle, boxShadow } = part ? getComputedStyle(part) : {}
        return part && (outlineStyle !== "none" || boxShadow !== "none")
    })
    return ring ? "" : `${node.outerHTML.slice(0, 99)} shows no focus`
}"""

# How soon a key must be pressed again to be pressed twice.
TWICE_MILLISECONDS = 1000
NOTE_KEYS = """() => {
    window.pressed = []
    addEventListener("keydown", (event) => window.pressed.push(event.timeStamp), true)
}"""
BETWEEN = "() => window.pressed.at(-1) - window.pressed.at(-2)"


def test_a_walk_through_a_conversation_by_keyboard_alone(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.goto(f"/?model={place.models['endless:@30']}")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("By keys alone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/*/**")
    expect_words(answer(page), "t5")
    expect(composer(page)).to_be_focused()

    page.keyboard.type("And this waits")
    page.keyboard.press("Enter")
    expect(questions(page)).to_have_count(2)
    expect(composer(page)).to_have_value("")
    press_twice(page, "Escape")
    expect_state(answer(page, 0), "stopped")
    expect_state(answer(page, 1), "running")
    page.keyboard.press("Control+.")
    expect_state(answer(page, 1), "stopped")
    press(page, "k", "k", "k")
    expect(questions(page).first).to_be_focused()
    go_on_by_keys(page)


def press_twice(page: Page, key: str) -> None:
    """Press a key twice; once more where the machine took too long between."""
    page.evaluate(NOTE_KEYS)
    page.keyboard.press(key)
    page.keyboard.press(key)
    for _ in range(20):
        if float(page.evaluate(BETWEEN)) < TWICE_MILLISECONDS:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} could not be pressed twice in time.")


def go_on_by_keys(page: Page) -> None:
    """Pin the message that has the focus, change the theme, look for another message."""
    press(page, "p")
    expect(questions(page).first.locator(".pinned")).to_be_visible()
    for theme in ("light", "dark", ""):
        with page.expect_response("**/theme/"):
            press(page, "t")
        pressed = page.locator("#theme [aria-pressed=true]")
        expect(pressed).to_have_attribute("value", theme)
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    expect(questions(page).first).to_be_focused()
    press(page, "Control+k")
    page.keyboard.type("And this waits")
    expect(page.locator("#palette").get_by_role("option").first).to_contain_text("And")
    page.keyboard.press("Enter")
    expect(questions(page).last).to_be_focused()


def test_a_version_is_made_and_left_by_keyboard_alone(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "endless:@30", "By keys alone")
    expect_words(answer(page), "t5")
    expect(composer(page)).to_be_focused()
    page.keyboard.press("Control+.")
    expect_state(answer(page), "stopped")
    press(page, "Escape", "k")
    expect(questions(page).first).to_be_focused()
    press(page, "e")
    expect(page.locator(".edit textarea")).to_be_focused()
    page.keyboard.type(", again")
    page.keyboard.press("Control+Enter")
    expect(questions(page).first).to_contain_text("By keys alone, again")
    page.wait_for_load_state()
    expect(composer(page)).to_be_focused()
    expect_state(answer(page), "running")
    page.keyboard.press("Control+.")
    expect_state(answer(page), "stopped")
    expect(composer(page)).to_be_focused()
    press(page, "Escape", "k")
    expect(questions(page).first).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(questions(page).first).not_to_contain_text("again")


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other; after each the focus can be seen."""
    for key in keys:
        page.keyboard.press(key)
        assert page.evaluate(FOCUS_IS_SEEN) == ""


def test_the_focus_goes_everywhere_is_seen_there_and_comes_back(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "Round and round")
    expect_state(answer(page), "complete")
    first = page.get_by_role("link", name="Skip to the message field")
    first.focus()

    seen = list(walk(page, first))

    for name in ("New conversation", "Copy", "Context", "Send"):
        assert any(name in one for one in seen), name


def walk(page: Page, first: Locator) -> list[str]:
    """Tab through all of a page, once round; what has the focus can always be seen."""
    seen: list[str] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement === document.body"):
            return seen
        assert page.evaluate(FOCUS_IS_SEEN) == ""
        seen.append(page.evaluate("() => document.activeElement.outerHTML"))
    raise AssertionError("The focus never comes to the end of the page.")


def test_the_sheet_shows_every_key_and_gives_the_focus_back(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.goto("/")
    expect(composer(page)).to_be_focused()
    page.keyboard.press("Control+/")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_text("New conversation")).to_be_visible()
    assert sheet.locator("kbd", has_text="Ctrl").count() > 0
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(composer(page)).to_be_focused()
    # A letter in a field is a letter, also that of a key.
    page.keyboard.type("n?")
    expect(composer(page)).to_have_value("n?")


def test_keys_of_one_letter_can_be_turned_off(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.goto("/teams/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    sheet.get_by_label("Keys of one letter").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    page.reload()
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    page.keyboard.press("Control+/")
    expect(sheet).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_list_of_conversations_is_hidden_and_stays_so(
    open_page: OpenPage, place: Place, width: int
) -> None:
    page = open_page(place, "alice", viewport={"width": width, "height": 800})
    page.goto("/teams/")
    new = page.get_by_role("link", name="New conversation")
    if width == 1280:
        page.keyboard.press("l")
        expect(new).to_be_hidden()
        page.reload()
    expect(new).to_be_hidden()
    page.get_by_role("button", name="Conversations").press("Enter")
    expect(new).to_be_visible()
    page.keyboard.press("Escape")
    expect(new).to_be_hidden()
    expect(page.get_by_role("button", name="Conversations")).to_be_focused()
    page.keyboard.press("n")
    expect(page).to_have_url(f"{place.server.url}/")
