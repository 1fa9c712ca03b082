"""Long lists come page by page: conversations, and messages without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import answer, begin, expect_state, questions, send
from tests.faults.conftest import Place


def test_earlier_conversations_load_under_the_newest(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "charlie")
    for number in range(7):
        begin(page, place, "ok", f"talk {number}")
    page.goto("/")
    rows = page.locator(".row > a")
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
    expect(plain.locator(".row > a")).to_have_text(["talk 1", "talk 0"])
    plain.get_by_role("link", name="talk 0").click()
    expect(questions(plain)).to_contain_text("talk 0")
    plain.go_back()
    plain.get_by_role("link", name="Newest conversations").click()
    expect(plain.locator(".row > a").first).to_have_text("talk 6")


def ask_six(page: Page, place: Place) -> None:
    """A conversation of more messages than a page has."""
    begin(page, place, "ok", "question 0")
    for number in range(1, 6):
        expect_state(answer(page, number - 1), "complete")
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
    plain.get_by_role("link", name="Earlier messages").click()
    expect(questions(plain).first).to_contain_text("question 0")
    plain.get_by_role("link", name="Newest messages").click()
    expect(questions(plain).last).to_contain_text("question 5")


@pytest.mark.parametrize("scripts", [True, False])
def test_what_is_sent_under_earlier_messages_is_seen(
    open_page: OpenPage, place: Place, scripts: bool
) -> None:
    page = open_page(place, "bob")
    ask_six(page, place)
    last = answer(page).get_attribute("data-message")
    earlier = open_page(place, "bob", java_script_enabled=scripts)
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
