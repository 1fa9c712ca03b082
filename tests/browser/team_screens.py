"""Screens of teams, of sharing, and of conversations of several people."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from playwright.sync_api import Page, expect
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.browser.conftest import SESSION_COOKIE
from tests.browser.people import invite, open_panel
from tests.browser.talk import answer, choose, composer, expect_words, questions, send
from tests.faults.conftest import Place

if TYPE_CHECKING:
    from tests.browser.crowd import Crowd

MAKE_CROWD = (
    "import json; from tests.browser.crowd import make_crowd; "
    "print(json.dumps(make_crowd({!r}, {})))"
)
NAMES = {
    1: "Alone",
    5: "Reading circle",
    50: "Everyone who helps with the autumn meeting in the old town hall",
}
Show = Callable[[Page, Place], None]
_crowds: dict[tuple[str, int], Crowd] = {}
# Who is here stays as long as this process looks.
_held: list[ClientConnection] = []


def crowd(place: Place, number: int) -> Crowd:
    """A team of so many people; the same one for every screen."""
    key = (place.server.url, number)
    if key not in _crowds:
        script = MAKE_CROWD.format(NAMES[number], number)
        ran = place.run("manage.py", "shell", "--no-imports", "-c", script, check=True)
        _crowds[key] = cast("Crowd", json.loads(ran.stdout))
    return _crowds[key]


def be(page: Page, place: Place, session: str) -> None:
    """Go on as somebody else."""
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": SESSION_COOKIE, "value": session, "url": place.server.url}]
    )


def show_no_teams(page: Page, place: Place) -> None:
    be(page, place, place.sessions["dora"])
    page.goto("/teams/")


def show_teams(page: Page, place: Place) -> None:
    for number in NAMES:
        crowd(place, number)
    page.goto("/teams/")


def of_team(number: int, path: str = "") -> Show:
    def show(page: Page, place: Place) -> None:
        page.goto(f"/teams/{crowd(place, number)['team']}/{path}")

    return show


def show_new_team(page: Page, place: Place) -> None:
    """A team in which nothing is shared yet."""
    place.make_team("Just made", "alice")
    newest = place.rows("SELECT max(id) FROM conversations_team")[0][0]
    page.goto(f"/teams/{newest}/")


def show_found(page: Page, place: Place) -> None:
    of_team(5, "?q=bank")(page, place)
    page.locator("mark").first.wait_for()


def show_change(page: Page, place: Place) -> None:
    """What may be done with a member, opened; one invitation is out."""
    of_team(5, "members/")(page, place)
    invite(page)
    page.locator(".member > details > summary").first.click()
    page.get_by_text("Remove …").first.click()


def make_link(page: Page, place: Place) -> str:
    of_team(5, "members/")(page, place)
    page.get_by_role("button", name="Make an invitation").click()
    return page.get_by_role("textbox", name="The link").input_value()


def show_link(page: Page, place: Place) -> None:
    make_link(page, place)


def show_join_anew(page: Page, place: Place) -> None:
    link = make_link(page, place)
    page.context.clear_cookies()
    page.goto(link)


def show_join(page: Page, place: Place) -> None:
    link = make_link(page, place)
    be(page, place, place.sessions["dora"])
    page.goto(link)


def show_new_password(page: Page, place: Place) -> None:
    be(page, place, place.sessions["staff"])
    page.goto(f"/admin/conversations/user/{place.users['frida']}/change/")
    page.get_by_role("button", name="Password link").or_(
        page.get_by_role("link", name="Password link")
    ).first.click()
    link = page.locator("[data-once]").input_value()
    page.context.clear_cookies()
    page.goto(link)


def talk(number: int) -> Show:
    def show(page: Page, place: Place) -> None:
        page.goto(f"/c/{crowd(place, number)['talk']}/")

    return show


def with_panel(number: int) -> Show:
    def show(page: Page, place: Place) -> None:
        talk(number)(page, place)
        side = open_panel(page)
        if (more := side.locator("summary")).count():
            more.first.click()

    return show


def present(number: int) -> Show:
    """All of them are here, one types, and an answer is waited for by two."""

    def show(page: Page, place: Place) -> None:
        made = crowd(place, number)
        talk(number)(page, place)
        sockets = [
            _come(place, made["talk"], each) for each in made["sessions"].values()
        ]
        expect(page.locator("#faces .here")).to_have_count(min(4, number))
        sockets[1].send(json.dumps({"t": "y"}))
        expect(page.locator("#typing")).not_to_be_empty()
        _held.extend(sockets)

    return show


def _come(place: Place, conversation: str, session: str) -> ClientConnection:
    return connect(
        f"{place.server.url.replace('http', 'ws', 1)}/ws/c/{conversation}/",
        origin=Origin(place.server.url),
        additional_headers={"cookie": f"{SESSION_COOKIE}={session}"},
        proxy=None,
    )


def show_queue(page: Page, place: Place) -> None:
    """Two wait while an answer is written."""
    made = crowd(place, 5)
    talk(5)(page, place)
    if page.locator("article[data-state=queued]").count():
        return
    choose(page, "paragraphs:600@30")
    send(page, "Write the letter, please: all of it.")
    expect_words(answer(page), "t25")
    browser = page.context.browser
    assert browser is not None
    for name in list(made["sessions"])[:2]:
        other = browser.new_page(base_url=place.server.url)
        be(other, place, made["sessions"][name])
        other.goto(page.url)
        count = questions(page).count()
        send(other, "And a shorter one for the telephone?")
        questions(page).nth(count).wait_for()
        other.context.close()


def show_elsewhere(page: Page, place: Place) -> None:
    """Alice goes on in another version than the one that is looked at."""
    made = crowd(place, 50)
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page(base_url=place.server.url)
    be(other, place, place.sessions["alice"])
    talk(50)(other, place)
    be(page, place, next(iter(made["sessions"].values())))
    talk(50)(page, place)
    questions(other).first.hover()
    questions(other).first.get_by_role("link", name="Edit").click()
    area = other.get_by_label("Your message, edited")
    area.fill("How much do we owe them?")
    area.press("Control+Enter")
    page.locator("#elsewhere").get_by_role("link").wait_for()
    other.context.close()


def show_opened(page: Page, place: Place) -> None:
    """An admin has read it, as its owner sees; the panel's end is in view."""
    key = crowd(place, 5)["talk"].replace("-", "")
    place.write(
        "INSERT INTO conversations_opening "
        "(conversation_id, user_id, name, created_at, last_at) "
        "VALUES (?, ?, 'staff', '2026-11-20 09:30', '2026-11-20 09:41')",
        key,
        place.users["staff"],
    )
    talk(5)(page, place)
    open_panel(page).locator(".openings").scroll_into_view_if_needed()


def show_read_only(page: Page, place: Place) -> None:
    made = crowd(place, 5)
    key = made["talk"].replace("-", "")
    place.write(
        "INSERT INTO conversations_share (conversation_id, user_id, access, created_at) "
        "VALUES (?, ?, 'read', '2026-11-21') ON CONFLICT DO NOTHING",
        key,
        place.users["emil"],
    )
    be(page, place, place.sessions["emil"])
    talk(5)(page, place)


def show_home(page: Page, place: Place) -> None:
    """Where one begins for a team, with everything in the rail."""
    show_teams(page, place)
    page.goto(f"/?team={crowd(place, 50)['team']}")
    if (menu := page.get_by_role("button", name="Conversations")).is_visible():
        menu.click()


def show_names(page: Page, place: Place) -> None:
    talk(50)(page, place)
    composer(page).press_sequentially("Ask @")
    page.get_by_role("option").first.wait_for()


def show_lost(page: Page, place: Place) -> None:
    page.goto("/invitations/none/")


def show_login(page: Page, place: Place) -> None:
    page.context.clear_cookies()
    page.goto("/login/")


TEAM_SCREENS: dict[str, Show] = {
    "teams-none": show_no_teams,
    "team-new": show_new_team,
    "since-1": talk(1),
    "since-5": talk(5),
    "teams": show_teams,
    "team": of_team(5),
    "team-50": of_team(50),
    "team-found": show_found,
    "members-1": of_team(1, "members/"),
    "members-5": of_team(5, "members/"),
    "members-50": of_team(50, "members/"),
    "member-change": show_change,
    "team-settings": of_team(50, "settings/"),
    "link": show_link,
    "link-lost": show_lost,
    "join": show_join,
    "join-anew": show_join_anew,
    "new-password": show_new_password,
    "panel-1": with_panel(1),
    "panel-5": with_panel(5),
    "panel-50": with_panel(50),
    "present-5": present(5),
    "present-50": present(50),
    "queue-of-two": show_queue,
    "opened": show_opened,
    "elsewhere": show_elsewhere,
    "names": show_names,
    "read-only": show_read_only,
    "home-team": show_home,
    "sign-on": show_login,
}
