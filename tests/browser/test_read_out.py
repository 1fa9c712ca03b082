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
NOTE_SOCKETS = """() => {
    const note = ({ type }) => (document.body.dataset.socket = type)
    for (const name of ["htmx:wsClose", "roundtable:open"])
        document.body.addEventListener(name, note)
}"""
# More than a page waits before it connects again, or says what has come.
WAIT_MILLISECONDS = 6_000
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
    # Nothing of the answer is left to be announced.
    alice.reload()
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
    alice.clock.install()
    alice.reload()
    expect(alice.locator(".faces .here")).not_to_have_count(0)
    bob = open_page(together, "bob")
    bob.goto(alice.url)
    alice.evaluate(NOTE_SOCKETS)
    lines[0].close(code=1012)
    expect(alice.locator("body")).to_have_attribute("data-socket", "roundtable:open")
    for number in range(4):
        post(bob, f"Line {number}")
        expect(questions(bob).nth(number + 1)).to_contain_text(f"Line {number}")
    alice.evaluate(LISTEN)

    # However slowly they come, for this page it is at once.
    alice.clock.pause_at(alice.evaluate("() => Date.now() / 1000 + 60"))
    lines[1].close(code=1012)
    expect(alice.locator("body")).to_have_attribute("data-socket", "htmx:wsClose")
    alice.clock.run_for(WAIT_MILLISECONDS)
    expect(questions(alice)).to_have_count(5)
    alice.clock.run_for(WAIT_MILLISECONDS)

    expect(alice.locator("#announcement")).to_have_text("4 new messages.")
    assert [words for words in announced(alice) if "Line" in words] == []


def test_the_outline_of_a_conversation(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "Read this out")
    expect_state(answer(page), "complete")

    expect(page.locator("body")).to_match_aria_snapshot(OUTLINE)
