"""What was sent for an answer: one click beside it, in every kind of browser."""

from __future__ import annotations

import hashlib
import json
import re
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import act, answer, begin, copy_by, expect_state, send
from tests.browser.test_contrast import FAINT_TEXT
from tests.browser.test_everyone import OVERFLOW
from tests.faults.conftest import Place
from tests.faults.rows import KEY

PHONE = ViewportSize(width=320, height=640)
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def link(page: Page, number: int = -1) -> Locator:
    return answer(page, number).get_by_role("link", name="Context")


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Context")


def two_turns(page: Page, place: Place) -> None:
    begin(page, place, "ok", "What is tea?")
    expect_state(answer(page), "complete")
    send(page, "And coffee?")
    expect(page.locator("article[data-role=assistant]")).to_have_count(2)
    expect_state(answer(page), "complete")


def test_one_click_beside_an_answer_shows_what_was_sent_for_it(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    two_turns(page, place)

    link(page).click()

    expect(panel(page)).to_contain_text("1 earlier turn and the new message")
    expect(panel(page)).to_contain_text("It begins with all of the request before")
    panel(page).get_by_text("Messages", exact=True).click()
    expect(panel(page).locator("[data-said]").first).to_contain_text("What is tea?")

    link(page, 0).click()
    expect(panel(page)).to_contain_text("Nothing was sent on this branch before.")
    expect(panel(page).get_by_role("heading", name="Context")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()


def test_the_numbers_are_those_that_the_gateway_counted(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "What is tea?")
    expect_state(answer(page), "complete")

    link(page).click()

    # The test gateway counts 100 for every prompt.
    expect(panel(page)).to_contain_text("100 tokens by the gateway’s count")


def test_the_exact_request_is_shown_and_copied(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", permissions=CLIPBOARD)
    begin(page, place, "ok", "It's “tea”, isn't it?")
    expect_state(answer(page), "complete")
    # Others may still go on with what tests before this one have begun.
    *_, sent = (one.body for one in place.gateway.requests if b"isn't it?" in one.body)

    link(page).click()
    panel(page).get_by_role("link", name="Show it").click()

    expect(panel(page)).to_contain_text(hashlib.sha256(sent).hexdigest())
    copy_by(panel(page).get_by_role("button", name="Copy as JSON"))
    assert copied(page) == sent.decode()
    copy_by(panel(page).get_by_role("button", name="Copy as curl"))
    assert "--data-binary @-" in copied(page)
    assert KEY not in copied(page)
    assert place.gateway.root_url not in copied(page)


def copied(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


def test_each_request_of_a_continued_answer_has_its_own(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "length", "Count, please.")
    expect_state(answer(page), "length")
    act(answer(page), "Continue")
    expect(answer(page)).to_have_attribute("data-attempt", "2")
    expect_state(answer(page), "length")

    link(page).click()

    expect(panel(page)).to_contain_text("a line that asks to go on")
    panel(page).get_by_role("link", name="Request 1").click()
    expect(panel(page)).not_to_contain_text("a line that asks to go on")
    current = panel(page).get_by_role("link", name="Request 1")
    expect(current).to_have_attribute("aria-current", "page")


def test_it_can_be_looked_at_while_the_answer_is_written(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "endless:@30", "For ever?")
    expect_state(answer(page), "running")

    link(page).click()

    expect(panel(page)).to_contain_text("is known when the answer has ended")
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")


def test_without_a_script_it_is_a_page_and_so_is_the_request(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    two_turns(page, place)
    bare = open_page(place, "alice", java_script_enabled=False)
    bare.goto(page.url)

    link(bare).click()

    expect(bare.get_by_role("heading", name="Context")).to_be_visible()
    bare.get_by_role("link", name="Show it").click()
    expect(bare.get_by_text("Rebuilt and verified")).to_be_visible()
    bare.get_by_role("link", name="JSON").click()
    bare.wait_for_url("**as=json")
    body = json.loads(bare.locator("body").inner_text())
    assert body["messages"][-1]["content"] == "And coffee?"
    bare.go_back()
    bare.get_by_role("link", name="Back to the context").click()
    bare.get_by_role("link", name="Back to the conversation").click()
    expect(bare).to_have_url(re.compile(r"/c/[^/]+/#m-"))


def test_on_a_phone_it_is_the_whole_screen_and_nothing_scrolls_sideways(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", viewport=PHONE, has_touch=True)
    two_turns(page, place)

    link(page).tap()

    expect(panel(page).get_by_role("heading", name="Context")).to_be_focused()
    box = panel(page).bounding_box()
    assert box is not None
    assert box["width"] == PHONE["width"]
    panel(page).get_by_role("link", name="Show it").tap()
    expect(panel(page)).to_contain_text("Rebuilt and verified")
    inner = "node => node.scrollWidth - node.clientWidth"
    assert page.locator("#side-body").evaluate(inner) <= 0
    assert page.evaluate(OVERFLOW) <= 0
    panel(page).get_by_role("button", name="Close").tap()
    expect(panel(page)).to_be_hidden()


def test_what_is_gone_meanwhile_is_said_in_the_panel(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", viewport=PHONE, has_touch=True)
    two_turns(page, place)
    with page.expect_request(re.compile(r"/memory/\?after=[0-9a-f-]{36}$")):
        page.get_by_role("link", name="What is remembered").tap()
    side = page.get_by_role("dialog", name="What is remembered")
    side.get_by_label("A fact worth remembering").fill("Tea is hot.")
    side.get_by_role("button", name="Add").tap()
    expect(side.locator(".known")).to_contain_text("Tea is hot.")
    # What is being typed keeps the panel as it is.
    side.get_by_label("A fact worth remembering").fill("Tea is g")
    other = open_page(place, "alice")
    other.goto(page.url)
    other.get_by_role("link", name="What is remembered").click()
    other.locator("#side .known").get_by_role("button", name="Delete").click()
    expect(other.locator("#side .known")).to_have_count(0)

    side.get_by_role("button", name="Pin").tap()

    expect(side.get_by_role("alert")).to_contain_text("That did not work.")
    side.get_by_label("A fact worth remembering").fill("Tea is good.")
    side.get_by_role("button", name="Add").tap()
    expect(side.locator(".known")).to_contain_text("Tea is good.")
    expect(side.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(("is_touch", "least"), [(False, 24), (True, 44)])
def test_what_can_be_done_with_an_answer_stands_in_even_steps(
    open_page: OpenPage, place: Place, *, is_touch: bool, least: int
) -> None:
    page = open_page(place, "alice", has_touch=is_touch)
    begin(page, place, "ok", "What is tea?")
    expect_state(answer(page), "complete")
    acts = [
        answer(page)
        .locator(".foot > .act, .foot > .acts > .act", has_text=name)
        .evaluate(
            """node => {
              const words = document.createRange();
              words.selectNodeContents(node);
              const [{ left, right }, box] =
                [words.getBoundingClientRect(), node.getBoundingClientRect()];
              return { left, right, from: box.left, width: box.width, to: box.right };
            }"""
        )
        for name in ("Copy", "Retry", "Context")
    ]

    steps = {round(b["left"] - a["right"]) for a, b in pairwise(acts)}
    assert len(steps) == 1
    assert all(one["width"] >= least for one in acts)
    assert all(round(b["from"] - a["to"]) >= 0 for a, b in pairwise(acts))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_in_it_can_be_read(
    open_page: OpenPage, place: Place, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(place, "alice", color_scheme=scheme)
    two_turns(page, place)

    link(page).click()
    panel(page).get_by_role("link", name="Show it").click()
    expect(panel(page)).to_contain_text("Rebuilt and verified")
    for summary in panel(page).locator("summary").all():
        summary.click()

    assert page.evaluate(FAINT_TEXT) == []
