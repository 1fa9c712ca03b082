"""Two people at one conversation: who can see it changes under their eyes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import share
from tests.browser.talk import (
    act,
    answer,
    begin,
    composer,
    expect_state,
    expect_words,
    questions,
    send,
)
from tests.faults.conftest import Place

# People of whom no other test says what they see.
TEAM = "Sharing team"


def expect_followed(page: Page) -> None:
    """News come down to this page: it says who is here."""
    expect(page.locator("#faces .here")).not_to_have_count(0)


def test_what_another_may_do_changes_at_once_and_nothing_typed_is_lost(
    place: Place, open_page: OpenPage
) -> None:
    place.make_team(TEAM, "frida", "emil")
    frida, emil = open_page(place, "frida"), open_page(place, "emil")
    begin(frida, place, "ok", "What do we tell them?")
    expect_state(answer(frida), "complete")
    expect(frida.locator(".audience")).to_have_text("Only you can read and write")

    share(frida, TEAM, "read")
    expect(frida.locator(".audience")).to_have_text(f"{TEAM} can read")
    emil.goto(frida.url)
    expect(emil.locator("#read-only")).to_contain_text("frida can let you write")
    expect(composer(emil)).to_have_count(0)

    share(frida, TEAM, "write")
    expect(composer(emil)).to_be_visible()
    expect(emil.locator("#read-only")).to_be_empty()
    expect_followed(emil)

    composer(emil).fill("That we are sorry")
    share(frida, TEAM, "read")
    expect(emil.locator("#read-only")).to_contain_text("What you typed is still here")
    expect(composer(emil)).to_have_value("That we are sorry")
    expect(composer(emil)).not_to_be_editable()
    expect(emil.locator(".send")).to_be_disabled()

    share(frida, TEAM, "write")
    expect(emil.locator(".audience")).to_have_text(
        f"frida’s conversation: {TEAM} can read and write"
    )
    composer(emil).press("Enter")
    expect(questions(frida).last).to_contain_text("That we are sorry")


def test_who_loses_sight_of_it_is_told_so(place: Place, open_page: OpenPage) -> None:
    team = f"{TEAM} again"
    place.make_team(team, "frida", "emil")
    frida, emil = open_page(place, "frida"), open_page(place, "emil")
    begin(frida, place, "endless:@30")
    expect_followed(frida)
    of_team = frida.get_by_role("list", name=team, exact=True)
    share(frida, team, "write")
    expect(frida.locator(".audience")).to_have_text(f"{team} can read and write")
    expect(of_team.get_by_role("link")).to_have_count(1)
    emil.goto(frida.url)
    expect_words(answer(emil), "t5")
    composer(emil).fill("Half a sen")

    share(frida, "No team", "write")
    expect(frida.locator(".audience")).to_have_text("Only you can read and write")

    told = emil.get_by_text("You can no longer open this conversation.")
    expect(told).to_be_visible(timeout=2_000)
    expect(composer(emil)).to_have_value("Half a sen")
    expect(composer(emil)).not_to_be_editable()
    expect(emil.get_by_role("button", name="Stop")).to_be_hidden()
    expect(emil.locator("[data-elapsed]")).to_have_count(0)
    expect(emil.locator(".audience")).to_be_hidden()
    expect(of_team.get_by_role("link")).to_have_count(0)
    act(answer(frida), "Stop")
    send(frida, "Still here.")
    expect(questions(frida).last).to_contain_text("Still here.")
    expect(emil.get_by_role("log").get_by_text("Still here.")).to_have_count(0)
    expect_words(answer(frida, 1), "t5")
    act(answer(frida, 1), "Stop")
    expect_state(answer(frida, 1), "stopped")


def test_the_panel_finds_and_adds_people_and_keeps_the_focus(
    place: Place, open_page: OpenPage
) -> None:
    team = f"{TEAM} once more"
    place.make_team(team, "frida", "emil")
    frida = open_page(place, "frida")
    begin(frida, place, "ok")
    frida.get_by_role("link", name="Share", exact=True).click()
    panel = frida.locator("#people")
    # Opened, it puts the focus on its title.
    expect(frida.get_by_role("heading", name="Who can see this")).to_be_focused()

    panel.get_by_label("With one person").press_sequentially("nobody")
    expect(panel.get_by_text("Nobody from your teams")).to_be_visible()
    panel.get_by_label("With one person").fill("EMI")
    panel.get_by_role("button", name="Can read").click()
    expect(frida.locator(".audience")).to_have_text(
        "emil can read. Only you can write."
    )
    panel.get_by_role("button", name="Let take part").click()
    expect(frida.locator(".audience")).to_have_text("You and emil can read and write")

    named = panel.get_by_label("Tell the model who wrote each message.")
    named.press("Space")
    expect(panel.get_by_role("button", name="Remove")).to_be_visible()
    expect(named).to_be_focused()
    expect(named).to_be_checked()
    panel.get_by_role("button", name="Remove").click()
    expect(frida.locator(".audience")).to_have_text("Only you can read and write")
