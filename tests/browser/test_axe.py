"""axe finds nothing on any page, wide and narrow, light and dark.

It looks at others where they are made anyway: set-up, invitations, teams, memory.
"""

from __future__ import annotations

import pytest

from tests.browser.axe import everything_found
from tests.browser.conftest import OpenPage
from tests.browser.people import open_panel
from tests.browser.screens import SCREENS
from tests.browser.talk import answer, composer
from tests.browser.talk_screens import PROGRAM, add
from tests.browser.team_screens import TEAM_SCREENS
from tests.faults.conftest import Place

ALL = {**SCREENS, **TEAM_SCREENS}
# Those of one person beside each other; the last of them may be those of nobody.
LOOKED_AT = {
    "new": ("home", "models", "keys", "palette"),
    "talk": ("thinking", "read-only"),
    "lists": ("search", "search-nothing", "archived", "deleted", "teams-none"),
    "small": ("password", "not-found", "login"),
    "admin": ("admin-models",),
}


@pytest.mark.parametrize("pages", LOOKED_AT)
def test_axe_finds_nothing(open_page: OpenPage, place: Place, pages: str) -> None:
    page = open_page(place, "staff" if pages == "admin" else "alice")

    for screen in LOOKED_AT[pages]:
        ALL[screen](page, place)

        assert everything_found(page) == [], screen


def test_axe_finds_nothing_in_a_conversation_and_beside_it(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    SCREENS["everything"](page, place)
    assert everything_found(page) == []

    answer(page, 0).get_by_role("link", name="Context").click()
    page.locator("#side #items-title").wait_for()
    assert everything_found(page, "#side") == []
    page.keyboard.press("Escape")
    open_panel(page)
    assert everything_found(page, "#side") == []
    page.keyboard.press("Escape")

    composer(page).press("Control+f")
    page.keyboard.type("Hamburg")
    page.locator("#find output", has_text="of").wait_for()
    assert everything_found(page, "#find") == []
    add(page, PROGRAM)
    page.get_by_text("“setup.pdf” is a program.").wait_for()
    page.context.set_offline(True)
    page.get_by_text("You’re offline.").wait_for()
    assert everything_found(page, ".desk") == []
