"""What the model sees of a conversation that outgrows it: marked, remembered, changed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from tests.browser.axe import everything_found
from tests.browser.conftest import OpenPage
from tests.browser.outgrown import (
    FIRST,
    TALKER,
    add_fact,
    ask,
    card,
    fill_up,
    open_panel,
    panel,
)
from tests.browser.talk import (
    act,
    answer,
    begin,
    expect_settled,
    expect_state,
    questions,
)
from tests.faults.conftest import Place

PHONE = ViewportSize(width=390, height=844)


@pytest.fixture
def place(outgrown: Place) -> Place:
    return outgrown


def test_a_roll_is_marked_and_what_left_can_be_changed_and_used_at_once(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    other = open_page(place, "alice")
    fill_up(page, place)
    other.goto(page.url)

    begins = page.locator(".begins", has_text="The model sees the conversation")
    expect(begins).to_have_count(1)
    expect(begins).to_contain_text("earlier turns are summarised")
    rolled = page.locator(".begins", has_text="Context rolled here: it was full")
    expect(rolled).to_contain_text(re.compile(r"[\d,]+ of 800 tokens"))
    expect(card(page)).to_contain_text("Written by notes")

    card(page).get_by_role("link", name="Edit").click()
    field = panel(page).get_by_role("textbox", name="Summary")
    expect(field).to_have_value(re.compile("We plan a meeting"))
    field.fill("They plan a meeting.\nIn Kiel, not in Hamburg.\nAbout tea.\nIn May.")
    panel(page).get_by_role("button", name="Save").click()
    for each in (page, other):
        expect(card(each)).to_contain_text("In Kiel, not in Hamburg.")
        expect(card(each)).to_contain_text("Written by alice")
    expect_unfolded(card(other))

    expect(panel(page)).to_contain_text("everything is then read anew, once")
    use_now(panel(page))
    expect(card(other)).to_contain_text("The next message goes with it.")
    told = ask(page, place, "So where is it?")
    assert "In Kiel, not in Hamburg." in told
    expect(page.locator(".begins", has_text="by hand")).to_have_count(1)
    expect(card(other)).not_to_contain_text("goes with it")
    assert everything_found(page) == []


def expect_unfolded(shown: Locator) -> None:
    """All of a long one can be seen, for as long as one reads it."""
    gist = shown.locator(".gist")
    folded = gist.evaluate("node => node.clientHeight")
    shown.get_by_text("Show all").click()
    gist.click()
    shown.page.keyboard.press("Escape")
    expect(shown.get_by_text("Show less")).to_be_visible()
    assert gist.evaluate("node => node.clientHeight") > folded


def use_now(side: Locator) -> None:
    side.get_by_role("button", name="Use now").click()
    expect(side).to_contain_text("The next message goes with everything")


def test_an_earlier_summary_is_brought_back_and_all_are_switched_off(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    fill_up(page, place)
    side = open_panel(page)
    side.get_by_role("link", name="Edit").first.click()
    side.get_by_role("textbox", name="Summary").fill("All of it was wrong.")
    side.get_by_role("button", name="Save").click()
    side.get_by_text("Earlier versions (1)").click()
    side.get_by_role("button", name="Use this one").click()
    expect(side.get_by_text("Earlier versions (2)")).to_be_visible()
    expect(card(page)).to_contain_text("We plan a meeting")

    card(page).get_by_role("button", name="Switch off").click()
    expect(card(page)).to_contain_text("it is left out from the next roll on")
    side.get_by_role("button", name="Close").click()
    expect(panel(page)).to_be_hidden()
    side = open_panel(page)
    expect(side).to_contain_text("switched off")
    use_now(side)
    told = ask(page, place, "And now?")
    assert "Summary:" not in told
    expect(card(page)).to_have_count(0)
    begins = page.locator(".begins", has_text="The model sees the conversation")
    expect(begins).to_contain_text("earlier turns are not sent")

    side.get_by_role("button", name="Switch on").click()
    expect(card(page)).to_contain_text("The model does not see it yet")


def test_pins_and_facts_go_with_the_next_roll(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    fill_up(page, place)
    questions(page).first.hover()
    act(questions(page).first, "Pin")
    expect(questions(page).first.locator(".pinned")).to_be_visible()
    side = open_panel(page)
    expect(side.get_by_text("It was said: We plan a meeting")).to_be_visible()
    add_fact(side, "The boat is called Annegret.")
    known = side.locator(".known", has_text="Annegret")
    expect(known).to_contain_text("from the next roll on")

    use_now(side)
    told = ask(page, place, "What is the boat called?")
    assert "The boat is called Annegret." in told
    assert "It was said: We plan a meeting" in told
    assert FIRST in told

    side.get_by_role("button", name="Unpin").last.click()
    expect(questions(page).first.locator(".pinned")).to_have_count(0)


def test_facts_are_written_changed_pinned_and_forgotten(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, TALKER, FIRST)
    expect_state(answer(page), "complete")
    side = open_panel(page)
    field = add_fact(side, "The boat is called Annegret.")

    known = side.locator(".known", has_text="Annegret")
    known.get_by_text("Edit").click()
    known.get_by_label("This fact").fill("The boat is called Frieda.")
    known.get_by_role("button", name="Save").click()
    known = side.locator(".known", has_text="Frieda")
    expect(known).to_be_visible()
    expect_settled(page)
    known.get_by_role("button", name="Pin").click()
    expect(known).to_contain_text("pinned")
    expect_settled(page)

    field.fill("The boat is called Frieda.")
    field.press("Enter")
    expect(side.get_by_role("alert")).to_have_text("This is remembered already.")
    expect_settled(page)
    expect(field).to_have_value("The boat is called Frieda.")
    known.get_by_role("button", name="Delete").click()
    expect(known).to_have_count(0)
    expect(side.locator("#facts")).to_contain_text("None yet.")


def test_from_the_panel_one_gets_to_the_message_that_something_came_from(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    fill_up(page, place)
    side = open_panel(page)

    side.locator("#facts").get_by_role("link", name="We plan a meeting").click()

    expect(questions(page).first).to_be_focused()
    expect(questions(page).first).to_be_in_viewport()
    expect(side).to_be_visible()
    page.keyboard.press("Escape")


def test_the_panel_is_left_with_escape_to_where_one_was(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, TALKER, FIRST)
    expect_state(answer(page), "complete")
    opener = page.get_by_role("link", name="What is remembered")

    open_panel(page)
    page.keyboard.press("Escape")

    expect(panel(page)).to_be_hidden()
    expect(opener).to_be_focused()


def test_on_a_phone_the_panel_covers_the_page(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "bob", viewport=PHONE, has_touch=True)
    fill_up(page, place)

    card(page).get_by_role("link", name="Edit").tap()
    expect(panel(page).get_by_role("textbox", name="Summary")).to_be_focused()
    box = panel(page).bounding_box()
    assert box == {"x": 0, "y": 0, "width": 390, "height": 844}
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide == PHONE["width"]
    link = panel(page).locator("#facts").get_by_role("link", name="We plan a meeting")
    link.tap()
    expect(panel(page)).to_be_hidden()
    expect(questions(page).first).to_be_focused()


def test_without_javascript_all_of_it_is_a_page(
    open_page: OpenPage, place: Place
) -> None:
    scripted = open_page(place, "alice")
    fill_up(scripted, place)
    page = open_page(place, "alice", java_script_enabled=False)
    page.goto(scripted.url)
    questions(page).first.hover()
    act(questions(page).first, "Pin")
    expect(questions(page).first.locator(".pinned")).to_be_visible()

    card(page).get_by_role("link", name="Edit").click()
    page.get_by_role("textbox", name="Summary").fill("In Kiel.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#summary")).to_contain_text("In Kiel.")
    page.get_by_label("A fact worth remembering").fill("Mia is here.")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#facts")).to_contain_text("Mia is here.")
    page.get_by_role("button", name="Use now").click()
    expect(page.locator("#now")).to_contain_text("The next message goes with")

    page.get_by_role("link", name="Back to the conversation").click()
    expect(card(page)).to_contain_text("In Kiel.")
    told = ask(scripted, place, "So where is it?")
    assert "In Kiel." in told
    assert "Mia is here." in told
