"""Reading: an answer while it grows, long conversations, code and tables."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    act,
    answer,
    begin,
    copy_by,
    expect_state,
    expect_words,
    hold,
    numbered,
    questions,
    scroll_to,
    send,
    words,
)
from tests.faults.conftest import Place

GROWING = "paragraphs:4000@40"
TALL = "paragraphs:400"
LOW = ViewportSize(width=1280, height=420)
AT_END = """() => {
    const { scrollHeight, scrollTop, clientHeight } = document.getElementById("scroll")
    return scrollHeight - scrollTop - clientHeight < 8
}"""
# The same however long each frame takes.
REST = """async node => {
    const frame = () => new Promise(done => requestAnimationFrame(done))
    let top = -1
    for (let still = 0; still < 20; still++) {
        await frame()
        if (node.scrollTop !== top) still = 0
        top = node.scrollTop
    }
    return top
}"""
# How far from its end a page is at most that follows an answer, for a while.
FURTHEST = """async node => {
    let most = 0
    for (let frame = 0; frame < 60; frame += 1) {
        await new Promise(done => requestAnimationFrame(done))
        most = Math.max(most, node.scrollHeight - node.scrollTop - node.clientHeight)
    }
    return most
}"""


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice", viewport=LOW)


def expect_at_end(page: Page) -> None:
    """Nothing is below what is shown, or as little as nobody sees."""
    page.wait_for_function(AT_END)


def test_closed_blocks_become_html_while_the_open_one_is_text(
    page: Page, place: Place
) -> None:
    begin(page, place, GROWING)
    closed = answer(page).locator("[data-part=closed]")
    expect(closed.locator("p")).not_to_have_count(0)
    expect_words(answer(page), "t25")
    assert answer(page).get_attribute("data-state") == "running"
    shown = words(answer(page)).split()
    assert shown == numbered(0, len(shown))
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")


def test_the_page_follows_while_the_reader_is_at_the_end(
    page: Page, place: Place
) -> None:
    begin(page, place, GROWING)
    expect_words(answer(page), "t120")
    assert page.locator("#scroll").evaluate(FURTHEST) < 8
    expect(page.get_by_role("button", name="Jump to latest")).to_be_hidden()
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")


def test_a_control_stays_under_the_pointer_while_it_is_pressed(
    page: Page, place: Place
) -> None:
    begin(page, place, GROWING)
    expect_words(answer(page), "t120")
    stop = answer(page).get_by_role("button", name="Stop").bounding_box()
    assert stop is not None
    page.mouse.move(stop["x"] + stop["width"] / 2, stop["y"] + stop["height"] / 2)
    page.mouse.down()
    expect_words(answer(page), "t240")
    page.mouse.up()
    expect_state(answer(page), "stopped")


def test_a_reader_who_scrolled_up_is_not_moved_and_can_jump_to_the_latest(
    page: Page, place: Place
) -> None:
    begin(page, place, GROWING)
    expect_words(answer(page), "t100")
    page.locator("#scroll").hover()
    page.mouse.wheel(0, -150)
    jump = page.get_by_role("button", name="Jump to latest")
    expect(jump).to_be_visible()
    # The wheel scrolls smoothly: wait until it has come to rest.
    top = rest(page)
    expect_words(answer(page), "t160")
    assert page.locator("#scroll").evaluate("node => node.scrollTop") == top

    jump.click()
    expect(jump).to_be_hidden()
    expect_words(answer(page), "t200")
    expect_at_end(page)
    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")


def rest(page: Page) -> float:
    """Where the transcript stands once it no longer moves."""
    return float(page.locator("#scroll").evaluate(REST))


def test_sending_brings_the_reader_back_to_the_end(page: Page, place: Place) -> None:
    begin(page, place, TALL)
    expect_state(answer(page), "complete")
    scroll_to(page, 0)
    expect(page.get_by_role("button", name="Jump to latest")).to_be_visible()
    send(page, "And now?")
    expect_state(answer(page, 1), "complete")
    expect(page.get_by_role("button", name="Jump to latest")).to_be_hidden()
    expect_at_end(page)


def test_older_messages_load_while_scrolling_up_without_a_jump(
    page: Page, place: Place
) -> None:
    begin(page, place, "paragraphs:400", "question 0")
    for number in range(1, 6):
        expect_state(answer(page, number - 1), "complete")
        send(page, f"question {number}")
    expect_state(answer(page, 5), "complete")
    page.reload()
    expect(questions(page)).to_have_count(4)
    expect_at_end(page)

    held = hold(page, "/older/")
    with page.expect_request(re.compile("/older/")):
        scroll_to(page, 300)
    first = page.locator("article").first
    before = first.bounding_box()
    id_before = first.get_attribute("id")
    scroll_to(page, 0)
    [older] = held
    older.continue_()
    expect(questions(page)).to_have_count(6)
    after = page.locator(f"#{id_before}").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - (before["y"] + 300)) < 40
    assert [words(one).strip() for one in questions(page).all()] == [
        f"question {number}" for number in range(6)
    ]


def test_code_is_highlighted_and_copied_as_it_was_written(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", permissions=["clipboard-read", "clipboard-write"])
    code = 'def greet(name):\n    return f"Hello, {name}!"  # kindly\n'
    begin(page, place, "echo", f"```python\n{code}```")
    expect_state(answer(page), "complete")
    figure = answer(page).locator("figure.code")
    expect(figure.locator("figcaption")).to_contain_text("python")
    expect(figure.locator("code span").first).to_be_visible()
    colours = figure.locator("code span").evaluate_all(
        "spans => new Set(spans.map(span => getComputedStyle(span).color)).size"
    )
    assert colours >= 3
    copy_by(figure.get_by_role("button", name="Copy"))
    assert page.evaluate("() => navigator.clipboard.readText()") == code


def test_a_whole_answer_is_copied_without_the_captions_of_its_code(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", permissions=["clipboard-read", "clipboard-write"])
    begin(page, place, "echo", "Before\n\n```python\npass\n```\n\nAfter")
    expect_state(answer(page), "complete")
    copy_by(answer(page).locator("[data-copy-answer]"))
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.split() == ["Before", "pass", "After"]


def test_tables_lists_and_task_lists_are_rendered(page: Page, place: Place) -> None:
    text = "| a | b |\n| - | -: |\n| c | 1 |\n\n- [x] done\n- [ ] open\n\n1. one\n"
    begin(page, place, "echo", text)
    expect_state(answer(page), "complete")
    expect(answer(page).locator("table td")).to_have_text(["c", "1"])
    boxes = answer(page).locator("input[type=checkbox]")
    expect(boxes).to_have_count(2)
    expect(boxes.first).to_be_checked()
    expect(boxes.first).to_be_disabled()
    expect(answer(page).locator("ol li")).to_have_text(["one"])
