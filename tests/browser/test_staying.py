"""Nothing is lost: reloads, other tabs, a lost network, a killed server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import ENVIRON, OpenPage
from tests.browser.heard import DRAFT
from tests.browser.talk import (
    act,
    answer,
    begin,
    composer,
    expect_state,
    expect_words,
    hold,
    numbered,
    questions,
    send,
    sign_in,
    words,
)
from tests.factories import PASSWORD
from tests.faults.conftest import Place, place_with
from tests.gateway.server import TestGateway

GROWING = "paragraphs:90@30"
SHORTER = "paragraphs:60@30"
NOTE_NEWS = (
    "document.addEventListener('htmx:wsBeforeMessage', () => (window.hasNews = true))"
)
# It is let in, or told that there are too many.
IS_ANSWERED = """() => window.hasNews
    || !document.querySelector("[data-notice=many-tabs]").hidden"""
MOST_RELOADS = 20


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice")


def test_a_reload_in_mid_answer_goes_on_where_the_answer_is(
    page: Page, place: Place
) -> None:
    with place.gateway.holding(GROWING, after=60):
        begin(page, place, GROWING)
        expect_words(answer(page), "t20")
        page.reload()
        shown = words(answer(page)).split()
        assert len(shown) >= 20
        assert shown == numbered(0, len(shown))
    expect_state(answer(page), "complete")
    assert words(answer(page)).split() == numbered(0, 90)


def test_a_second_tab_sees_the_same_words_arrive(
    page: Page, open_page: OpenPage, place: Place
) -> None:
    # The second answer has no end of its own.
    place.gateway.script(GROWING, GROWING, "endless:@30")
    with place.gateway.holding(GROWING, after=60):
        begin(page, place, GROWING)
        other = open_page(place, "alice")
        other.goto(page.url)
        expect_words(answer(other), "t40")
        expect_words(answer(page), "t40")
        for tab in (page, other):
            assert answer(tab).get_attribute("data-state") == "running"
        send(other, "from the other tab")
        expect(questions(page)).to_have_count(2)
    for tab in (page, other):
        expect_state(answer(tab, 0), "complete")
        assert words(answer(tab, 0)).split() == numbered(0, 90)
        expect_state(answer(tab, 1), "running")
    act(answer(page, 1), "Stop")
    expect_state(answer(other, 1), "stopped")
    # A reader's own page says that nothing runs any more.
    expect(other.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_a_closed_tab_does_not_stop_the_answer(page: Page, place: Place) -> None:
    begin(page, place, GROWING)
    expect_words(answer(page), "t10")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    expect_state(answer(page), "complete")
    assert words(answer(page)).split() == numbered(0, 90)


def test_a_lost_network_loses_no_word_and_no_draft(page: Page, place: Place) -> None:
    begin(page, place, GROWING)
    expect_words(answer(page), "t10")
    page.context.set_offline(True)
    expect(page.get_by_text("You’re offline.")).to_be_visible()
    composer(page).fill("written on a train")
    with page.expect_event("requestfailed", is_send):
        composer(page).press("Enter")
    expect(composer(page)).to_have_value("written on a train")
    page.context.set_offline(False)
    expect_state(answer(page), "complete")
    assert words(answer(page)).split() == numbered(0, 90)
    expect(page.get_by_text("You’re offline.")).to_be_hidden()
    expect(composer(page)).to_have_value("written on a train")
    composer(page).press("Enter")
    expect(questions(page)).to_have_count(2)


def is_send(request: Request) -> bool:
    return request.url.endswith("/messages/")


def is_send_refused(request: Request) -> bool:
    """Whether this is what sending has led to."""
    first = request.redirected_from
    return first is not None and is_send(first)


def test_signing_out_elsewhere_offers_the_login_and_keeps_the_draft(
    open_page: OpenPage, place: Place
) -> None:
    # With a session of their own: logging out ends it.
    page = open_page(place)
    page.goto("/login/")
    sign_in(page, "bob", PASSWORD)
    begin(page, place, "ok")
    expect_state(answer(page), "complete")
    composer(page).fill("half a thought")
    other = page.context.new_page()
    other.goto("/")
    other.locator(".me summary").click()
    other.get_by_role("button", name="Log out").click()
    expect(other).to_have_url(re.compile("/login/"))
    with page.expect_event("requestfinished", is_send_refused):
        composer(page).press("Enter")
    expect(page.get_by_text("You’re signed out.")).to_be_visible()
    expect(composer(page)).to_have_value("half a thought")

    sign_in(other, "bob", PASSWORD)
    expect(other.get_by_label("Message", exact=True)).to_be_visible()
    page.bring_to_front()
    page.evaluate("() => dispatchEvent(new Event('focus'))")
    expect(page.get_by_text("You’re signed out.")).to_be_hidden()
    composer(page).press("Enter")
    expect(questions(page)).to_have_count(2)
    expect_state(answer(page, 1), "complete")


def test_one_tab_too_many_says_so_and_still_sends(
    open_page: OpenPage, tmp_path: Path
) -> None:
    with (
        TestGateway() as gateway,
        place_with(
            tmp_path, gateway, ("ok",), {**ENVIRON, "SOCKETS_PER_USER": "1"}
        ) as place,
    ):
        page = open_page(place, "alice")
        page.context.add_init_script(NOTE_NEWS)
        begin(page, place, "ok")
        come_in(page)
        expect_state(answer(page), "complete")
        other = page.context.new_page()
        other.clock.install()
        tries: list[str] = []
        other.on("websocket", lambda one: tries.append(one.url))
        other.goto(page.url)
        expect(other.get_by_text("You have this open in many tabs.")).to_be_visible()
        other.clock.fast_forward(60_000)
        expect(other.get_by_text("You have this open in many tabs.")).to_be_visible()
        expect(other.get_by_text("This page reconnects by itself").first).to_be_hidden()
        assert len(tries) == 1

        send(other, "from one too many")
        expect(questions(other)).to_have_count(2)
        page.close()
        come_in(other)
        expect_state(answer(other, 1), "complete")
        expect(other.get_by_text("You have this open in many tabs.")).to_be_hidden()


def come_in(page: Page) -> None:
    """Reload: of a tab that has just gone the server may not know yet."""
    has_news = False
    for _ in range(MOST_RELOADS):
        page.reload()
        page.wait_for_function(IS_ANSWERED)
        has_news = has_news or page.evaluate("() => Boolean(window.hasNews)")
        if has_news:
            break
    assert has_news


def test_a_killed_server_keeps_what_was_read_and_the_draft(
    open_page: OpenPage, tmp_path: Path
) -> None:
    with (
        TestGateway() as gateway,
        place_with(tmp_path, gateway, (SHORTER,), ENVIRON) as place,
    ):
        page = open_page(place, "alice")
        with gateway.holding(SHORTER, after=40):
            begin(page, place, SHORTER)
            expect_words(answer(page), "t20")
            composer(page).fill("typed meanwhile")
            place.server.kill()
        expect(page.get_by_text("This page reconnects by itself").first).to_be_visible()
        seen = words(answer(page)).split()

        place.server.start()
        expect_state(answer(page), "interrupted")
        expect(answer(page)).to_contain_text("The server restarted here.")
        kept = words(answer(page)).split()
        assert kept[: len(seen)] == seen
        expect(composer(page)).to_have_value("typed meanwhile")

        act(answer(page), "Continue")
        expect_state(answer(page), "complete")
        assert words(answer(page)).split() == kept + numbered(0, 60)


def test_what_is_typed_while_a_draft_cannot_be_kept_is_kept_without_another_key(
    page: Page,
) -> None:
    page.clock.install()
    held = hold(page, DRAFT.pattern, "POST")
    page.goto("/")
    with page.expect_request(DRAFT):
        composer(page).fill("Mind the")
        page.clock.run_for(1_000)
    composer(page).fill("Mind the gap")
    page.clock.run_for(1_000)
    assert len(held) == 1

    with page.expect_request(DRAFT) as again:
        held[0].abort()

    assert "Mind+the+gap" in (again.value.post_data or "")


def test_a_draft_that_is_kept_while_its_page_is_loaded_again_is_on_that_page(
    page: Page,
) -> None:
    page.goto("/")
    from_before = page.request.get("/")
    reloads = hold(page, r":\d+/$")
    with page.expect_response(DRAFT):
        composer(page).fill("Mind the gap")
        page.evaluate("() => setTimeout(() => location.reload())")
    [reload] = reloads

    with page.expect_navigation():
        reload.fulfill(response=from_before)

    assert "Mind the gap" not in from_before.text()
    expect(composer(page)).to_have_value("Mind the gap")
