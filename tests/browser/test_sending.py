"""Writing, sending, and what one can do with an answer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    act,
    answer,
    begin,
    composer,
    expect_state,
    expect_words,
    hold,
    numbered,
    questions,
    send,
    words,
)
from tests.faults.conftest import Place

SLOW = "endless:@30"
# While a message is on its way to the server; lists refresh themselves with htmx too.
TYPE_MEANWHILE = """() => document.body.addEventListener("htmx:beforeSend", (event) => {
    if (event.target.id === "composer") event.target.elements.content.value += " And more.";
})"""


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice")


def test_the_cursor_waits_in_the_composer_of_a_new_conversation(page: Page) -> None:
    page.goto("/")
    expect(composer(page)).to_be_focused()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_enter_sends_and_shift_enter_makes_a_line(page: Page, place: Place) -> None:
    begin(page, place, "echo")
    expect_state(answer(page), "complete")
    composer(page).press_sequentially("one")
    composer(page).press("Shift+Enter")
    composer(page).press_sequentially("two")
    expect(composer(page)).to_have_value("one\ntwo")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("")
    expect(questions(page)).to_have_count(2)
    assert "one\ntwo" in words(questions(page).last)


def test_enter_that_confirms_a_composed_word_does_not_send(
    page: Page, place: Place
) -> None:
    begin(page, place, "echo")
    expect_state(answer(page), "complete")
    composer(page).fill("にほん")
    for detail in ({"isComposing": True}, {"keyCode": 229}):
        event = {"key": "Enter", "bubbles": True, "cancelable": True, **detail}
        composer(page).dispatch_event("keydown", event)
    expect(composer(page)).to_have_value("にほん")
    expect(questions(page)).to_have_count(1)


def test_an_answer_that_comes_late_leaves_the_focus_where_it_went(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    sent = hold(page, "/messages/$", "POST")
    with page.expect_request(re.compile("/messages/$")):
        send(page, "Slowly")
    page.keyboard.press("Control+f")
    expect(page.locator("#find-words")).to_be_focused()
    page.keyboard.type("slow")

    sent[0].continue_()

    expect(composer(page)).to_have_value("")
    page.keyboard.type("ly")
    expect(page.locator("#find-words")).to_have_value("slowly")
    expect(composer(page)).to_have_value("")


def test_nothing_is_sent_when_nothing_is_written(page: Page, place: Place) -> None:
    begin(page, place, "echo")
    expect_state(answer(page), "complete")
    send(page, "   ")
    expect(questions(page)).to_have_count(1)


def test_a_refusal_keeps_what_was_typed_and_chosen(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    begin(page, place, "ok", "Mine.")
    taken = page.url.rstrip("/").split("/")[-1]
    other = open_page(place, "bob")
    other.goto(f"/?model={place.models['echo']}")
    other.locator("[name=client_id]").evaluate("(node, id) => node.value = id", taken)
    other.evaluate(TYPE_MEANWHILE)
    send(other, "Theirs.")
    expect(other.get_by_role("alert")).to_have_text(re.compile("once more"))
    expect(composer(other)).to_have_value("Theirs. And more.")
    expect(composer(other)).to_be_focused()
    expect(other.get_by_role("button", name="Model: echo")).to_be_visible()


def test_send_reads_queue_while_an_answer_runs_and_the_next_waits_visibly(
    page: Page, place: Place
) -> None:
    begin(page, place, SLOW, "first")
    expect_words(answer(page), "t3")
    expect(page.get_by_role("button", name="Queue", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_hidden()

    send(page, "second")
    expect(questions(page)).to_have_count(2)
    expect(questions(page).last).to_have_attribute("data-state", "queued")
    expect(questions(page).last).to_contain_text("queued")

    act(answer(page, 0), "Stop")
    expect_state(answer(page, 0), "stopped")
    expect(answer(page, 0)).to_contain_text("alice")
    expect_state(answer(page, 1), "running")
    expect(questions(page).last).to_have_attribute("data-state", "complete")
    act(answer(page, 1), "Stop")
    expect_state(answer(page, 1), "stopped")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_a_queued_message_can_be_withdrawn(page: Page, place: Place) -> None:
    begin(page, place, SLOW, "first")
    expect_words(answer(page), "t3")
    send(page, "second")
    expect(questions(page)).to_have_count(2)
    act(questions(page).last, "Withdraw")
    expect(questions(page).last).not_to_have_attribute("data-state", "queued")
    act(answer(page, 0), "Stop")
    expect_state(answer(page, 0), "stopped")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_a_stopped_answer_is_continued_in_place(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:400@40")
    expect_words(answer(page), "t8")
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")
    before = words(answer(page)).split()
    assert before == numbered(0, len(before))

    act(answer(page), "Continue")
    expect_state(answer(page), "complete")
    assert words(answer(page)).split() == before + numbered(0, 400)
    expect(page.locator("article")).to_have_count(2)


def test_a_retry_shows_the_newest_sibling(page: Page, place: Place) -> None:
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    first = answer(page).get_attribute("id")
    act(answer(page), "Retry")
    expect(page.locator(f"#{first}")).to_have_count(0)
    expect_state(answer(page), "complete")
    expect(page.locator("article")).to_have_count(2)
    page.reload()
    expect(page.locator(f"#{first}")).to_have_count(0)
    expect(page.locator("article")).to_have_count(2)


@pytest.mark.parametrize(
    ("model", "state", "action"),
    [
        ("length", "length", "Continue"),
        ("cut", "cut", "Continue"),
        ("filtered", "filtered", "Retry"),
        ("error:500", "failed", "Retry"),
    ],
)
def test_each_end_says_in_words_what_happened_and_what_can_be_done(
    page: Page, place: Place, model: str, state: str, action: str
) -> None:
    begin(page, place, model)
    expect_state(answer(page), state)
    expect(answer(page).locator(".state p")).to_have_text(re.compile(r"\w.*\."))
    button = answer(page).get_by_role("button", name=action, exact=True)
    expect(button).to_be_visible()


def test_an_error_is_plain_and_the_gateways_words_are_behind_a_disclosure(
    page: Page, place: Place
) -> None:
    begin(page, place, "error:500", "please fail")
    expect_state(answer(page), "failed")
    said = answer(page).get_by_text("The test gateway says 500.")
    expect(said).to_be_hidden()
    answer(page).get_by_text("What the gateway said").click()
    expect(said).to_be_visible()
    expect(questions(page)).to_contain_text("please fail")


def test_a_key_in_a_gateways_error_is_never_shown(page: Page, place: Place) -> None:
    begin(page, place, "echo-key")
    expect_state(answer(page), "failed")
    assert "canary" not in page.content()


def test_the_title_is_the_first_message_until_it_is_renamed(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok", "Names for a small boat")
    expect(page.get_by_role("heading", level=1)).to_have_text("Names for a small boat")
    expect(page).to_have_title("Names for a small boat · Roundtable")
    row = page.locator(".row:has([aria-current])")
    row.get_by_label("More for").click()
    row.get_by_label("Title", exact=True).fill("Boats")
    row.get_by_role("button", name="Rename").click()
    expect(row.locator("> a")).to_have_text("Boats")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boats")
    expect(page).to_have_title("Boats · Roundtable")
    send(page, "Another message")
    expect(questions(page)).to_have_count(2)
    page.reload()
    expect(page).to_have_title("Boats · Roundtable")


def test_a_conversation_is_deleted_in_place(page: Page, place: Place) -> None:
    begin(page, place, "ok", "To be deleted")
    page.goto("/")
    rows = page.locator(".row", has_text="To be deleted")
    rows.get_by_label("More for").click()
    rows.get_by_role("button", name="Delete").click()
    expect(rows).to_have_count(0)
    page.reload()
    expect(rows).to_have_count(0)
