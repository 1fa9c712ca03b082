"""What a model thinks, as readers see it: while it does, and afterwards."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    ANSWER_MILLISECONDS,
    act,
    answer,
    begin,
    expect_state,
    expect_words,
    numbered,
    words,
)
from tests.faults.conftest import Place

LONG = "reasoning:400@40"
SHORT = "reasoning:40@40"
BETWEEN = "reasoning:120@40"
MUCH = "reasoning:600@150"


def thought(page: Page) -> Locator:
    return answer(page).locator("details.thought")


def summary(page: Page) -> Locator:
    return thought(page).locator("summary")


def thoughts(page: Page) -> Locator:
    return thought(page).locator("[data-part=reasoning]")


def thought_words(page: Page) -> list[str]:
    return (thoughts(page).text_content() or "").split()


def expect_thought(page: Page, text: str) -> None:
    expect(thoughts(page)).to_contain_text(text, timeout=ANSWER_MILLISECONDS)


def expect_open(page: Page, *, is_open: bool) -> None:
    expect(thought(page)).to_have_count(1)
    opened = answer(page).locator("details.thought[open]")
    expect(opened).to_have_count(1 if is_open else 0)


def only_thinking(place: Place, model: str) -> AbstractContextManager[None]:
    """Let a model think, and begin no answer while this lasts."""
    [number] = re.findall(r":(\d+)@", model)
    return place.gateway.holding(model, after=int(number))


def thoughtful(number: int) -> list[str]:
    """The words `r0 r1 …` that the test gateway thinks."""
    return [f"r{one}" for one in range(number)]


def test_reasoning_is_shown_while_it_comes_in_two_browsers(
    open_page: OpenPage, place: Place
) -> None:
    first, second = open_page(place, "alice"), open_page(place, "alice")
    with only_thinking(place, LONG):
        begin(first, place, LONG)
        second.goto(first.url)

        for page in (first, second):
            expect_thought(page, "r30 ")
            expect(summary(page)).to_contain_text(re.compile(r"Thinking…\s+\d+ s"))
            expect_open(page, is_open=True)
            assert words(answer(page)) == ""

        act(answer(first), "Stop")
        expect_state(answer(first), "stopped")


def test_reasoning_folds_away_when_the_answer_begins_and_can_be_read_again(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with only_thinking(place, SHORT):
        begin(page, place, SHORT)
        expect_open(page, is_open=True)

    expect_words(answer(page), "t5 ")
    expect_open(page, is_open=False)
    expect(summary(page)).to_contain_text("Thought for")

    expect_state(answer(page), "complete")
    expect_open(page, is_open=False)
    expect(summary(page)).to_contain_text(
        re.compile(r"Thought for (\d{1,2} s|a moment)")
    )
    assert words(answer(page)).split() == numbered(0, 40)
    summary(page).click()
    expect(thoughts(page)).to_be_visible()
    assert thought_words(page) == thoughtful(40)


def test_reasoning_stays_as_its_reader_has_put_it(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with only_thinking(place, SHORT):
        begin(page, place, SHORT)
        expect_thought(page, "r2 ")
        summary(page).click()
        expect_open(page, is_open=False)
        summary(page).press("Enter")
        expect_open(page, is_open=True)

    expect_state(answer(page), "complete")

    expect_open(page, is_open=True)
    assert thought_words(page) == thoughtful(40)


def test_a_closed_thought_is_not_opened_again(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with only_thinking(place, LONG):
        begin(page, place, LONG)
        expect_thought(page, "r2 ")
        summary(page).click()

        expect_thought(page, "r40 ")

        expect_open(page, is_open=False)
        act(answer(page), "Stop")
        expect_state(answer(page), "stopped")


def test_a_reload_in_mid_thought_loses_nothing(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with only_thinking(place, BETWEEN):
        begin(page, place, BETWEEN)
        expect_thought(page, "r20 ")
        page.reload()

        expect_open(page, is_open=True)
        expect_thought(page, "r60 ")
    expect_state(answer(page), "complete")

    assert thought_words(page) == thoughtful(120)
    assert words(answer(page)).split() == numbered(0, 120)


def test_going_offline_in_mid_thought_loses_nothing(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with only_thinking(place, BETWEEN):
        begin(page, place, BETWEEN)
        expect_thought(page, "r20 ")
        page.context.set_offline(True)
        page.get_by_text("You’re offline.").wait_for()
        page.context.set_offline(False)

    expect_state(answer(page), "complete")

    assert thought_words(page) == thoughtful(120)


def test_stop_in_mid_thought_keeps_what_was_thought(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    with only_thinking(place, LONG):
        begin(page, place, LONG)
        expect_thought(page, "r20 ")
        act(answer(page), "Stop")

        expect_state(answer(page), "stopped")
    expect(answer(page)).to_contain_text("Stopped by alice.")
    kept = thought_words(page)
    page.reload()

    assert thought_words(page) == kept
    assert kept == thoughtful(len(kept))
    assert len(kept) > 20
    expect(summary(page)).to_contain_text("Thought for")


def test_long_reasoning_keeps_its_newest_lines_in_view_unless_one_reads_further_up(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    box = thoughts(page)
    below = "node => node.scrollHeight - node.scrollTop - node.clientHeight"
    with only_thinking(place, MUCH):
        begin(page, place, MUCH)
        expect_thought(page, "r300 ")

        assert box.evaluate("node => node.scrollHeight > node.clientHeight")
        assert box.evaluate(below) < 24
        box.evaluate("node => node.scrollTo(0, 0)")
        expect_thought(page, "r450 ")

        assert box.evaluate("node => node.scrollTop") == 0
    expect_words(answer(page), "t5 ")
    expect_open(page, is_open=True)
    expect_state(answer(page), "complete")
    expect_open(page, is_open=True)


def test_without_scripts_reasoning_can_be_opened(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "reasoning")
    expect_state(answer(page), "complete")
    plain = open_page(place, "alice", java_script_enabled=False)
    plain.goto(page.url)

    expect(thoughts(plain)).to_be_hidden()
    summary(plain).click()
    expect(thoughts(plain)).to_have_text("Let me think.")


def test_a_wait_is_counted_down_and_can_be_stopped(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "retry-after:30")
    waiting = answer(page).locator("[data-left]")

    expect(answer(page)).to_contain_text("(2nd try of 4)")
    expect(waiting).to_have_text(re.compile(r"^[12]\d s$"))
    left = int(waiting.inner_text().removesuffix(" s"))
    expect(waiting).not_to_have_text(f"{left} s")
    assert int(waiting.inner_text().removesuffix(" s")) < left
    act(answer(page), "Stop")

    expect_state(answer(page), "stopped")
    expect(waiting).to_have_count(0)


def test_sources_and_figures_are_in_place(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice")
    begin(page, place, "citations")
    expect_state(answer(page), "complete")

    marker = answer(page).get_by_role("link", name="[1]")
    source = answer(page).locator(".sources a").first
    assert marker.get_attribute("href") == source.get_attribute("href")
    answer(page).locator(".cost summary").click()
    expect(answer(page).locator(".cost dl")).to_contain_text("to first word")
