"""Deleting, forking and trying again from the menu of a message, also together."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import begin_in_team
from tests.browser.talk import (
    act,
    answer,
    begin,
    choose,
    composer,
    expect_state,
    expect_words,
    open_menu,
    questions,
    send,
)
from tests.browser.test_branches import ask, edit, expect_asked, expect_version
from tests.faults.conftest import Place

ENDLESS = "endless:@30"
PHONE = ViewportSize(width=390, height=844)
SIZES = [ViewportSize(width=1280, height=800), PHONE]


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice")


def notice(page: Page) -> Locator:
    return page.locator("#undo")


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_a_branch_is_deleted_and_brought_back(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "alice", viewport=size, has_touch=size == PHONE)
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")

    act(questions(page).last, "Delete from here")

    expect_asked(page, "One")
    expect(notice(page)).to_contain_text("deleted")
    expect(page.locator("#transcript > article").last).to_be_in_viewport()
    notice(page).get_by_role("button", name="Undo").click()
    expect_asked(page, "One", "Two")
    expect_state(answer(page), "complete")


def test_what_goes_elsewhere_leaves_the_focus_at_the_message_before_it(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    other = open_page(place, "alice")
    other.goto(page.url)
    expect_asked(other, "One", "Two")
    answer(other).focus()

    act(questions(page).last, "Delete from here")

    expect_asked(other, "One")
    expect(answer(other)).to_be_focused()


def test_two_people_see_a_branch_go_and_come_back(
    open_page: OpenPage, place: Place
) -> None:
    alice, bob = open_page(place, "alice"), open_page(place, "bob")
    begin_in_team(alice, place, "ok", "Deleting", "alice", "bob")
    ask(alice, "Two")
    edit(alice, 1, "Two, edited")
    expect_state(answer(alice), "complete")
    bob.goto(alice.url)
    expect_asked(bob, "Deleting", "Two, edited")
    expect_version(questions(bob).nth(1), "Version 2 of 2")
    composer(bob).fill("Half a thought")

    act(questions(alice).nth(1), "Delete from here")

    for one in (alice, bob):
        expect_asked(one, "Deleting", "Two")
        expect(questions(one).nth(1).locator(".siblings")).to_have_count(0)
    expect(composer(bob)).to_have_value("Half a thought")
    notice(alice).get_by_role("button", name="Undo").click()
    expect_asked(alice, "Deleting", "Two, edited")
    expect_version(questions(bob).nth(1), "Version 1 of 2")
    expect_asked(bob, "Deleting", "Two")


def test_who_may_not_delete_is_not_offered_it(
    open_page: OpenPage, place: Place
) -> None:
    alice, bob = open_page(place, "alice"), open_page(place, "bob")
    begin_in_team(alice, place, "ok", "Not his", "alice", "bob")
    bob.goto(alice.url)
    expect_asked(bob, "Not his")
    send(bob, "His own")
    expect_asked(bob, "Not his", "His own")
    expect_state(answer(bob, 1), "complete")

    for number, offered in ((0, 0), (1, 1)):
        for article in (questions(bob).nth(number), answer(bob, number)):
            open_menu(article)
            line = article.get_by_role("button", name="Delete from here")
            expect(line).to_have_count(offered)
            bob.keyboard.press("Escape")
    open_menu(questions(alice).nth(1))
    line = questions(alice).nth(1).get_by_role("button", name="Delete from here")
    expect(line).to_be_visible()


def test_the_only_branch_says_what_to_do_instead(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")

    act(questions(page).first, "Delete from here")

    expect(page.get_by_text("Delete the whole conversation instead.")).to_be_visible()
    expect_asked(page, "One")


@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_a_conversation_is_forked_from_a_message(
    open_page: OpenPage, place: Place, size: ViewportSize
) -> None:
    page = open_page(place, "alice", viewport=size, has_touch=size == PHONE)
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    before = page.url

    act(answer(page, 0), "Fork from here")
    page.wait_for_url(lambda url: url.split("#")[0] != before.split("#")[0])

    expect_asked(page, "One")
    expect(page.get_by_role("heading", name="One (fork)", level=1)).to_be_visible()
    ask(page, "On from here")
    expect_asked(page, "One", "On from here")
    page.locator(".forked").get_by_role("link", name="One").click()
    expect_asked(page, "One", "Two")


def test_another_model_tries_once(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")

    act(answer(page), "Try again with…")
    page.get_by_label("Search models").fill("echo")
    page.get_by_role("radio", name="echo").first.click()

    expect_version(answer(page), "Version 2 of 2")
    expect_state(answer(page), "complete")
    expect(answer(page).locator(".made")).to_contain_text("echo")
    expect(page.get_by_role("button", name="Model: ok")).to_be_visible()
    choose(page, "echo")


def test_versions_by_arrow_keys(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    edit(page, 0, "One, edited")
    expect_state(answer(page), "complete")

    questions(page).first.get_by_role("link", name="Previous version").focus()
    page.keyboard.press("ArrowLeft")

    expect_asked(page, "One")
    expect(page.get_by_role("link", name="Next version")).to_be_focused()
    # It has the focus before the page knows the keys.
    page.wait_for_load_state()
    page.keyboard.press("ArrowRight")
    expect_asked(page, "One, edited")
    expect(page.get_by_role("link", name="Previous version")).to_be_focused()


def test_the_menu_by_keyboard(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    menu = answer(page).locator(".more")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(menu.locator(".more-lines :focus")).to_be_visible()

    page.keyboard.press("Escape")

    expect(menu.locator("summary")).to_be_focused()
    expect(menu).not_to_have_attribute("open", "")


def test_up_arrow_edits_the_last_message_and_escape_goes_back(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    composer(page).focus()

    page.keyboard.press("ArrowUp")

    area = questions(page).nth(1).get_by_label("Your message, edited")
    expect(area).to_be_focused()
    expect(area).to_have_value("Two")
    page.keyboard.press("Escape")
    expect(area).to_have_count(0)
    expect(composer(page)).to_be_focused()
    composer(page).fill("Written already")
    page.keyboard.press("ArrowUp")
    expect(page.locator("form.edit")).to_have_count(0)


def test_what_waits_is_changed_where_it_stands(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    begin(page, place, ENDLESS, "One")
    expect_words(answer(page), "t5")
    send(page, "Two")
    expect_asked(page, "One", "Two")
    other = open_page(place, "alice")
    other.goto(page.url)
    expect_asked(other, "One", "Two")
    expect(composer(page)).to_have_value("")
    composer(page).press("ArrowUp")
    area = questions(page).nth(1).get_by_label("Your message, edited")
    area.fill("Two, changed")

    area.press("Control+Enter")

    for tab in (page, other):
        expect_asked(tab, "One", "Two, changed")
        expect(questions(tab).nth(1).locator(".siblings")).to_have_count(0)
        expect_state(questions(tab).nth(1), "queued")
    expect(area).to_have_count(0)
    expect(composer(page)).to_be_focused()
    act(questions(page).nth(1), "Withdraw")
    expect(composer(page)).to_have_value("Two, changed")
    act(answer(page, 0), "Stop")
    expect_state(answer(page, 0), "stopped")


def test_what_is_withdrawn_leaves_what_one_writes_alone(
    page: Page, place: Place
) -> None:
    begin(page, place, ENDLESS, "One")
    expect_words(answer(page), "t5")
    send(page, "Two")
    expect_state(questions(page).nth(1), "queued")
    expect(composer(page)).to_have_value("")
    composer(page).fill("Something else")

    act(questions(page).nth(1), "Withdraw")

    expect(questions(page).nth(1)).not_to_have_attribute("data-state", "queued")
    expect(composer(page)).to_have_value("Something else")
    act(answer(page, 0), "Stop")
    expect_state(answer(page, 0), "stopped")


def test_without_javascript_one_deletes_forks_and_undoes(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    plain = open_page(place, "alice", java_script_enabled=False)
    plain.goto(page.url)

    act(questions(plain).last, "Delete from here")

    expect_asked(plain, "One")
    with plain.expect_navigation():
        plain.get_by_role("button", name="Undo").click()
    expect_asked(plain, "One", "Two")
    act(questions(plain).last, "Fork from here")
    expect(plain.get_by_role("heading", name="One (fork)", level=1)).to_be_visible()
    expect(plain.locator(".forked")).to_have_text(re.compile("Forked from One"))
