"""What is open beside the transcript follows what happens, and loses nothing typed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.outgrown import (
    FIRST,
    TALKER,
    THEN,
    WRITER,
    add_fact,
    card,
    expect_rolled,
    fill_nearly_up,
    fill_up,
    open_panel,
    panel,
)
from tests.browser.talk import (
    act,
    answer,
    begin,
    expect_state,
    questions,
    send,
    wait_until_drawn,
)
from tests.faults.conftest import Place

MEMORY = re.compile(r"/memory/(\?|$)")


@pytest.fixture
def place(outgrown: Place) -> Place:
    return outgrown


def found_fact(side: Locator) -> Locator:
    return side.locator("#facts").get_by_text("It was said: We plan a meeting")


def new_fact(side: Locator) -> Locator:
    return side.get_by_label("A fact worth remembering")


def changed(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text="This has changed.")


def two_tabs(
    open_page: OpenPage, place: Place, *facts: str
) -> tuple[Locator, Page, Page]:
    """An answered question in two tabs; the panel is open in the first, and in it facts."""
    page, other = open_page(place, "alice"), open_page(place, "alice")
    begin(page, place, TALKER, FIRST)
    expect_state(answer(page), "complete")
    side = open_panel(page)
    for fact in facts:
        add_fact(side, fact)
    other.goto(page.url)
    return side, page, other


def test_facts_found_while_the_panel_is_open_appear_in_it(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    fill_nearly_up(page, place)
    with place.gateway.holding(WRITER):
        send(page, THEN[-1])
        expect_rolled(page)
        side = open_panel(page)
        expect(side.locator("#now")).to_contain_text("earlier turns are summarised")
        expect(side.locator("#facts")).to_contain_text("None yet.")

    expect(found_fact(side)).to_be_visible()
    expect(side.get_by_role("heading", level=2)).to_be_focused()


def test_a_roll_is_seen_in_the_open_panel(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice")
    fill_nearly_up(page, place)
    side = open_panel(page)
    expect(side.locator("#now")).to_contain_text("The whole conversation, still.")

    send(page, THEN[-1])
    expect_rolled(page)

    expect(side.locator("#now")).to_contain_text("earlier turns are summarised")
    expect(side.locator("#summary")).not_to_contain_text("from the next roll on")
    expect(found_fact(side)).to_be_visible()


def test_what_another_tab_changes_is_shown_and_what_is_open_stays_open(
    open_page: OpenPage, place: Place
) -> None:
    side, page, other = two_tabs(
        open_page, place, "The boat is called Frieda.", "Mia eats no meat."
    )
    mia = side.locator(".known", has_text="Mia")
    mia.get_by_text("Edit").click()
    mia.get_by_role("button", name="Pin").focus()
    there = open_panel(other)

    there.locator(".known", has_text="Frieda").get_by_role(
        "button", name="Delete"
    ).click()

    expect(side.locator(".known")).to_have_count(1)
    expect(mia.get_by_label("This fact")).to_be_visible()
    expect(mia.get_by_role("button", name="Pin")).to_be_focused()
    expect(changed(page)).to_be_hidden()


def test_what_is_being_typed_is_left_alone_until_it_is_done(
    open_page: OpenPage, place: Place
) -> None:
    side, page, other = two_tabs(open_page, place)
    new_fact(side).fill("Half a thou")

    add_fact(open_panel(other), "The boat is called Frieda.")

    expect(changed(page)).to_be_visible()
    expect(side.locator("#facts")).to_contain_text("None yet.")
    expect(new_fact(side)).to_be_focused()
    new_fact(side).press_sequentially("ght")
    new_fact(side).press("Enter")
    expect(side.locator(".known")).to_have_count(2)
    expect(changed(page)).to_be_hidden()


def test_who_wishes_it_sees_the_change_and_keeps_what_was_typed(
    open_page: OpenPage, place: Place
) -> None:
    side, page, other = two_tabs(open_page, place, "The boat is called Frieda.")
    frieda = side.locator(".known", has_text="Frieda")
    frieda.get_by_text("Edit").click()
    frieda.get_by_label("This fact").fill("The boat is called Annegret.")
    there = open_panel(other)
    add_fact(there, "Mia eats no meat.")
    there.locator(".known", has_text="Frieda").get_by_role(
        "button", name="Delete"
    ).click()
    expect(there.locator(".known")).to_have_count(1)

    page.get_by_role("button", name="Show it").click()

    expect(side.locator("#facts")).to_contain_text("Mia eats no meat.")
    expect(changed(page)).to_be_hidden()
    typed = side.get_by_label("This fact").and_(page.locator(":focus"))
    expect(typed).to_have_value("The boat is called Annegret.")


def test_a_field_that_is_left_empty_holds_nothing_up(
    open_page: OpenPage, place: Place
) -> None:
    side, page, other = two_tabs(open_page, place)
    new_fact(side).focus()
    add_fact(open_panel(other), "The boat is called Frieda.")
    expect(changed(page)).to_be_visible()

    page.keyboard.press("Tab")

    expect(side.locator(".known")).to_have_count(1)
    expect(changed(page)).to_be_hidden()
    expect(side.get_by_role("button", name="Add")).to_be_focused()


def test_an_opened_summary_stays_open_while_the_rest_follows(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    fill_up(page, place)
    side = open_panel(page)
    expect(found_fact(side)).to_be_visible()
    card(page).get_by_role("link", name="Edit").click()
    side.get_by_role("textbox", name="Summary").fill("They meet in Kiel.")
    questions(page).first.hover()
    act(questions(page).first, "Pin")
    expect(changed(page)).to_be_visible()

    page.get_by_role("button", name="Show it").click()

    expect(side.locator("#pins")).to_contain_text("We plan a meeting")
    summary = side.get_by_role("textbox", name="Summary")
    expect(summary).to_have_value("They meet in Kiel.")
    expect(summary).to_be_focused()
    side.get_by_role("button", name="Save").click()
    expect(card(page)).to_contain_text("They meet in Kiel.")


def test_it_is_asked_for_once_at_a_time_and_only_where_something_changed(
    open_page: OpenPage, place: Place
) -> None:
    side, page, other = two_tabs(open_page, place)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    there = open_panel(other)

    # Its own changes come with the answer to them.
    add_fact(side, "The boat is called Frieda.")
    expect(there.locator(".known")).to_have_count(1)
    assert [url for url in asked if MEMORY.search(url)] == []
    new_fact(side).blur()
    add_fact(there, "Mia eats no meat.")
    expect(side.locator(".known")).to_have_count(2)
    assert len([url for url in asked if MEMORY.search(url)]) == 1
    expect(panel(page)).to_be_visible()


def test_the_place_one_reads_at_does_not_move(
    open_page: OpenPage, place: Place
) -> None:
    facts = [f"The boat has rope number {number}." for number in range(24)]
    side, page, other = two_tabs(open_page, place, *facts)
    side.get_by_role("heading", level=2).focus()
    last = side.locator(".known").last
    last.scroll_into_view_if_needed()
    before = last.bounding_box()
    there = open_panel(other)

    there.locator(".known").first.get_by_role("button", name="Delete").click()

    expect(side.locator(".known")).to_have_count(23)
    wait_until_drawn(page)
    after = last.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


def test_what_an_answer_took_appears_in_its_open_context_when_it_ends(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with place.gateway.holding(TALKER):
        begin(page, place, TALKER, FIRST)
        expect_state(answer(page), "running")
        answer(page).get_by_role("link", name="Context").click()
        context = page.get_by_role("dialog", name="Context")
        expect(context).to_contain_text("known when the answer has ended")
        context.get_by_role("link", name="Show it").click()
        request = context.get_by_label("The request", exact=True)
        expect(request).to_contain_text(FIRST)

    expect_state(answer(page), "complete")

    expect(context).to_contain_text("by the gateway’s count")
    expect(context).not_to_contain_text("known when the answer has ended")
    expect(request).to_be_visible()
