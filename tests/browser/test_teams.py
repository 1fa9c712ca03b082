"""A team's own pages, its guests, what each has spent; by keys, by touch, without scripts."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.axe import everything_found
from tests.browser.conftest import OpenPage
from tests.browser.heard import expect_socket, go_and_listen, note_sockets
from tests.browser.people import (
    LIST_MILLISECONDS,
    create_team,
    invite,
    join,
    open_panel,
    panel,
    row,
    share,
    share_with,
)
from tests.browser.talk import (
    answer,
    begin,
    composer,
    expect_state,
    questions,
    send,
)
from tests.browser.team_screens import TEAM_SCREENS
from tests.browser.test_contrast import FAINT_TEXT
from tests.browser.test_everyone import OVERFLOW
from tests.faults.conftest import Place

PHONE = ViewportSize(width=390, height=844)
SMALLEST = ViewportSize(width=320, height=640)
LOOKED_AT = (
    "teams",
    "team",
    "member-change",
    "team-settings",
    "since-5",
    "panel-5",
)
MOST_STEPS = 80
# What the focus is on, by the words that say so.
FOCUSED = """() => {
    const node = document.activeElement
    return node.ariaLabel || node.labels?.[0]?.innerText || node.innerText || node.id
}"""


def step_to(page: Page, words: str, key: str = "Tab") -> None:
    """Go on from field to field until the wanted one has the focus."""
    for _ in range(MOST_STEPS):
        page.keyboard.press(key)
        if str(page.evaluate(FOCUSED)).startswith(words):
            return
    raise AssertionError(f"No way by {key} to {words}.")


def in_team(page: Page, name: str) -> None:
    page.locator(".tabs").get_by_role("link", name=name).click()


def make_admin(page: Page, name: str) -> None:
    """Give a member the role, on the members' page, to which news then come."""
    note_sockets(page)
    page.reload()
    member = page.locator(".member", has_text=name)
    member.locator("summary").first.click()
    member.get_by_label(f"Role of {name}").select_option("admin")
    member.get_by_role("button", name="Change role").click()
    expect(page.get_by_text(f"{name} is now an admin")).to_be_visible()
    expect_socket(page)


def leave(page: Page, name: str) -> None:
    """Leave a team, on the settings' page."""
    page.get_by_text("Leave this team …").click()
    page.get_by_role("button", name="Leave the team").click()
    expect(page.get_by_text(f"You have left {name}.")).to_be_visible()


def test_a_team_from_its_first_day_to_its_last(
    together: Place, open_page: OpenPage
) -> None:
    alice, nora = open_page(together, "alice"), open_page(together)
    create_team(alice, "Lighthouse")
    link = invite(alice)
    join(nora, link, "Nora North")
    bob = open_page(together, "bob")
    bob.goto(link)
    gone = bob.get_by_role("heading", name="This link does not work any more")
    expect(gone).to_be_visible()
    expect(bob.get_by_text("It may have been used")).to_be_visible()

    make_admin(alice, "Nora North")
    in_team(nora, "Members")
    bob.goto(invite(nora, "guest"))
    bob.get_by_role("button", name="Join as bob").click()
    expect(bob.get_by_text("What people of Lighthouse share with you")).to_be_visible()
    expect(bob.get_by_text("alice")).to_have_count(0)
    in_team(nora, "Settings")
    nora.get_by_label("Name", exact=True).fill("Lighthouse keepers")
    nora.get_by_role("button", name="Save").click()
    expect(nora.get_by_text("Saved.")).to_be_visible()
    renamed = alice.locator(".rail h2", has_text="Lighthouse keepers")
    expect(renamed).to_be_visible(timeout=LIST_MILLISECONDS)

    leave(nora, "Lighthouse keepers")
    expect(nora.locator(".rail h2")).to_have_count(0)
    in_team(alice, "Settings")
    alice.get_by_text("Delete this team …").click()
    alice.get_by_role("button", name="Delete the team").click()
    expect(alice.get_by_text("Lighthouse keepers has been deleted.")).to_be_visible()
    bob.goto("/teams/")
    expect(bob.get_by_text("Lighthouse")).to_have_count(0)


def test_a_guest_sees_what_is_shared_singly_and_each_ones_spending_is_told(
    together: Place, open_page: OpenPage
) -> None:
    together.make_team("Guest house", "alice", "dora")
    together.write(
        "UPDATE conversations_membership SET role = 'guest' WHERE user_id = ?",
        together.users["dora"],
    )
    alice, dora = open_page(together, "alice"), open_page(together, "dora")
    go_and_listen(dora)
    begin(alice, together, "ok", "Not for guests")
    expect_state(answer(alice), "complete")
    share(alice, "Guest house")
    expect(alice.locator(".audience")).to_contain_text("Guest house")
    begin(alice, together, "ok", "For a guest")
    expect_state(answer(alice), "complete")
    share_with(alice, "dora")

    found = row(dora, "For a guest")
    expect(found).to_be_visible(timeout=LIST_MILLISECONDS)
    expect(row(dora, "Not for guests")).to_have_count(0)
    found.get_by_role("link").click()
    expect(dora.locator(".audience")).to_have_text(
        "alice’s conversation: you can take part"
    )
    spent = open_panel(alice).locator("#spent")
    expect(spent.locator("li")).to_have_count(1)
    send(dora, "What is there to eat?")
    expect_state(answer(dora, 1), "complete")
    expect(spent.locator(".name")).to_have_text(["alice", "dora", "Together"])
    expect(spent.locator(".total")).to_contain_text("2 answers")
    expect(open_panel(dora).locator("#who")).to_contain_text("@dora")


def test_one_shares_names_somebody_and_posts_by_keys_alone(
    together: Place, open_page: OpenPage
) -> None:
    together.make_team("Keyboard players", "alice", "bob")
    alice, bob = open_page(together, "alice"), open_page(together, "bob")
    go_and_listen(bob)
    begin(alice, together, "ok", "By keys")
    expect_state(answer(alice), "complete")

    composer(alice).focus()
    step_to(alice, "Share", "Shift+Tab")
    alice.keyboard.press("Enter")
    expect(panel(alice).get_by_role("heading", level=2)).to_be_focused()
    step_to(alice, "With a team")
    alice.keyboard.press("K")
    step_to(alice, "Save")
    alice.keyboard.press("Enter")
    expect(alice.locator(".audience")).to_contain_text("Keyboard players")
    expect(panel(alice).locator("#who")).to_contain_text("Keyboard players")
    expect(panel(alice).get_by_role("button", name="Save")).to_be_focused()
    alice.keyboard.press("Escape")
    expect(alice.locator(".head").get_by_role("link", name="Share")).to_be_focused()

    step_to(alice, "Message")
    alice.keyboard.type("Your turn, @b")
    expect(alice.get_by_role("option", selected=True)).to_contain_text("bob")
    alice.keyboard.press("Enter")
    step_to(alice, "Post")
    alice.keyboard.press("Enter")
    expect(questions(alice).last).to_contain_text("Your turn, @bob")
    mine = row(bob, "By keys")
    expect(mine).to_contain_text("1 mention", timeout=LIST_MILLISECONDS)
    mine.get_by_role("link").press("Enter")
    expect(questions(bob).last).to_contain_text("Your turn")


def test_one_shares_names_somebody_and_posts_on_a_phone(
    together: Place, open_page: OpenPage
) -> None:
    team = "A team with a name that is quite a bit longer than its own row"
    together.make_team(team, "alice", "bob")
    alice = open_page(together, "alice", viewport=PHONE, has_touch=True)
    begin(alice, together, "ok", "By touch")
    expect_state(answer(alice), "complete")

    alice.get_by_role("link", name="Share").tap()
    side = panel(alice)
    side.get_by_label("With a team").select_option(label=team)
    side.get_by_role("button", name="Save").tap()
    expect(side.locator("#who")).to_contain_text(team)
    assert alice.evaluate(OVERFLOW) <= 0
    alice.get_by_role("button", name="Close").last.tap()
    expect(side).to_have_count(0)

    composer(alice).press_sequentially("Look, @b")
    alice.get_by_role("option", name="bob").tap()
    expect(composer(alice)).to_have_value("Look, @bob ")
    alice.get_by_role("button", name="Post", exact=True).tap()
    expect(questions(alice).last.locator(".posted")).to_have_text("posted")
    assert alice.evaluate(OVERFLOW) <= 0
    for path in ("/teams/", f"/teams/{last_team(together)}/members/"):
        alice.goto(path)
        assert alice.evaluate(OVERFLOW) <= 0


def last_team(place: Place) -> object:
    return place.rows("SELECT max(id) FROM conversations_team")[0][0]


def test_a_team_its_panel_and_its_settings_work_without_scripts(
    together: Place, open_page: OpenPage
) -> None:
    page = open_page(together, "alice")
    begin(page, together, "ok", "Plainly")
    expect_state(answer(page), "complete")
    alice = open_page(together, "alice", java_script_enabled=False)
    create_team(alice, "Plain people")
    link = invite(alice)
    bob = open_page(together, "bob", java_script_enabled=False)
    bob.goto(link)
    bob.get_by_role("button", name="Join as bob").click()
    expect(bob.get_by_text("Welcome to Plain people.")).to_be_visible()

    alice.goto(page.url)
    share(alice, "Plain people", "read")
    expect(alice.locator("#who")).to_contain_text("Plain people team can read")
    side = panel(alice)
    side.get_by_label("With one person").fill("bob")
    side.get_by_role("button", name="Find").click()
    side.locator("#found").get_by_role("button", name="Can take part").click()
    expect(panel(alice).locator("#who")).to_contain_text("@bob")
    panel(alice).get_by_label("Tell the model who wrote each message.").check()
    with alice.expect_navigation():
        panel(alice).locator("#talk").get_by_role("button", name="Save").click()
    named = panel(alice).get_by_label("Tell the model who wrote each message.")
    expect(named).to_be_checked()

    in_team_row = bob.locator(".team-line", has_text="Plainly")
    bob.reload()
    in_team_row.get_by_role("link").click()
    expect(composer(bob)).to_be_visible()
    expect(bob.locator(".audience")).to_contain_text("You can take part.")


def test_long_names_fit_all_can_be_read_and_axe_finds_nothing(
    together: Place, open_page: OpenPage
) -> None:
    page = open_page(together, "alice", viewport=SMALLEST, has_touch=True)
    for screen in LOOKED_AT:
        TEAM_SCREENS[screen](page, together)
        assert page.evaluate(OVERFLOW) <= 0, screen
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert page.evaluate(FAINT_TEXT) == [], screen
        # The page below the panel is the one before.
        within = "#side" if screen == "panel-5" else "html"
        assert everything_found(page, within) == [], screen
        page.set_viewport_size(SMALLEST)
