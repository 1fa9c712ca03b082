"""Edits and siblings: another branch, the way back, and what each page shows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    ANSWER,
    ANSWER_MILLISECONDS,
    act,
    answer,
    begin,
    choose,
    composer,
    expect_state,
    expect_words,
    hold,
    numbered,
    questions,
    scroll_to,
    send,
    wait_until_drawn,
    words,
)
from tests.faults.conftest import Place

GROWING = "paragraphs:90@30"
ENDLESS = "endless:@30"
# Where the form is, and how high the answer.
PLACE = """() => [
    document.querySelector("form.edit").getBoundingClientRect().top,
    document.querySelector("article[data-role=assistant]").offsetHeight,
]"""
GROWN = f"height => ({PLACE})()[1] > height"


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice")


def ask(page: Page, text: str) -> None:
    """Send a message, and wait until it has been answered."""
    before, answered = questions(page).count(), page.locator(ANSWER).count()
    send(page, text)
    expect(questions(page)).to_have_count(before + 1)
    expect_state(answer(page, answered), "complete")
    # While it is on its way nothing else is sent, though its answer may be here.
    expect(composer(page)).to_have_value("")


def three_turns(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    ask(page, "Three")


def open_edit(question: Locator) -> Locator:
    question.hover()
    question.get_by_role("link", name="Edit").click()
    return question.get_by_label("Your message, edited")


def edit(page: Page, number: int, text: str) -> None:
    """Send a message again in other words, and wait for the page of its branch."""
    area = open_edit(questions(page).nth(number))
    area.fill(text)
    with page.expect_navigation():
        area.press("Control+Enter")


def expect_asked(page: Page, *texts: str) -> None:
    expect(questions(page).locator("[data-part=content]")).to_have_text(list(texts))


def step(article: Locator, name: str) -> None:
    """Go to another version, and wait for its page."""
    link = article.get_by_role("link", name=name)
    address = (link.get_attribute("href") or "").partition("#")[0]
    with article.page.expect_navigation(url=re.compile(re.escape(address))):
        link.click()


def expect_version(article: Locator, words: str) -> None:
    expect(article.get_by_role("group", name=words, exact=True)).to_be_visible()


def test_an_edit_in_the_middle_and_the_way_back(page: Page, place: Place) -> None:
    three_turns(page, place)

    edit(page, 1, "Two, edited")

    expect_asked(page, "One", "Two, edited")
    expect_version(questions(page).nth(1), "Version 2 of 2")
    expect_state(answer(page), "complete")
    step(questions(page).nth(1), "Previous version")
    expect_asked(page, "One", "Two", "Three")
    expect_version(questions(page).nth(1), "Version 1 of 2")

    ask(page, "Four")

    expect_asked(page, "One", "Two", "Three", "Four")
    page.reload()
    expect_asked(page, "One", "Two", "Three", "Four")
    step(questions(page).nth(1), "Next version")
    expect_asked(page, "One", "Two, edited")
    page.reload()
    expect_asked(page, "One", "Two, edited")


def test_the_first_message_is_edited_too(page: Page, place: Place) -> None:
    three_turns(page, place)

    edit(page, 0, "One, edited")

    expect_asked(page, "One, edited")
    expect_state(answer(page), "complete")
    ask(page, "And on")
    expect_asked(page, "One, edited", "And on")
    step(questions(page).first, "Previous version")
    expect_asked(page, "One", "Two", "Three")


def test_a_reload_in_mid_answer_on_a_branch_goes_on_there(
    page: Page, place: Place
) -> None:
    three_turns(page, place)
    edit(page, 1, "Two, edited")
    expect_state(answer(page), "complete")
    step(questions(page).nth(1), "Previous version")
    expect_asked(page, "One", "Two", "Three")
    choose(page, GROWING)
    send(page, "Four")
    expect_words(answer(page), "t20")

    page.reload()

    expect_asked(page, "One", "Two", "Three", "Four")
    shown = words(answer(page)).split()
    assert shown == numbered(0, len(shown))
    expect_state(answer(page), "complete")
    assert words(answer(page)).split() == numbered(0, 90)


def test_a_second_tab_stays_on_its_branch(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    three_turns(page, place)
    other = open_page(place, "alice")
    other.goto(page.url)
    expect_asked(other, "One", "Two", "Three")
    choose(page, ENDLESS)

    edit(page, 1, "Two, edited")

    expect_words(answer(page), "t5")
    expect_version(questions(other).nth(1), "Version 1 of 2")
    expect_asked(other, "One", "Two", "Three")
    # An answer is being written, though not here: what is sent has to wait.
    expect(other.get_by_role("button", name="Queue", exact=True)).to_be_visible()
    send(other, "Four")
    expect_asked(other, "One", "Two", "Three", "Four")
    waiting = questions(other).last
    expect(waiting).to_contain_text("waits for an answer on another branch")
    expect_asked(page, "One", "Two, edited")

    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")
    expect_words(answer(other), "t5")
    expect(page.get_by_role("button", name="Queue", exact=True)).to_be_visible()
    expect_asked(page, "One", "Two, edited")
    act(answer(other), "Stop")
    expect_state(answer(other), "stopped")
    for tab in (page, other):
        expect(tab.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_every_try_of_an_answer_is_kept(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    begin(page, place, "ok", "Once more")
    expect_state(answer(page), "complete")
    other = open_page(place, "alice")
    other.goto(page.url)
    expect_state(answer(other), "complete")

    act(answer(page), "Retry")

    for tab in (page, other):
        expect_version(answer(tab), "Version 2 of 2")
        expect_state(answer(tab), "complete")
    step(answer(page), "Previous version")
    expect_version(answer(page), "Version 1 of 2")
    act(answer(page), "Retry")
    expect_version(answer(page), "Version 3 of 3")
    page.wait_for_load_state()
    expect_version(answer(other), "Version 3 of 3")
    step(answer(other), "Previous version")
    act(answer(page), "Retry")
    expect_version(answer(page), "Version 4 of 4")
    expect_state(answer(page), "complete")
    # Chosen among several, an older try does not give way.
    expect_version(answer(other), "Version 2 of 4")
    ask(other, "On from the second")
    expect_version(answer(other, 0), "Version 2 of 4")


def test_an_edit_is_left_without_a_trace(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    question = questions(page).first

    area = open_edit(question)
    expect(area).to_be_focused()
    expect(area).to_have_value("One")
    area.press("Escape")
    expect(area).to_have_count(0)
    expect(question.get_by_role("link", name="Edit")).to_be_focused()
    area = open_edit(question)
    area.fill("Never sent")
    question.get_by_role("link", name="Cancel").click()

    expect(area).to_have_count(0)
    expect_asked(page, "One")


def test_what_was_typed_before_escape_is_there_again(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    question = questions(page).first
    area = open_edit(question)
    area.fill("Half an edit")
    area.press("Escape")
    expect(area).to_have_count(0)

    expect(open_edit(question)).to_have_value("Half an edit")
    expect(question.get_by_text("This is what you had typed.")).to_be_visible()
    expect(area).to_be_focused()

    question.get_by_role("link", name="Cancel").click()
    expect(open_edit(question)).to_have_value("One")
    expect(question.get_by_text("This is what you had typed.")).to_be_hidden()
    area.press("Escape")
    expect_asked(page, "One")


def test_what_was_refused_is_there_again_after_escape(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    question = questions(page).first
    area = open_edit(question)
    area.fill("x" * 100_001)
    area.press("Control+Enter")
    expect(question.get_by_role("alert")).to_be_visible()
    area.press("Escape")
    expect(area).to_have_count(0)

    expect(open_edit(question)).to_have_value("x" * 100_001)


def test_an_edit_that_one_leaves_is_open_again_on_the_way_back(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    area = open_edit(questions(page).first)
    area.fill("Half an edit")
    page.goto("/")

    page.go_back()

    expect(area).to_have_value("Half an edit")
    expect(questions(page).first).to_contain_text("This is what you had typed.")
    questions(page).first.get_by_role("link", name="Cancel").click()
    page.reload()
    expect(open_edit(questions(page).first)).to_have_value("One")


def test_an_edit_is_kept_while_its_message_is_deleted_and_back(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    other = open_page(place, "alice")
    other.goto(page.url)
    area = open_edit(questions(page).nth(1))
    area.fill("Two, half edit")

    act(answer(other, 0), "Delete from here")
    expect_asked(page, "One")
    other.get_by_role("button", name="Undo").click()

    expect_asked(page, "One", "Two")
    expect(open_edit(questions(page).nth(1))).to_have_value("Two, half edit")


def test_what_is_typed_in_an_edit_before_it_is_refused_stays(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    area = open_edit(questions(page).first)
    area.fill("x" * 100_001)
    held = hold(page, "/edit/$", "POST")
    with page.expect_request(re.compile("/edit/$")):
        area.press("Control+Enter")
    area.fill("Shorter")

    held[0].continue_()

    expect(questions(page).first.get_by_role("alert")).to_contain_text("100,000 fit")
    expect(area).to_have_value("Shorter")


def test_what_is_being_written_in_an_edit_survives_what_happens_meanwhile(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    choose(page, ENDLESS)
    send(page, "Two")
    expect_words(answer(page), "t5")
    area = open_edit(questions(page).nth(1))
    area.fill("Two, half edit")

    act(answer(page), "Stop")
    expect_state(answer(page), "stopped")

    expect(area).to_have_value("Two, half edit")
    area.fill("Two, edited")
    with page.expect_navigation():
        questions(page).nth(1).get_by_role("button", name="Send again").click()
    expect_asked(page, "One", "Two, edited")
    expect_words(answer(page, 1), "t5")
    act(answer(page, 1), "Stop")
    expect_state(answer(page, 1), "stopped")


def test_only_its_author_is_offered_to_edit_a_message(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    ask(page, "Two")
    first = questions(page).first
    place.write(
        "UPDATE conversations_message SET author_id = ? WHERE id = ?",
        place.users["bob"],
        (first.get_attribute("data-message") or "").replace("-", ""),
    )

    page.reload()

    expect(questions(page).last.get_by_role("link", name="Edit")).to_be_visible()
    expect(first.get_by_role("link", name="Edit")).to_have_count(0)
    # Now it comes as everybody gets it.
    first.hover()
    act(first, "Pin")
    expect(first.locator(".pinned")).to_be_visible()
    expect(first.locator("[data-only]")).to_have_count(1)
    expect(first.get_by_role("link", name="Edit")).to_have_count(0)
    act(questions(page).last, "Pin")
    expect(questions(page).last.locator(".pinned")).to_be_visible()
    expect(questions(page).last.get_by_role("link", name="Edit")).to_be_visible()


def test_what_one_edits_stays_in_view_however_long_it_gets(
    page: Page, place: Place
) -> None:
    begin(page, place, GROWING, "One")
    expect_state(answer(page), "complete")
    area = open_edit(questions(page).first)

    area.fill("One line of many\n" * 12)

    expect(questions(page).first.locator(".measure")).to_be_visible()
    expect(area).to_be_in_viewport(ratio=1)


def test_what_one_edits_stays_where_it_is_while_an_answer_above_it_grows(
    page: Page, place: Place
) -> None:
    begin(page, place, ENDLESS, "One line of many\n" * 40)
    send(page, "This waits")
    expect(questions(page)).to_have_count(2)
    area = open_edit(questions(page).last)
    expect(questions(page).last.locator(".measure")).to_be_visible()
    wait_until_drawn(page)
    before, height = page.evaluate(PLACE)

    page.wait_for_function(GROWN, arg=height + 300, timeout=ANSWER_MILLISECONDS)

    assert abs(page.evaluate(PLACE)[0] - before) < 2
    expect(area).to_be_focused()
    area.press("Escape")
    act(questions(page).last, "Withdraw")
    expect(questions(page).last).not_to_have_attribute("data-state", "queued")
    act(answer(page, 0), "Stop")
    expect_state(answer(page, 0), "stopped")


def test_an_edit_says_what_it_will_take(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")

    open_edit(questions(page).first)

    expect(questions(page).first).to_contain_text(re.compile(r"about [\d,]+ tokens"))


def test_an_edit_that_is_refused_says_why_where_it_is_written(
    page: Page, place: Place
) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    area = open_edit(questions(page).first)

    area.fill("x" * 100_001)
    area.press("Control+Enter")

    expect(questions(page).first.get_by_role("alert")).to_contain_text("100,000 fit")
    area = questions(page).first.get_by_label("Your message, edited")
    expect(area).to_be_focused()
    area.fill("Shorter")
    area.press("Control+Enter")
    expect_asked(page, "Shorter")


def test_a_draft_goes_along_to_another_branch(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    composer(page).fill("half a thought")

    edit(page, 0, "One, edited")
    expect_asked(page, "One, edited")
    expect(composer(page)).to_have_value("half a thought")
    expect_state(answer(page), "complete")
    step(questions(page).first, "Previous version")

    expect_asked(page, "One")
    expect(composer(page)).to_have_value("half a thought")


def test_branches_by_keyboard(page: Page, place: Place) -> None:
    begin(page, place, "ok", "One")
    expect_state(answer(page), "complete")
    link = questions(page).first.get_by_role("link", name="Edit")
    link.focus()
    page.keyboard.press("Enter")
    expect(questions(page).first.get_by_label("Your message, edited")).to_be_focused()
    page.keyboard.type(", edited")
    # The page has the new branch before it goes to it.
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    expect_asked(page, "One, edited")
    expect_state(answer(page), "complete")

    questions(page).first.get_by_role("link", name="Previous version").focus()
    page.keyboard.press("Enter")

    expect_asked(page, "One")
    expect(page.get_by_role("link", name="Next version")).to_be_focused()
    page.wait_for_load_state()
    page.keyboard.press("Enter")
    expect_asked(page, "One, edited")
    expect(page.get_by_role("link", name="Previous version")).to_be_focused()


def test_the_message_keeps_its_place_on_the_screen(page: Page, place: Place) -> None:
    begin(page, place, "paragraphs:400", "One")
    expect_state(answer(page), "complete")
    edit(page, 0, "One, edited")
    expect_state(answer(page), "complete")
    question = questions(page).first
    scroll_to(page, 20)
    before = question.bounding_box()

    step(question, "Previous version")

    expect_asked(page, "One")
    after = questions(page).first.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


def test_without_javascript_one_edits_and_finds_the_way_back(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice", java_script_enabled=False)
    page.goto(f"/?model={place.models['ok']}")
    composer(page).fill("One")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/c/*/**")
    for _ in range(200):
        page.reload()
        if answer(page).get_attribute("data-state") == "complete":
            break

    questions(page).first.get_by_role("link", name="Edit").click()
    page.get_by_label("Your message, edited").fill("One, edited")
    page.get_by_role("button", name="Send again").click()

    expect_asked(page, "One, edited")
    step(questions(page).first, "Previous version")
    expect_asked(page, "One")
    composer(page).fill("On from the first")
    page.get_by_role("button", name=re.compile("Send|Queue")).click()
    expect_asked(page, "One", "On from the first")
    page.get_by_role("link", name="Edit").last.click()
    page.get_by_role("link", name="Cancel").click()
    expect_asked(page, "One", "On from the first")
