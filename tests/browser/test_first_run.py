"""From the set-up link to an answer, and what an admin does then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import everything_found
from tests.browser.conftest import SIZE, OpenPage
from tests.browser.talk import (
    act,
    answer,
    expect_state,
    expect_words,
    send,
    sign_in,
)
from tests.browser.watch import Watch
from tests.factories import PASSWORD
from tests.faults.conftest import Place
from tests.gateway.server import TestGateway

# What nobody else asks here.
OURS = ("Who keeps the house?", "Who keeps it now?")
DEMO = re.compile("demo", re.IGNORECASE)
STATUS = "() => performance.getEntriesByType('navigation')[0].responseStatus"


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[Place]:
    """A server as a newcomer starts it: nobody is there yet."""
    with TestGateway() as gateway:
        place = Place(tmp_path, gateway, {})
        try:
            place.server.start()
            yield place
        finally:
            place.server.close()


def set_up(page: Page, place: Place) -> None:
    page.goto(place.server.setup_link)
    expect(page).to_have_url(re.compile("/setup/$"))
    assert everything_found(page) == []
    page.set_viewport_size(SIZE)
    page.get_by_label("Username").fill("ada")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(place.server.url + "/")


def test_the_set_up_link_leads_to_an_admin_and_a_streamed_answer(
    open_page: OpenPage, new_place: Place, watch: Watch
) -> None:
    page = open_page(new_place)
    set_up(page, new_place)
    assert any("/setup/" in url for url in watch.requests)
    expect(page.get_by_role("button", name="Model:")).to_contain_text(DEMO)
    send(page, "Good morning")
    page.wait_for_url("**/c/*/**")
    expect_words(answer(page), "You sent")
    expect_state(answer(page), "complete")
    expect_words(answer(page), "Good morning")
    expect(answer(page).locator(".made")).to_contain_text(DEMO)
    expect_streamed(page)

    stranger = open_page(new_place)
    stranger.goto(new_place.server.setup_link)
    assert stranger.evaluate(STATUS) == 404
    walk_through_the_admin(page, watch)
    log_out_and_in(page)


def expect_streamed(page: Page) -> None:
    """A slow answer of the demo takes half a minute."""
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    send(page, "slow")
    expect_words(answer(page, 1), "This answer takes")
    expect(page.get_by_role("button", name="Queue", exact=True)).to_be_visible()
    act(answer(page, 1), "Stop")
    expect_state(answer(page, 1), "stopped")


def walk_through_the_admin(page: Page, watch: Watch) -> None:
    """Every list and form that the admin's first page leads to."""
    page.goto("/admin/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    links = page.locator("#content-main a").evaluate_all("all => all.map(a => a.href)")
    assert len(links) >= 6
    for link in dict.fromkeys(links):
        page.goto(link)
        assert page.evaluate(STATUS) == 200, link
    assert watch.seen == []


def log_out_and_in(page: Page) -> None:
    page.goto("/")
    page.locator(".me summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/login/"))
    sign_in(page, "ada", PASSWORD)
    expect(page.locator(".row")).to_have_text(re.compile("Good morning"))


def test_an_edited_system_prompt_makes_the_next_answer_and_is_named_there(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "staff")
    page.goto("/admin/conversations/systemprompt/add/")
    page.get_by_label("Name").fill("House rules")
    page.locator("textarea[name=text]").fill("Answer like a lighthouse keeper.")
    page.get_by_label(re.compile("default", re.IGNORECASE)).check()
    save(page)
    begin_with_prompt(page, place)
    expect(answer(page).locator(".made")).to_contain_text("House rules v1")

    admin = page.context.new_page()
    admin.goto("/admin/conversations/systemprompt/")
    admin.get_by_role("link", name="House rules").click()
    admin.locator("textarea[name=text]").fill("Answer like a gardener.")
    save(admin)

    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    send(page, OURS[1])
    expect_state(answer(page, 1), "complete")
    expect(answer(page, 1).locator(".made")).to_contain_text("House rules v2")
    expect(answer(page, 0).locator(".made")).to_contain_text("House rules v1")
    # What others have queued is asked meanwhile.
    asked = [request.messages for request in place.gateway.requests]
    ours = [messages for messages in asked if messages[-1]["content"] in OURS]
    assert [messages[0]["role"] for messages in ours] == ["system", "system"]
    assert "lighthouse" in ours[0][0]["content"]
    assert "gardener" in ours[1][0]["content"]


def save(page: Page) -> None:
    """Save what the admin shows, and wait until it is."""
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()


def begin_with_prompt(page: Page, place: Place) -> None:
    page.goto(f"/?model={place.models['ok']}")
    page.get_by_label("System prompt").select_option(label=re_label(page))
    send(page, OURS[0])
    page.wait_for_url("**/c/*/**")
    expect_state(answer(page), "complete")


def re_label(page: Page) -> str:
    option = page.get_by_label("System prompt").locator("option", has_text="House")
    return option.inner_text()
