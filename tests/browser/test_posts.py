"""Two people beside each other: what they tell each other, and what the model hears."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    act,
    answer,
    begin,
    composer,
    expect_state,
    questions,
    send,
)
from tests.faults.conftest import Place

NARROW = ViewportSize(width=390, height=844)
OVERFLOW = (
    "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
)
SHARE = (
    "INSERT INTO conversations_share (conversation_id, user_id, access, created_at) "
    "VALUES (?, ?, 'write', '2026-11-21')"
)
ASK_WHEN_NAMED = (
    "UPDATE conversations_conversation SET asks_when_named = 1 WHERE id = ?"
)


def share(page: Page, place: Place, name: str = "bob") -> str:
    """Let another one take part; returns the conversation's key."""
    found = re.search(r"/c/([0-9a-f-]{36})/", page.url)
    assert found is not None
    key = UUID(found[1]).hex
    place.write(SHARE, key, place.users[name])
    page.reload()
    return key


def people_only(page: Page) -> None:
    page.get_by_label("People only").click()


def test_people_talk_to_each_other_beside_the_model(
    place: Place, open_page: OpenPage
) -> None:
    alice, bob = open_page(place, "alice"), open_page(place, "bob")
    begin(alice, place, "endless:@30", "What do we tell them?")
    share(alice, place)
    bob.goto(alice.url)
    expect_state(answer(bob), "running")

    composer(bob).fill("It goes on for long")
    bob.get_by_role("button", name="Post", exact=True).click()
    posted = questions(alice).nth(1)
    expect(posted).to_contain_text("It goes on for long")
    expect(posted.locator(".posted")).to_have_text("posted")
    expect(composer(bob)).to_have_value("")
    expect_state(answer(alice), "running")

    people_only(bob)
    expect(bob.locator(".send")).to_be_hidden()
    send(bob, "Between us")
    between = questions(alice).nth(2)
    expect(between.locator(".posted")).to_have_text("people only")
    expect(bob.get_by_role("button", name="Post to people")).to_be_visible()
    expect(alice.locator("article[data-state=queued]")).to_have_count(0)

    act(answer(alice), "Stop")
    expect_state(answer(alice), "stopped")
    answer(alice).get_by_role("button", name="Retry").click()
    for page in (alice, bob):
        expect(answer(page).get_by_label("Version 2 of 2")).to_be_visible()
        expect(questions(page)).to_have_count(3)
        last = page.locator("#transcript article").last
        expect(last).to_contain_text("Between us")
    act(answer(alice), "Stop")
    expect_state(answer(alice), "stopped")


def test_a_name_is_taken_from_a_list_by_keys(place: Place, open_page: OpenPage) -> None:
    alice = open_page(place, "alice")
    begin(alice, place, "ok")
    expect_state(answer(alice), "complete")
    share(alice, place)
    share(alice, place, "dora")
    names = alice.get_by_role("listbox", name="People to name")

    composer(alice).press_sequentially("Ask @")
    expect(names.get_by_role("option")).to_have_text([re.compile("bob"), "@dora"])
    composer(alice).press("ArrowDown")
    expect(names.get_by_role("option", selected=True)).to_have_text("@dora")
    composer(alice).press("Enter")
    expect(composer(alice)).to_have_value("Ask @dora ")
    expect(names).to_be_hidden()
    composer(alice).press_sequentially("and @b")
    names.get_by_role("option", name="bob").click()
    expect(composer(alice)).to_have_value("Ask @dora and @bob ")
    expect(composer(alice)).to_be_focused()

    composer(alice).press("Enter")
    expect(questions(alice).last).to_contain_text("Ask @dora and @bob")


def test_where_the_model_is_asked_by_name_the_page_says_so(
    place: Place, open_page: OpenPage
) -> None:
    alice = open_page(place, "alice", viewport=NARROW)
    begin(alice, place, "ok")
    expect_state(answer(alice), "complete")
    expect(alice.get_by_text("People only")).to_be_hidden()
    expect(alice.get_by_role("button", name="Post")).to_have_count(0)
    key = share(alice, place)
    place.write(ASK_WHEN_NAMED, key)
    alice.reload()

    expect(alice.get_by_text("Only a message with @roundtable")).to_be_visible()
    assert alice.evaluate(OVERFLOW) <= 0
    send(alice, "I am not sure")
    expect(questions(alice).last.locator(".posted")).to_have_text("posted")
    send(alice, "What do you say, @roundtable?")
    expect(alice.locator("article[data-role=assistant]")).to_have_count(2)
    expect_state(answer(alice), "complete")


@pytest.mark.parametrize("is_for_people", [False, True])
def test_one_posts_without_a_script(
    place: Place, open_page: OpenPage, is_for_people: bool
) -> None:
    alice = open_page(place, "alice")
    begin(alice, place, "ok")
    expect_state(answer(alice), "complete")
    share(alice, place)
    bob = open_page(place, "bob", java_script_enabled=False)
    bob.goto(alice.url)

    composer(bob).fill("Plainly said")
    if is_for_people:
        people_only(bob)
        expect(bob.locator(".send")).to_be_hidden()
    bob.locator(".post").click()

    mark = "people only" if is_for_people else "posted"
    expect(questions(bob).last).to_contain_text("Plainly said")
    expect(questions(bob).last.locator(".posted")).to_have_text(mark)
