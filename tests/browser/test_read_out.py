"""What a screen reader finds on a conversation's page, and what it is told by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import begin_in_team, post
from tests.browser.talk import answer, begin, expect_state, questions, send
from tests.faults.conftest import Place

# Notes every change of what is read out by itself.
LISTEN = """() => {
    window.announced = []
    const isLive = (node) => {
        const region = node.closest("[aria-live], [role=status], [role=alert], [role=log]")
        const live = region?.getAttribute("aria-live") ?? "polite"
        return region && live !== "off" && region.checkVisibility()
    }
    const note = ({ target }) => {
        const node = target.nodeType === Node.TEXT_NODE ? target.parentElement : target
        if (node && isLive(node) && node.textContent.trim())
            window.announced.push(node.textContent.trim())
    }
    new MutationObserver((all) => all.forEach(note)).observe(document.body, {
        subtree: true, childList: true, characterData: true,
    })
}"""
COUNT_OPENED = """() => {
    window.opened = 0
    document.body.addEventListener("roundtable:open", () => (window.opened += 1))
}"""
OUTLINE = """\
- link "Skip to the message field"
- complementary "Conversations":
  - link "New conversation"
  - navigation "Your conversations":
    - heading "Today" [level=2]
- main:
  - heading "Read this out" [level=1]
  - region "Transcript":
    - log "Messages":
      - article "alice":
        - heading "alice" [level=2]
      - article "Roundtable":
        - heading "Roundtable" [level=2]
        - button "Copy"
        - button "Retry"
  - textbox "Message"
  - button "Send"
"""


def announced(page: Page) -> list[str]:
    return [str(words) for words in page.evaluate("() => window.announced")]


def test_an_answer_is_announced_when_it_begins_and_when_it_has_ended(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "paragraphs:400", "Hundreds of words, please")
    expect_state(answer(page), "complete")
    send(page, "And again")
    expect_state(answer(page, 1), "complete")
    page.reload()
    expect(page.locator("#announcement")).to_be_empty()
    page.evaluate(LISTEN)

    send(page, "And once more")
    expect_state(answer(page, 2), "complete")
    expect(page.locator("#announcement")).to_contain_text("Roundtable has answered: t0")

    said = announced(page)
    assert 1 <= len(said) <= 2
    assert len(said[-1]) < 300


def test_who_else_writes_is_announced_with_their_name(
    open_page: OpenPage, together: Place
) -> None:
    # Two may have one name.
    together.write(
        "UPDATE conversations_user SET first_name = 'bob' WHERE username = 'alice'"
    )
    alice = open_page(together, "alice")
    begin_in_team(alice, together, "ok", "Read aloud", "alice", "bob")
    bob = open_page(together, "bob")
    bob.goto(alice.url)
    alice.evaluate(LISTEN)

    post(bob, "I am here")

    region = alice.locator("#announcement")
    expect(region).to_have_text("bob wrote: I am here")
    assert announced(alice).count("bob wrote: I am here") == 1
    assert not re.search("wrote", bob.locator("#announcement").inner_text())


def test_of_much_that_was_missed_is_announced_how_much(
    open_page: OpenPage, together: Place
) -> None:
    lines: list[WebSocketRoute] = []

    def connect(line: WebSocketRoute) -> None:
        """To the server at first, then to nobody, then to the server again."""
        lines.append(line)
        if len(lines) != 2:
            line.connect_to_server()

    alice = open_page(together, "alice")
    begin_in_team(alice, together, "ok", "Missed", "alice", "bob")
    alice.route_web_socket("**/ws/c/**", connect)
    alice.reload()
    expect(alice.locator(".faces .here")).not_to_have_count(0)
    bob = open_page(together, "bob")
    bob.goto(alice.url)
    alice.evaluate(COUNT_OPENED)
    lines[0].close(code=1012)
    alice.wait_for_function("() => window.opened === 1")
    for number in range(4):
        post(bob, f"Line {number}")
        expect(questions(bob).nth(number + 1)).to_contain_text(f"Line {number}")
    alice.evaluate(LISTEN)

    lines[1].close(code=1012)

    expect(questions(alice)).to_have_count(5)
    expect(alice.locator("#announcement")).to_have_text("4 new messages.")
    assert [words for words in announced(alice) if "Line" in words] == []


def test_the_outline_of_a_conversation(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "Read this out")
    expect_state(answer(page), "complete")

    expect(page.locator("body")).to_match_aria_snapshot(OUTLINE)
