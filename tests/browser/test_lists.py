"""Long lists come page by page: conversations, and messages without JavaScript."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    answer,
    begin,
    composer,
    expect_state,
    questions,
    send,
)
from tests.faults.conftest import Place


def test_earlier_conversations_load_under_the_newest(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "charlie")
    for number in range(7):
        begin(page, place, "ok", f"talk {number}")
    page.goto("/")
    rows = page.locator(".row .title")
    expect(rows).to_have_text([f"talk {number}" for number in range(6, -1, -1)])
    expect(page.locator(".rail h2")).to_have_text(["Today"])


def test_without_javascript_earlier_conversations_are_a_page_of_their_own(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "dora")
    for number in range(7):
        begin(page, place, "ok", f"talk {number}")
    plain = open_page(place, "dora", java_script_enabled=False)
    plain.goto("/")
    plain.get_by_role("link", name="Earlier conversations").click()
    heading = plain.get_by_role("heading", level=1)
    expect(heading).to_have_text("Earlier conversations")
    expect(plain.locator(".row .title")).to_have_text(["talk 1", "talk 0"])
    plain.get_by_role("link", name="talk 0").click()
    expect(questions(plain)).to_contain_text("talk 0")
    plain.go_back()
    plain.get_by_role("link", name="Newest conversations").click()
    own = plain.get_by_role("list", name="Today")
    expect(own.locator(".title").first).to_have_text("talk 6")


def ask_six(page: Page, place: Place) -> None:
    """A conversation of more messages than a page has."""
    begin(page, place, "ok", "question 0")
    for number in range(1, 6):
        expect_state(answer(page, number - 1), "complete")
        expect(composer(page)).to_have_value("")
        send(page, f"question {number}")
    expect_state(answer(page, 5), "complete")


def test_without_javascript_earlier_messages_are_a_page_of_their_own(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    ask_six(page, place)
    plain = open_page(place, "bob", java_script_enabled=False)
    plain.goto(page.url)
    expect(questions(plain)).to_have_count(4)
    plain.get_by_role("link", name="Older messages").click()
    expect(questions(plain).first).to_contain_text("question 0")
    plain.get_by_role("link", name="Newest messages").click()
    expect(questions(plain).last).to_contain_text("question 5")


def test_what_is_sent_under_earlier_messages_is_seen(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    ask_six(page, place)
    last = answer(page).get_attribute("data-message")
    earlier = open_page(place, "bob")
    earlier.goto(f"{page.url}?before={last}")
    newest = earlier.get_by_role("button", name="Jump to latest")
    expect(newest).to_be_visible()
    send(earlier, "from far above")
    sent = earlier.locator("article", has_text="from far above")
    expect(sent).to_be_in_viewport()
    expect_state(answer(earlier), "complete")
    expect(newest).to_be_hidden()
    earlier.wait_for_url(lambda url: "before=" not in url)
    earlier.reload()
    expect(sent).to_be_in_viewport()


def test_without_javascript_what_is_sent_under_earlier_messages_is_seen(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    ask_six(page, place)
    last = answer(page).get_attribute("data-message")
    earlier = open_page(place, "bob", java_script_enabled=False)
    earlier.goto(f"{page.url}?before={last}")
    expect(earlier.get_by_role("link", name="Newest messages")).to_be_visible()
    earlier.get_by_label("Message", exact=True).fill("from far above")
    earlier.get_by_role("button", name="Send", exact=True).click()
    expect(questions(earlier).last).to_contain_text("from far above")
    expect(earlier).to_have_url(f"{page.url}#latest")
    expect(earlier.get_by_role("link", name="Newest messages")).to_have_count(0)


def test_a_double_click_sends_once(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "bob")
    begin(page, place, "ok", "once")
    expect_state(answer(page), "complete")
    page.get_by_label("Message", exact=True).fill("twice?")
    page.locator(".send").dblclick()
    expect_state(answer(page, 1), "complete")
    page.reload()
    expect(questions(page)).to_have_count(2)


def test_a_title_of_nothing_is_refused_where_it_was_typed(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    begin(page, place, "ok", "A name to keep")
    expect_state(answer(page), "complete")
    row = page.locator(".row:has([aria-current])")
    row.locator("summary").first.click()
    title = row.get_by_label("Title")
    title.fill("   ")
    title.press("Enter")
    expect(row.get_by_role("alert")).to_have_text("A title needs at least one letter.")
    expect(title).to_have_value("   ")
    expect(page.locator("[data-notice]:visible")).to_have_count(0)
    title.fill("A better name")
    title.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A better name")
