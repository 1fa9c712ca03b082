"""Conversations of any length: to a message far back, and from there both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.talk import (
    answer,
    composer,
    copy_by,
    expect_state,
    open_menu,
    send,
)

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage
    from tests.faults.conftest import Place

Addresses = tuple[str, str, str, str]

COUNT = 2_000
MOST_ARTICLES = 150
MAKE = f"""
from conversations.models import LanguageModel, User
from tests.factories import make_conversation
from tests.long import make_branch, make_long
alice = User.objects.get(username="alice")
model = LanguageModel.objects.get(name="ok")
talk = make_long(alice, {COUNT}, model=model)
beside = make_conversation(alice, model=model)
make_branch(beside, [None, *range(199), 50, *range(200, 399)])
short = make_long(alice, 160, model=model)
asked = make_long(alice, {COUNT}, model=model)
print(talk.pk, beside.pk, short.pk, asked.pk)
"""
SCROLL = """async ([by, steps]) => {
    const far = Math.abs(by) * steps, late = performance.now() + 50_000;
    const scroller = document.getElementById("scroll");
    const top = node => node.getBoundingClientRect().top;
    const frame = () => new Promise(done => requestAnimationFrame(done));
    const edge = top(scroller);
    let worst = 0, most = 0, gone = 0, isAtEdge = false;
    // Where what comes next is still on its way, one waits for it.
    while (gone < far && performance.now() < late) {
        const all = [...scroller.querySelectorAll("article")];
        const node = all.find(one => one.getBoundingClientRect().bottom > edge + 1);
        const before = top(node);
        // As by a wheel, of which a page that follows hears first.
        scroller.dispatchEvent(new WheelEvent("wheel", { deltaY: by }));
        scroller.scrollBy(0, by);
        const moved = before - top(node);
        gone += Math.abs(moved);
        isAtEdge = !moved && !document.getElementById(by < 0 ? "older" : "newer");
        if (isAtEdge) break;
        await frame();
        await frame();
        await new Promise(done => setTimeout(done, 10));
        if (node.isConnected)
            worst = Math.max(worst, Math.abs(before - moved - top(node)));
        most = Math.max(most, scroller.querySelectorAll("article").length);
    }
    return { worst, most, isThere: isAtEdge || gone >= far };
}"""
JUMP = """async id => {
    const { src } = document.querySelector('script[src*="js/jump"]');
    await (await import(src)).jumpTo(id);
}"""


@pytest.fixture(scope="module")
def together(together_server: Place) -> Place:
    together_server.renew_people()
    return together_server


@pytest.fixture(scope="module")
def long(together: Place) -> Addresses:
    """Of a long conversation, one with two branches, and two that go on."""
    made = together.run("manage.py", "shell", "--no-imports", "-c", MAKE, check=True)
    first, second, third, last = (f"/c/{pk}/" for pk in made.stdout.split()[-4:])
    return first, second, third, last


@pytest.fixture
def page(open_page: OpenPage, together: Place) -> Page:
    return open_page(together, "alice")


def id_of(place: Place, url: str, number: int) -> str:
    found = "SELECT id FROM conversations_message WHERE conversation_id = ? AND seq = ?"
    [(raw,)] = place.rows(found, url.split("/")[2].replace("-", ""), number)
    return str(UUID(str(raw)))


def message(page: Page, number: int) -> Locator:
    return page.locator("article", has_text=re.compile(rf"Message {number}\."))


def numbers(page: Page) -> list[int]:
    """Which messages are in the page, from above."""
    said = page.locator("article [data-part=content]").all_inner_texts()
    return [int(re.findall(r"Message (\d+)\.", words)[0]) for words in said]


def scroll(page: Page, by: int, steps: int) -> dict[str, Any]:
    """Scroll so many steps; how far an article moved by itself, how many were there."""
    found: dict[str, Any] = page.evaluate(SCROLL, [by, steps])
    assert found["isThere"]
    return found


def test_a_deep_link_opens_far_back_and_goes_both_ways_without_a_jump(
    page: Page, together: Place, long: Addresses
) -> None:
    target = id_of(together, long[0], 1000)

    page.goto(f"{long[0]}?at={target}#m-{target}")

    expect(message(page, 1000)).to_be_in_viewport()
    expect(message(page, 1000)).to_be_focused()
    up = scroll(page, -700, 30)
    down = scroll(page, 900, 60)
    assert max(up["worst"], down["worst"]) < 2
    shown = numbers(page)
    assert shown == list(range(shown[0], shown[-1] + 1))
    assert max(up["most"], down["most"]) <= MOST_ARTICLES
    assert shown[0] < 1000 < shown[-1] or shown[0] > 800


def test_what_is_far_away_is_let_go_and_comes_back(page: Page, long: Addresses) -> None:
    page.goto(long[0])
    expect(message(page, COUNT)).to_be_in_viewport()

    up = scroll(page, -1500, 40)

    assert up["worst"] < 2
    assert up["most"] <= MOST_ARTICLES
    expect(message(page, COUNT)).to_have_count(0)
    page.get_by_role("button", name="Jump to latest").click()
    expect(message(page, COUNT)).to_be_in_viewport()
    expect(composer(page)).to_be_focused()
    assert numbers(page)[-1] == COUNT


def test_an_edit_is_kept_when_one_jumps_away_from_it(
    page: Page, together: Place, long: Addresses
) -> None:
    target = id_of(together, long[0], 1001)
    page.goto(f"{long[0]}?at={target}#m-{target}")
    expect(page.locator(f"#m-{target}")).to_be_focused()
    page.keyboard.press("e")
    area = page.get_by_label("Your message, edited")
    area.fill("Half an edit")
    page.get_by_role("button", name="Jump to latest").click()
    expect(message(page, COUNT)).to_be_in_viewport()

    page.evaluate(JUMP, target)
    page.keyboard.press("e")

    expect(area).to_have_value("Half an edit")


def test_a_link_leads_to_a_message_that_is_not_in_the_page_on_another_branch(
    page: Page, together: Place, long: Addresses
) -> None:
    page.goto(long[1])
    expect(message(page, 400)).to_be_in_viewport()
    far = id_of(together, long[1], 120)

    page.evaluate(JUMP, far)

    expect(message(page, 120)).to_be_focused()
    expect(message(page, 120)).to_be_in_viewport()
    page.locator("#scroll").press("End")
    expect(message(page, 200)).to_be_in_viewport()
    expect(message(page, 400)).to_have_count(0)


def test_what_comes_at_the_end_while_one_reads_in_the_middle(
    page: Page, open_page: OpenPage, together: Place, long: Addresses
) -> None:
    target = id_of(together, long[2], 20)
    page.goto(f"{long[2]}?at={target}#m-{target}")
    expect(message(page, 20)).to_be_in_viewport()
    other = open_page(together, "alice")
    other.goto(long[2])
    expect(message(other, 160)).to_be_in_viewport()
    send(other, "What is new?")
    expect(other.locator("article", has_text="What is new?")).to_be_visible()
    expect(answer(other)).not_to_contain_text("Message")
    expect_state(answer(other), "complete")

    expect(page.get_by_role("button", name="New below")).to_be_visible()

    expect(page.locator("article", has_text="What is new?")).to_have_count(0)
    expect(message(page, 20)).to_be_in_viewport()
    page.get_by_role("button", name="New below").click()
    expect(page.locator("article", has_text="What is new?")).to_be_in_viewport()
    expect_state(answer(page), "complete")
    send(page, "And now?")
    expect(page.locator("article", has_text="And now?")).to_be_visible()
    expect_state(answer(page), "complete")
    expect(page.get_by_role("button", name="New below")).to_be_hidden()


def test_who_sends_from_the_middle_sees_it_at_the_end(
    page: Page, together: Place, long: Addresses
) -> None:
    target = id_of(together, long[3], 1000)
    page.goto(f"{long[3]}?at={target}#m-{target}")
    expect(message(page, 1000)).to_be_in_viewport()

    send(page, "Sent from the middle")

    expect(page.locator("article", has_text="Sent from the middle")).to_be_in_viewport()
    expect_state(answer(page), "complete")
    expect(message(page, 1000)).to_have_count(0)


def test_the_address_of_a_message_is_copied(
    open_page: OpenPage, together: Place, long: Addresses
) -> None:
    page = open_page(
        together, "alice", permissions=["clipboard-read", "clipboard-write"]
    )
    page.goto(long[1])
    open_menu(answer(page))
    copy_by(answer(page).locator("[data-copy-link]"))
    copied = page.evaluate("() => navigator.clipboard.readText()")

    page.goto(copied)

    expect(page.locator(f"[id='{copied.rpartition('#')[2]}']")).to_be_focused()
