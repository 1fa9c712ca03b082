"""What one sends is shown at once, and once only, whatever comes first or not at all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import (
    ANSWER_MILLISECONDS,
    answer,
    begin,
    composer,
    expect_state,
    questions,
    send,
)
from tests.faults.conftest import Place

POST = re.compile("/messages/$")
SOCKET = re.compile("/ws/c/")
WORDS = "Once, and at once"


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    page = open_page(place, "alice")
    begin(page, place, "ok", "Before that.")
    expect_state(answer(page), "complete")
    return page


def shown(page: Page) -> Locator:
    """All that show the words: the server's article, or what stands there for it."""
    return page.locator("#transcript > *", has_text=WORDS)


def on_its_way(page: Page) -> Locator:
    return shown(page).and_(page.locator("[data-state=sending]"))


def test_it_is_there_before_the_server_has_it(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(POST, hold)

    send(page, WORDS)

    expect(on_its_way(page)).to_be_in_viewport()
    expect(composer(page)).to_have_value(WORDS)
    held[0].continue_()
    expect_state(answer(page, 1), "complete")
    expect(shown(page)).to_have_count(1)
    expect(questions(page)).to_have_count(2)
    expect(composer(page)).to_have_value("")


def test_the_servers_own_takes_its_place_before_the_request_is_answered(
    page: Page,
) -> None:
    def answer_late(route: Route) -> None:
        answered = route.fetch()
        expect(questions(page)).to_have_count(2)
        expect(shown(page)).to_have_count(1)
        route.fulfill(response=answered)

    page.route(POST, answer_late)

    send(page, WORDS)

    expect(composer(page)).to_have_value("", timeout=ANSWER_MILLISECONDS)
    expect_state(answer(page, 1), "complete")
    expect(shown(page)).to_have_count(1)


def test_it_is_not_in_the_composer_again_where_one_left_before_the_answer(
    page: Page,
) -> None:
    def lose(route: Route) -> None:
        route.fetch()

    url = page.url
    page.route(POST, lose)
    send(page, WORDS)
    expect(questions(page)).to_have_count(2)
    expect(composer(page)).to_have_value(WORDS)

    page.goto("/teams/")
    page.goto(url)

    expect(questions(page)).to_have_count(2)
    expect(composer(page)).to_have_value("")


def test_it_stays_while_nothing_comes_down_the_socket(page: Page) -> None:
    held: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []

    def keep(frame: str | bytes) -> None:
        held.append(frame)

    def hold(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.connect_to_server().on_message(keep)

    page.route_web_socket(SOCKET, hold)
    page.reload()
    expect(page.locator("[data-notice]:visible")).to_have_count(0)
    # Who is here is said first: a page that is not heard by then loads itself anew.
    for _ in range(500):
        if not held:
            page.wait_for_timeout(20)
    assert held

    send(page, WORDS)

    expect(composer(page)).to_have_value("")
    expect(on_its_way(page)).to_have_count(1)
    while questions(page).count() < 2:
        page.wait_for_timeout(20)
        for frame in held:
            sockets[0].send(frame)
        held.clear()
    expect(shown(page)).to_have_count(1)
    expect(on_its_way(page)).to_have_count(0)


def test_what_was_not_taken_is_only_in_the_composer(page: Page) -> None:
    page.context.set_offline(True)

    send(page, WORDS)

    expect(page.get_by_text("You’re offline.")).to_be_visible()
    expect(shown(page)).to_have_count(0)
    expect(composer(page)).to_have_value(WORDS)
    page.context.set_offline(False)


def test_what_was_sent_before_already_is_not_there_twice(page: Page) -> None:
    """Its answer got lost on its way, and it is sent once more."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(POST, lose, times=1)
    send(page, WORDS)
    expect(questions(page)).to_have_count(2)
    expect(page.locator("#composer.htmx-request")).to_have_count(0)
    expect(composer(page)).to_have_value(WORDS)

    composer(page).press("Enter")

    expect(composer(page)).to_have_value("")
    expect(shown(page)).to_have_count(1)
    expect(questions(page)).to_have_count(2)
