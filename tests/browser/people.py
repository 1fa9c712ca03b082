"""What several people do beside each other, and where they look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.talk import answer, begin, composer, expect_state
from tests.faults.conftest import Place, place_with
from tests.gateway.server import TestGateway

MODELS = ("ok", "paragraphs:400@40")
# Whole conversations on a page; who left is soon forgotten.
ENVIRON = {
    "PAGE_MESSAGES": "60",
    "RUNNING_PER_USER": "60",
    "PRESENCE_GRACE_SECONDS": "0.3",
}
PASSWORD = "a long enough sentence"
# What a list may take: news once a second, and no page asks at once.
LIST_MILLISECONDS = 3_000


@contextmanager
def place_of_their_own(directory: Path) -> Iterator[Place]:
    """A server where nobody is but those whom a test brings together."""
    with (
        TestGateway() as gateway,
        place_with(directory, gateway, MODELS, ENVIRON) as at,
    ):
        yield at


def create_team(page: Page, name: str) -> None:
    """Make a team; its members are then shown."""
    page.goto("/teams/")
    page.get_by_role("textbox", name="Create a team").fill(name)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def invite(page: Page, role: str = "member") -> str:
    """Make an invitation on the members' page; return the link that is shown."""
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_role("button", name="Make an invitation").click()
    link = page.get_by_role("textbox", name="The link").input_value()
    page.get_by_role("link", name="Back to the members").click()
    return link


def join(page: Page, link: str, name: str) -> None:
    """Come in by an invitation, with a new account."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Username").fill(name.split(maxsplit=1)[0].lower())
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#team")).to_be_visible()


def panel(page: Page) -> Locator:
    return page.locator("#people")


def open_panel(page: Page) -> Locator:
    """Open the list of who can see a conversation."""
    if not panel(page).count():
        page.locator(".head").get_by_role("link", name="Share").or_(
            page.locator(".head").get_by_role("link", name="People")
        ).click()
    expect(panel(page)).to_be_visible()
    return panel(page)


def share(page: Page, team: str, access: str = "write") -> None:
    """Let a team read or take part, as the owner does; return when it may."""
    side = open_panel(page)
    side.get_by_label("With a team").select_option(label=team)
    side.get_by_label("Its members can").select_option(access)
    side.locator("#share").get_by_role("button", name="Save").click()
    expect(page.locator("#share-team.htmx-request")).to_have_count(0)


def share_with(page: Page, name: str, button: str = "Can take part") -> None:
    """Let one person read or take part, found by name."""
    side = open_panel(page)
    side.get_by_label("With one person").fill(name)
    found = side.locator("#found .person", has_text=f"@{name}")
    found.get_by_role("button", name=button).click()
    expect(side.locator("#who")).to_contain_text(f"@{name}")


def begin_in_team(
    page: Page, place: Place, model: str, text: str, *people: str
) -> None:
    """Ask something that a new team of these people, the first its owner, can go on with."""
    place.make_team(f"Team of {text}", *people)
    begin(page, place, model, text)
    expect_state(answer(page), "complete")
    share(page, f"Team of {text}")
    expect(page.locator(".audience")).to_contain_text(f"Team of {text}")


def post(page: Page, text: str) -> None:
    composer(page).fill(text)
    page.locator(".post").click()
    expect(composer(page)).to_have_value("")


def row(page: Page, title: str) -> Locator:
    """A conversation's row in the rail."""
    return page.locator(".row", has_text=title)
