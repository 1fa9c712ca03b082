"""What a message will take is said while it is written, and nothing moves for it."""

from __future__ import annotations

from playwright.sync_api import Page, Response, Route, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import answer, begin, choose, composer, expect_state, send
from tests.faults.conftest import Place

PHONE = ViewportSize(width=390, height=844)
PAUSE_MILLISECONDS = 400
METER = "**/meter/"
# More tokens than a model of the test gateway reads.
TOO_LARGE = "word " * 15_000


def open_new(page: Page, place: Place, model: str = "ok") -> None:
    page.goto(f"/?model={place.models[model]}")


def test_it_is_said_while_one_types_and_goes_with_the_text(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    open_new(page, place)
    meter = page.locator(".meter")
    expect(meter).to_be_empty()
    place_before = page.locator(".box").bounding_box()

    composer(page).fill("How are the boats?")

    expect(meter).to_contain_text("tokens · < 1 % of the budget")
    assert page.locator(".box").bounding_box() == place_before

    composer(page).fill("")
    expect(meter).to_be_empty()


def test_it_is_gone_when_the_message_is_sent_and_counts_it_for_the_next(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "A harbour in winter. " * 200)
    expect_state(answer(page), "complete")
    expect(page.locator(".meter")).to_be_empty()

    composer(page).fill("And then?")

    expect(page.locator(".meter")).to_contain_text("of the budget")
    expect(page.locator(".meter")).not_to_contain_text("< 1 %")
    send(page, "And then?")
    expect_state(answer(page, 1), "complete")
    expect(page.locator(".meter")).to_be_empty()


def test_one_question_is_asked_at_a_time_and_none_twice(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    page.clock.install()
    asked: list[str] = []
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        asked.append(route.request.post_data or "")
        if len(asked) == 1:
            held.append(route)
        else:
            route.continue_()

    # What is written is kept as a draft meanwhile.
    def is_of_both(one: Response) -> bool:
        both = "One+and+two" in (one.request.post_data or "")
        return both and one.url.endswith("/meter/")

    page.route(METER, hold_first)
    open_new(page, place)
    with page.expect_request(METER):
        composer(page).fill("One")
        page.clock.run_for(PAUSE_MILLISECONDS)

    composer(page).fill("One and two")
    page.clock.run_for(5 * PAUSE_MILLISECONDS)
    assert len(asked) == 1
    with page.expect_response(is_of_both):
        held[0].continue_()
    expect(page.locator(".measure")).to_be_visible()

    composer(page).fill("One and two")
    page.clock.run_for(5 * PAUSE_MILLISECONDS)
    assert len(asked) == 2


def test_another_model_is_measured_anew(open_page: OpenPage, place: Place) -> None:
    place.write(
        "INSERT INTO conversations_price "
        "(model_id, effective_from, source, input, output, tiers) "
        "VALUES (?, '2020-01-01', 'admin', 3, 15, '[]')",
        place.models["citations"],
    )
    page = open_page(place, "alice")
    open_new(page, place)
    composer(page).fill("How are the boats? " * 100)
    expect(page.locator(".meter")).to_contain_text("of the budget")
    expect(page.locator(".meter")).not_to_contain_text("$")

    choose(page, "citations")

    expect(page.locator(".meter")).to_contain_text("input about $0.00")


def test_what_is_larger_than_fits_is_said_before_and_refused(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    open_new(page, place)
    composer(page).fill(TOO_LARGE)
    notes = page.locator(".meter-notes")
    expect(notes).to_contain_text("fit with this model. Please shorten it")

    page.locator(".send").click()

    expect(page.locator("#problem")).to_contain_text("Please shorten it")
    expect(composer(page)).to_have_value(TOO_LARGE)
    composer(page).fill("How are the boats?")
    expect(notes).to_be_empty()


def test_where_it_cannot_be_known_nothing_is_said(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    open_new(page, place)
    composer(page).fill("How are the boats?")
    expect(page.locator(".measure")).to_be_visible()
    page.route(METER, lambda route: route.fulfill(status=204))

    composer(page).fill("How are the boats now?")

    expect(page.locator(".meter")).to_be_empty()
    expect(page.locator("[data-notice]:visible")).to_have_count(0)


def test_on_a_phone_it_is_short(open_page: OpenPage, place: Place) -> None:
    page = open_page(place, "alice", viewport=PHONE, has_touch=True)
    open_new(page, place)

    composer(page).fill("How are the boats?")

    measure = page.locator(".measure")
    expect(measure).to_be_visible()
    assert "of the budget" not in measure.inner_text()
    assert "< 1 %" in measure.inner_text()


def test_an_edit_says_what_sending_again_takes(
    open_page: OpenPage, place: Place
) -> None:
    page = open_page(place, "alice")
    begin(page, place, "ok", "How are the boats?")
    expect_state(answer(page), "complete")
    page.get_by_role("link", name="Edit").first.click()
    edit = page.locator("form.edit")
    expect(edit.locator(".meter")).to_contain_text("Sent again from here:")
    before = edit.locator(".meter").inner_text()

    edit.get_by_label("Your message, edited").fill("How are the boats? " * 50)

    expect(edit.locator(".meter")).not_to_have_text(before)
    expect(edit.locator(".meter")).to_contain_text("Sent again from here:")
