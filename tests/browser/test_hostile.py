"""What people and models write stays words."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.hostile import HOSTILE
from tests.browser.talk import answer, begin, expect_state, send
from tests.browser.watch import Watch
from tests.faults.conftest import Place


@pytest.fixture
def page(open_page: OpenPage, place: Place) -> Page:
    return open_page(place, "alice")


def test_hostile_text_is_inert_from_a_person_and_from_a_model(
    page: Page, place: Place, watch: Watch
) -> None:
    begin(page, place, "echo", "A calm title")
    expect_state(answer(page), "complete")
    for number, text in enumerate(HOSTILE, start=1):
        send(page, text)
        expect_state(answer(page, number), "complete")
    assert watch.seen == []
    expect(page).to_have_title("A calm title · Roundtable")
    inside = page.locator("[data-part=content]")
    for forbidden in ("script", "iframe", "form", "style", "svg", "img", "[style]"):
        expect(inside.locator(forbidden)).to_have_count(0)
    hrefs = inside.locator("a").evaluate_all("all => all.map(a => a.protocol)")
    assert set(hrefs) <= {"http:", "https:", "mailto:"}
    page.reload()
    expect(page.locator("article")).not_to_have_count(0)
    expect(page).to_have_title("A calm title · Roundtable")


def test_links_lead_away_without_saying_from_where(page: Page, place: Place) -> None:
    begin(page, place, "echo", "[away](https://example.com/)")
    expect_state(answer(page), "complete")
    link = answer(page).get_by_role("link", name=re.compile("away"))
    expect(link).to_have_attribute("rel", re.compile("noreferrer"))
