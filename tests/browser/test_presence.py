"""Two people side by side: who is here, who types, what is new to whom."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import LIST_MILLISECONDS, post, row, share
from tests.browser.talk import (
    answer,
    begin,
    composer,
    expect_state,
    expect_words,
    questions,
)
from tests.faults.conftest import Place

# Who has left is shown for a moment, in which they may come back.
LEFT_MILLISECONDS = 15_000


def begin_together(place: Place, frida: Page, team: str) -> None:
    """Frida asks something, and shares it with a team that Emil is in."""
    place.make_team(team, "frida", "emil")
    begin(frida, place, "ok", f"For {team}")
    expect_state(answer(frida), "complete")
    share(frida, team)
    expect(frida.locator(".audience")).to_contain_text(team)


def typing(page: Page) -> Locator:
    return page.locator("#typing")


def test_people_see_who_is_here_and_who_types(
    place: Place, open_page: OpenPage
) -> None:
    frida, emil = open_page(place, "frida"), open_page(place, "emil")
    begin_together(place, frida, "Typing team")
    emil.goto(frida.url)
    faces = frida.locator("#faces")
    expect(faces).to_have_attribute("aria-label", "Here now: you and emil")
    expect(faces.locator(".here")).to_have_count(2)

    before = composer(frida).bounding_box()
    composer(emil).press_sequentially("I think")
    expect(typing(frida)).to_have_text("emil is typing …")
    expect(typing(emil)).to_be_empty()
    assert composer(frida).bounding_box() == before
    emil.locator(".post").click()
    expect(frida.get_by_text("I think", exact=True)).to_be_visible()
    expect(typing(frida)).to_be_empty()

    emil.goto("/")
    expect(faces).to_have_attribute(
        "aria-label", "Nobody else is here", timeout=LEFT_MILLISECONDS
    )
    expect(faces.locator(".here")).to_have_count(1)


def test_what_was_said_meanwhile_is_new_in_the_list_and_in_the_conversation(
    place: Place, open_page: OpenPage
) -> None:
    frida, emil = open_page(place, "frida"), open_page(place, "emil")
    begin_together(place, frida, "Reading team")
    emil.goto(frida.url)
    expect_state(answer(emil), "complete")
    # What is in view for a moment has been read.
    for page in (emil, frida):
        expect(page.locator("#transcript[data-read]")).to_be_visible()
    frida.goto("/")
    emil.goto("/")
    mine = row(emil, "For Reading team")
    expect(mine).to_be_visible()
    expect(mine).not_to_contain_text("unread", timeout=LIST_MILLISECONDS)

    frida.go_back()
    post(frida, "Meanwhile, @emil")
    expect(mine).to_contain_text("1 mention", timeout=LIST_MILLISECONDS)

    mine.get_by_role("link").click()
    since = emil.locator("#since")
    expect(since).to_have_text("New since you left")
    expect(since.locator("+ article")).to_contain_text("Meanwhile")
    # It stays while one is there, and is gone when one comes back.
    post(frida, "And more")
    expect(questions(emil).last).to_contain_text("And more")
    expect(since).to_have_count(1)
    newest = emil.locator("article").last.get_attribute("data-message")
    expect(emil.locator("#transcript")).to_have_attribute("data-read", newest or "")
    emil.goto("/")
    expect(mine).not_to_contain_text("unread", timeout=LIST_MILLISECONDS)
    mine.get_by_role("link").click()
    expect(questions(emil).last).to_contain_text("And more")
    expect(since).to_have_count(0)


def test_a_list_waits_while_somebody_is_busy_with_a_row(
    place: Place, open_page: OpenPage
) -> None:
    frida, emil = open_page(place, "frida"), open_page(place, "emil")
    begin_together(place, frida, "Renaming team")
    other = open_page(place, "emil")
    for page in (emil, other):
        page.goto("/")
    mine = row(emil, "For Renaming team")
    mine.hover()
    mine.locator(":scope > details > summary").click()
    mine.get_by_label("Title").fill("Half a titl")

    # The second is told when what the first was told has been done.
    for told in ("1 mention", "2 mentions"):
        post(frida, f"Look, @emil: {told}")
        expect(row(other, "For Renaming team")).to_contain_text(
            told, timeout=LIST_MILLISECONDS
        )
    expect(mine.get_by_label("Title")).to_have_value("Half a titl")

    mine.locator(":scope > details > summary").click()
    composer(emil).focus()
    expect(mine).to_contain_text("2 mentions", timeout=LIST_MILLISECONDS)


def test_who_looks_at_another_version_is_told_and_led_there(
    place: Place, open_page: OpenPage
) -> None:
    frida, emil = open_page(place, "frida"), open_page(place, "emil")
    begin_together(place, frida, "Versions team")
    emil.goto(frida.url)
    expect_state(answer(emil), "complete")
    line = emil.locator("#elsewhere")
    expect(line).to_be_hidden()

    frida.get_by_role("link", name="Edit").first.click()
    frida.locator(".edit textarea").fill("In other words, @emil")
    frida.get_by_role("button", name="Send again").click()
    expect_words(questions(frida).first, "In other words, @emil")
    expect_words(answer(frida), "t0")

    expect(line).to_have_text("frida goes on in another version. Show")
    expect(frida.locator("#elsewhere")).to_be_hidden()
    line.get_by_role("link", name="Show").click()
    expect_words(questions(emil).first, "In other words, @emil")
    expect(line).to_be_hidden()
