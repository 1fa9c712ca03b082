"""Two and three people side by side in one conversation."""

from __future__ import annotations

import re
import statistics

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.heard import go_and_listen
from tests.browser.people import (
    LIST_MILLISECONDS,
    begin_in_team,
    open_panel,
    post,
    row,
    share,
)
from tests.browser.talk import (
    act,
    answer,
    begin,
    choose,
    composer,
    expect_state,
    expect_words,
    numbered,
    questions,
    scroll_to,
    send,
    words,
)
from tests.faults.conftest import Place

SLOW = "paragraphs:400@40"
# Longer than any machine takes until somebody stops it.
LONG = "paragraphs:3000@40"
AT_ONCE_SECONDS = 0.5
SILENT_MILLISECONDS = 2_000
# Each answer waits for the one before.
ALL_ANSWERS_MILLISECONDS = 90_000
TYPING_MILLISECONDS = 15_000
WORDS_MORE = 40
ROUNDS = 5
# When how many words of which answer were in the page.
RECORD = r"""() => {
    window.seen = []
    const look = () => {
        const last = [...document.querySelectorAll("article[data-role=assistant]")].at(-1)
        const text = last?.querySelector("[data-part=content]").innerText ?? ""
        window.seen.push([Date.now() / 1000, last?.id, text.split(/\s+/).length])
    }
    const options = {subtree: true, childList: true, characterData: true}
    new MutationObserver(look).observe(document.getElementById("transcript"), options)
}"""


def text_of(page: Page) -> str:
    return " ".join(words(answer(page)).split())


def lateness(pages: list[Page]) -> float:
    """How many seconds one page was behind the other, for half of what came."""
    one, other = (first_seen(page) for page in pages)
    both = one.keys() & other.keys()
    return statistics.median(abs(one[each] - other[each]) for each in both)


def first_seen(page: Page) -> dict[tuple[str, int], float]:
    """When an answer had so many words for the first time."""
    seen: dict[tuple[str, int], float] = {}
    for at, message, count in page.evaluate("() => window.seen"):
        seen.setdefault((message, count), at)
    return seen


def texts(page: Page) -> list[str]:
    return page.locator("article [data-part=content]").all_inner_texts()


def test_what_is_shared_appears_with_the_other_who_may_give_it_another_title(
    together: Place, open_page: OpenPage
) -> None:
    alice, bob = open_page(together, "alice"), open_page(together, "bob")
    together.make_team("Harbour", "alice", "bob")
    begin(alice, together, "ok", "What do we tell the harbour?")
    expect_state(answer(alice), "complete")
    go_and_listen(bob)
    bob.evaluate("() => window.isSamePage = true")
    expect(bob.locator("#rail-rows")).to_contain_text("Harbour")
    expect(row(bob, "the harbour?")).to_have_count(0)

    share(alice, "Harbour")
    found = row(bob, "the harbour?")
    expect(found).to_contain_text(", unread", timeout=LIST_MILLISECONDS)
    assert bob.evaluate("() => window.isSamePage")
    found.get_by_role("link").click()
    expect(bob.locator(".audience")).to_have_text(
        "alice’s conversation: Harbour can read and write"
    )

    mine = row(bob, "the harbour?")
    mine.locator("summary").click()
    mine.get_by_label("Title").fill("Words for the harbour")
    mine.get_by_role("button", name="Rename").click()
    for page in (alice, bob):
        title = page.get_by_role("heading", level=1)
        expect(title).to_have_text("Words for the harbour")
        expect(row(page, "Words for the harbour")).to_be_visible()


def test_an_answer_is_the_same_for_both_to_the_last_token_and_says_who_stopped_it(
    together: Place, open_page: OpenPage
) -> None:
    alice, bob = pages = [open_page(together, name) for name in ("alice", "bob")]
    begin_in_team(alice, together, "ok", "At the same moment", "alice", "bob")
    bob.goto(alice.url)
    together.gateway.script(SLOW, LONG, LONG)
    choose(alice, SLOW)
    expect(bob.get_by_role("button", name=f"Model: {SLOW}")).to_be_visible()
    for page in pages:
        page.evaluate(RECORD)
    send(alice, "All of it, please.")
    for page in pages:
        expect_words(answer(page, 1), "t3")
    for _ in range(15):
        one, other = sorted([text_of(alice), text_of(bob)], key=len)
        assert other.startswith(one)

    send(bob, "And after that?")
    waiting = alice.locator("article[data-role=user][data-state=queued]")
    expect(waiting.locator(".by")).to_contain_text("bob")
    act(answer(bob, 1), "Stop")
    for page in pages:
        expect_state(answer(page, 1), "stopped")
        expect(answer(page, 1)).to_contain_text("Stopped by bob.")
        expect_words(answer(page, 2), "t3")
    act(answer(alice, 2), "Stop")
    for page in pages:
        expect(answer(page, 2)).to_contain_text("Stopped by alice.")
    assert texts(alice) == texts(bob)
    assert lateness(pages) <= AT_ONCE_SECONDS


def test_another_branch_is_seen_by_all_and_takes_nobody_away(
    together: Place, open_page: OpenPage
) -> None:
    alice, bob = open_page(together, "alice"), open_page(together, "bob")
    begin_in_team(alice, together, "ok", "One way", "alice", "bob")
    bob.goto(alice.url)
    post(bob, "I like it")
    composer(bob).fill("Half a sen")

    mine = questions(alice).first
    mine.hover()
    mine.get_by_role("link", name="Edit").click()
    mine.get_by_label("Your message, edited").fill("Another way")
    mine.get_by_label("Your message, edited").press("Control+Enter")
    expect_words(questions(alice).first, "Another way")
    expect_state(answer(alice), "complete")

    versions = questions(bob).first.get_by_role("group", name="Version 1 of 2")
    expect(versions).to_be_visible()
    elsewhere = bob.get_by_text("alice goes on in another version.")
    expect(elsewhere).to_be_visible()
    expect_words(questions(bob).first, "One way")
    expect(questions(bob).nth(1)).to_contain_text("I like it")
    expect(composer(bob)).to_have_value("Half a sen")
    expect(questions(bob).first.get_by_role("link", name="Edit")).to_be_hidden()
    elsewhere.get_by_role("link", name="Show").click()
    expect_words(questions(bob).first, "Another way")
    expect(elsewhere).to_be_hidden()
    expect(questions(bob)).to_have_count(1)


def test_of_three_who_send_at_once_nobody_is_lost_and_the_order_is_everybodys(
    together: Place, open_page: OpenPage
) -> None:
    names = ("alice", "bob", "charlie")
    pages = [open_page(together, name) for name in names]
    begin_in_team(pages[0], together, "ok", "All at once", *names)
    for page in pages[1:]:
        page.goto(pages[0].url)
        expect(composer(page)).to_be_visible()

    for number in range(ROUNDS):
        for name, page in zip(names, pages, strict=True):
            expect(composer(page)).to_have_value("")
            composer(page).fill(f"{name} {number}")
        for page in pages:
            composer(page).press("Enter", no_wait_after=True)

    wanted = 1 + ROUNDS * len(pages)
    for page in pages:
        expect(questions(page)).to_have_count(wanted)
        done = page.locator("article[data-role=assistant][data-state=complete]")
        expect(done).to_have_count(wanted, timeout=ALL_ANSWERS_MILLISECONDS)
    shown = texts(pages[0])
    assert texts(pages[1]) == texts(pages[2]) == shown
    for name in names:
        said = [text for text in shown if text.startswith(f"{name} ")]
        assert said == [f"{name} {number}" for number in range(ROUNDS)]
    pages[1].reload()
    scroll_to(pages[1], 0)
    expect(questions(pages[1])).to_have_count(wanted)
    assert texts(pages[1]) == shown


def test_who_is_here_and_who_types_is_seen_and_forgotten(
    together: Place, open_page: OpenPage
) -> None:
    names = ("alice", "bob", "charlie")
    alice, bob, charlie = (open_page(together, name) for name in names)
    begin_in_team(alice, together, "ok", "Who is here", *names)
    faces, typing = alice.locator("#faces"), alice.locator("#typing")
    # They are named in the order they came.
    bob.goto(alice.url)
    expect(faces).to_have_attribute("aria-label", "Here now: you and bob")
    charlie.goto(alice.url)
    expect(faces).to_have_attribute("aria-label", "Here now: you, bob and charlie")

    composer(bob).press_sequentially("Well")
    composer(charlie).press_sequentially("Hm")
    expect(typing).to_have_text("bob and charlie are typing …")
    expect(typing).to_be_empty(timeout=TYPING_MILLISECONDS)
    expect(composer(bob)).to_have_value("Well")

    charlie.goto("/")
    expect(faces).to_have_attribute("aria-label", "Here now: you and bob")
    bob.close()
    expect(faces).to_have_attribute("aria-label", "Nobody else is here")


def test_the_model_hears_who_spoke_and_never_what_is_for_people_only(
    together: Place, open_page: OpenPage
) -> None:
    alice, bob = open_page(together, "alice"), open_page(together, "bob")
    begin_in_team(alice, together, "ok", "Between us", "alice", "bob")
    bob.goto(alice.url)
    named = open_panel(alice).get_by_label("Tell the model who wrote each message.")
    with alice.expect_response(re.compile("/settings/$")):
        named.check()
    expect(open_panel(bob).get_by_label("Tell the model who wrote")).to_be_checked()

    post(bob, "The ship is late")
    bob.get_by_label("People only").check(force=True)
    post(bob, "Do not say that it leaks")
    expect(questions(alice)).to_have_count(3)
    send(alice, "What do we write?")
    expect(answer(alice, 1)).to_be_visible()
    expect_state(answer(alice), "complete")

    sent = together.gateway.requests[-1].body.decode()
    assert "[bob] The ship is late" in sent
    assert "[alice] What do we write?" in sent
    assert "leaks" not in sent
    expect_state(answer(bob, 1), "complete")
    answer(bob, 1).get_by_role("link", name="Context").click()
    inspector = bob.get_by_role("dialog", name="Context")
    said = inspector.get_by_role("region", name="What was sent, in order")
    expect(said).to_contain_text("as bob The ship is late")
    expect(said).to_contain_text("People only: never sent Do not say that it leaks")
    new = inspector.get_by_role("region", name="Since the request before")
    expect(new).to_contain_text("The ship is late")
    expect(new).not_to_contain_text("leaks")


def test_unshared_in_mid_answer_one_page_falls_silent_and_the_other_loses_nothing(
    together: Place, open_page: OpenPage
) -> None:
    alice, bob = open_page(together, "alice"), open_page(together, "bob")
    begin_in_team(alice, together, "ok", "Not for long", "alice", "bob")
    bob.goto(alice.url)
    together.gateway.script(SLOW, LONG)
    choose(alice, SLOW)
    send(alice, "Slowly, please.")
    expect_words(answer(bob, 1), "t3")
    composer(bob).fill("Wait, I wanted to")

    share(alice, "No team")
    expect(alice.locator(".audience")).to_have_text("Only you can read and write")
    told = bob.get_by_text("You can no longer open this conversation.")
    expect(told).to_be_visible(timeout=SILENT_MILLISECONDS)
    heard = words(answer(bob, 1))
    expect_words(answer(alice, 1), f"t{len(heard.split()) + WORDS_MORE}")
    act(answer(alice, 1), "Stop")
    expect_state(answer(alice, 1), "stopped")
    said = words(answer(alice, 1)).split()
    assert said == numbered(0, len(said))
    assert words(answer(bob, 1)) == heard
    expect(composer(bob)).to_have_value("Wait, I wanted to")
    expect(alice.locator("#faces")).to_be_hidden()

    for name in ("bob", "staff"):
        page = open_page(together, name)
        answered = page.goto(alice.url)
        assert answered is not None
        assert answered.status == 404
        expect(page.get_by_text(re.compile("Not for long|Slowly"))).to_have_count(0)
