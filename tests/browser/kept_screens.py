"""Screens of lists: the rail, search, what is kept, loaded or refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast

from playwright.sync_api import Page

from tests.browser.conftest import SESSION_COOKIE
from tests.browser.talk_screens import Show, said
from tests.faults.conftest import Place

if TYPE_CHECKING:
    from tests.browser.kept import Kept

MAKE_KEPT = (
    "import json; from tests.browser.kept import make_kept; "
    "print(json.dumps(make_kept({!r})))"
)
OWNER = "frida"
TOO_MANY_BYTES = 1_200_000
# A form that the server did not make.
POST = """size => {
    const [form, field] = ["form", "textarea"].map(name => document.createElement(name))
    Object.assign(field, { name: "name", value: "x".repeat(size) })
    Object.assign(form, { method: "post", action: "/teams/" })
    form.append(field)
    document.body.append(form)
    form.submit()
}"""
# Whether it has taken long enough to be shown as what is on its way.
SHOWN = """selector => document.querySelector(selector).getAnimations({ subtree: true })
    .every(one => one.playState === "finished")"""
_kept: dict[str, Kept] = {}


def kept(page: Page, place: Place) -> Kept:
    """Go on as somebody with a full list; the same for every screen."""
    key = place.server.url
    if key not in _kept:
        script = MAKE_KEPT.format(OWNER)
        ran = place.run("manage.py", "shell", "--no-imports", "-c", script, check=True)
        _kept[key] = cast("Kept", json.loads(ran.stdout))
    be(page, place, OWNER)
    return _kept[key]


def be(page: Page, place: Place, name: str) -> None:
    page.context.clear_cookies()
    value, url = place.sessions[name], place.server.url
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": value, "url": url}])


def show_rail(page: Page) -> None:
    menu = page.get_by_role("button", name="Conversations", exact=True)
    if menu.is_visible():
        menu.click()


def show_kept(page: Page, place: Place) -> None:
    kept(page, place)
    page.goto("/")
    show_rail(page)


def show_account(page: Page, place: Place) -> None:
    show_kept(page, place)
    page.locator(".me summary").click()


def kept_at(path: str) -> Show:
    def show(page: Page, place: Place) -> None:
        kept(page, place)
        page.goto(path)

    return show


def show_undo(page: Page, place: Place) -> None:
    said("Something to delete")(page, place)
    show_rail(page)
    row = page.locator(".row:has([aria-current])")
    row.locator("summary").first.click()
    row.get_by_role("button", name="Delete").click()
    page.locator(".undo-notice").wait_for()


def show_middle(page: Page, place: Place) -> None:
    made = kept(page, place)
    page.goto(f"/c/{made['long']}/?at={made['middle']}#m-{made['middle']}")
    page.locator(f"#m-{made['middle']}").wait_for()


def show_loading(page: Page, place: Place) -> None:
    """What is asked for does not come: older messages, and a panel."""
    made = kept(page, place)
    page.route(re.compile("/older/"), lambda _: None)
    page.goto(f"/c/{made['long']}/")
    page.locator("#older").scroll_into_view_if_needed()
    page.locator("#older[aria-busy]").wait_for()
    page.wait_for_function(SHOWN, arg="#older")


def show_panel_loading(page: Page, place: Place) -> None:
    made = kept(page, place)
    page.goto(f"/c/{made['short']}/")
    page.route(re.compile("/memory/"), lambda _: None)
    page.get_by_role("link", name="What is remembered").click()
    page.locator("#side[open]").wait_for()
    page.wait_for_function(SHOWN, arg="#side-body")


def show_palette_loading(page: Page, place: Place) -> None:
    kept_at("/")(page, place)
    page.route(re.compile("/palette/"), lambda _: None)
    page.keyboard.press("Control+k")
    page.locator("#palette-rows[aria-busy]").wait_for(state="attached")
    page.wait_for_function(SHOWN, arg="#palette-rows")


def show_palette(words: str, found: str) -> Show:
    def show(page: Page, place: Place) -> None:
        kept_at("/")(page, place)
        page.keyboard.press("Control+k")
        page.locator("#palette-search").fill(words)
        page.locator("#palette-rows", has_text=found).wait_for()

    return show


def refused(size: int) -> Show:
    """A form of a page that has grown old, of so many bytes."""

    def show(page: Page, place: Place) -> None:
        page.goto("/")
        with page.expect_navigation():
            page.evaluate(POST, size)

    return show


def show_forbidden(page: Page, place: Place) -> None:
    """A guest may not see who else is in a team."""
    place.make_team("Of guests", "alice", "emil")
    newest = place.rows("SELECT max(id) FROM conversations_team")[0][0]
    place.write(
        "UPDATE conversations_membership SET role = 'guest' "
        "WHERE team_id = ? AND user_id = ?",
        newest,
        place.users["emil"],
    )
    be(page, place, "emil")
    page.goto(f"/teams/{newest}/members/")


KEPT_SCREENS: dict[str, Show] = {
    "kept": show_kept,
    "account": show_account,
    "archived-some": kept_at("/archived/"),
    "deleted-some": kept_at("/deleted/"),
    "undo": show_undo,
    "middle": show_middle,
    "loading": show_loading,
    "panel-loading": show_panel_loading,
    "palette-loading": show_palette_loading,
    "palette-found": show_palette("plan", "autumn"),
    "palette-none": show_palette("nowhere to be found", "Search everything for"),
    "search-found": kept_at("/search/?q=message"),
    "search-empty": kept_at("/search/"),
    "old-page": refused(1),
    "too-large": refused(TOO_MANY_BYTES),
    "forbidden": show_forbidden,
}
