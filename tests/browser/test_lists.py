"""Long lists come page by page: conversations, and messages without JavaScript."""

from __future__ import annotations

from playwright.sync_api import expect

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


def test_without_javascript_earlier_messages_are_a_page_of_their_own(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob")
    begin(page, place, "ok", "question 0")
    for number in range(1, 6):
        expect_state(answer(page, number - 1), "complete")
        send(page, f"question {number}")
    expect_state(answer(page, 5), "complete")
    plain = open_page(place, "bob", java_script_enabled=False)
    plain.goto(page.url)
    expect(questions(plain)).to_have_count(4)
    plain.get_by_role("link", name="Earlier messages").click()
    expect(questions(plain).first).to_contain_text("question 0")
    plain.get_by_role("link", name="Newest messages").click()
    expect(questions(plain).last).to_contain_text("question 5")


def test_a_double_click_sends_once(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "bob")
    begin(page, place, "ok", "once")
    expect_state(answer(page), "complete")
    page.get_by_label("Message", exact=True).fill("twice?")
    page.locator(".send").dblclick()
    expect_state(answer(page, 1), "complete")
    page.reload()
    expect(questions(page)).to_have_count(2)
