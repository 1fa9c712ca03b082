"""For everyone: small screens, the dark, the keyboard alone, no JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    answer,
    begin,
    composer,
    expect_state,
    expect_words,
    questions,
    words,
)
from tests.browser.watch import Watch
from tests.faults.conftest import Place

NARROW = ViewportSize(width=320, height=640)
WIDE_TEXT = (
    "| " + " | ".join(["a_long_heading_of_a_column"] * 6) + " |\n"
    "|" + " - |" * 6 + "\n\n```python\n" + "x = 1; " * 40 + "\n```\n\n" + "y" * 300
)
OVERFLOW = (
    "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
)


def test_nothing_scrolls_sideways_at_320_pixels(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", viewport=NARROW, has_touch=True)
    page.goto("/")
    assert page.evaluate(OVERFLOW) <= 0
    begin(page, place, "echo", WIDE_TEXT)
    expect_state(answer(page), "complete")
    assert page.evaluate(OVERFLOW) <= 0
    inner = "node => node.scrollWidth - node.clientWidth"
    assert page.locator("#scroll").evaluate(inner) <= 0
    page.get_by_role("button", name="Conversations").click()
    expect(page.get_by_role("link", name="New conversation")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("link", name="New conversation")).to_be_hidden()


@pytest.mark.parametrize("path", ["/login/", "/password/change/", "/c/none/"])
def test_small_pages_fit_320_pixels(
    open_page: OpenPage, place: Place, path: str
) -> None:
    name = "" if path == "/login/" else "alice"
    page = open_page(place, name, viewport=NARROW)
    page.goto(path)
    assert page.evaluate(OVERFLOW) <= 0
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_conversation_by_keyboard_alone(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice")
    begin(page, place, "endless:@30", "By keys")
    expect_words(answer(page), "t5")
    expect(composer(page)).to_be_focused()
    press_until(page, "Shift+Tab", "Stop")
    page.keyboard.press("Enter")
    expect_state(answer(page), "stopped")
    page.keyboard.press("Tab")
    press_until(page, "Shift+Tab", "Continue")
    page.keyboard.press("Enter")
    expect_state(answer(page), "running")
    expect_words(answer(page), "t5")
    press_until(page, "Shift+Tab", "Stop")
    page.keyboard.press("Enter")
    expect_state(answer(page), "stopped")
    page.goto(f"/?model={place.models['ok']}")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("From the keys")
    press_until(page, "Tab", "Send")
    page.keyboard.press("Enter")
    page.wait_for_url("**/c/*/**")
    expect(questions(page)).to_have_count(1)


def press_until(page: Page, key: str, name: str) -> None:
    """Move the focus until it is on the button of this name."""
    for _ in range(40):
        page.keyboard.press(key)
        if str(page.evaluate("() => document.activeElement.innerText")).strip() == name:
            return
    raise AssertionError(f"{key} never leads to {name}.")


def test_the_first_tab_offers_to_skip_to_the_message_field(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.goto("/")
    skip = page.get_by_role("link", name=re.compile("^Skip"))
    assert page.locator("body a, body button").first.inner_text().startswith("Skip")
    skip.focus()
    page.keyboard.press("Enter")
    expect(composer(page)).to_be_focused()


def test_without_javascript_one_reads_sends_and_finds_the_answer_after_a_reload(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", java_script_enabled=False)
    page.goto(f"/?model={place.models['paragraphs:30@30']}")
    composer(page).fill("no scripts here")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/c/*/**")
    expect(questions(page)).to_contain_text("no scripts here")
    reload_until(page, "complete")
    assert words(answer(page)).split()[-1] == "t29"

    place.gateway.script("paragraphs:30@30", "endless:@30")
    composer(page).fill("and again")
    page.get_by_role("button", name=re.compile("Send|Queue")).click()
    expect(questions(page)).to_have_count(2)
    reload_until(page, "running")
    answer(page).get_by_role("button", name="Stop").click()
    expect(page).to_have_url(re.compile("#latest$"))


def reload_until(page: Page, state: str) -> None:
    for _ in range(200):
        page.reload()
        if answer(page).get_attribute("data-state") == state:
            return
    raise AssertionError(f"The answer is never {state}.")


def test_without_javascript_a_conversation_is_renamed_and_deleted(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", java_script_enabled=False)
    page.goto("/")
    send_without_scripts(page, "First name")
    row = page.locator(".row", has=page.locator("[aria-current]"))
    row.locator("summary").first.click()
    row.get_by_label("Title", exact=True).fill("Second name")
    row.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("link", name="Second name")).to_be_visible()
    row = page.locator(".row", has_text="Second name")
    row.locator("summary").first.click()
    row.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="Second name")).to_have_count(0)


def send_without_scripts(page: Page, text: str) -> None:
    composer(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/c/*/**")


def test_times_are_the_readers_own(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice", timezone_id="Pacific/Auckland")
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    expected = page.evaluate(
        """() => new Date(document.querySelector("time").dateTime)
            .toLocaleTimeString("en-GB", {hour: "2-digit", minute: "2-digit"})"""
    )
    expect(questions(page).locator("time")).to_have_text(expected)
    assert "Pacific" in page.evaluate("() => document.cookie")


def test_the_watch_over_all_these_pages_sees_what_is_forbidden(
    open_page: OpenPage, place: Place, watch: Watch
) -> None:
    page = open_page(place)
    page.goto("/login/")
    with page.expect_console_message(lambda one: one.text.startswith("CSP connect")):
        page.evaluate("() => fetch('https://elsewhere.invalid/').catch(() => null)")
    page.close()
    assert any("connect-src" in seen for seen in watch.seen)
    watch.seen.clear()
