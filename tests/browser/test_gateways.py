"""An admin adds a gateway, with a server that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.talk import ANSWER_MILLISECONDS
from tests.faults.conftest import Place, place_with
from tests.gateway.server import TestGateway

CANARY = "sk-canary-0123456789abcdefWXYZ"


@pytest.fixture
def own_place(tmp_path: Path) -> Iterator[Place]:
    """A server whose gateways are this test's alone."""
    with TestGateway() as gateway, place_with(tmp_path, gateway, ()) as place:
        yield place


def add(page: Page, place: Place) -> None:
    page.goto("/admin/conversations/gateway/add/")
    page.get_by_label("Gateway:").select_option("compatible")
    page.get_by_label("Name:").fill("Cellar")
    page.get_by_label("Base URL:").fill(place.gateway.base_url)
    page.get_by_label("Key:").fill(CANARY)
    page.get_by_role("button", name="Save", exact=True).click()


def test_a_gateway_is_added_tested_and_its_models_are_there_to_choose(
    own_place: Place, open_page: OpenPage
) -> None:
    page = open_page(own_place, "staff")

    add(page, own_place)
    found = page.get_by_text("models found.")
    expect(found).to_be_visible(timeout=ANSWER_MILLISECONDS)
    page.get_by_label("Ask").select_option(label="ok")
    page.get_by_role("button", name="Test connection").click()
    works = page.get_by_text("Chat completions: works")
    expect(works).to_be_visible(timeout=ANSWER_MILLISECONDS)
    expect(page.get_by_text("It streams.")).to_be_visible()

    assert CANARY not in page.content()
    assert CANARY not in own_place.server.log
    sent = {each.headers["authorization"] for each in own_place.gateway.requests}
    assert sent == {f"Bearer {CANARY}"}


def test_fields_of_admin_pages_are_of_one_height(
    place: Place, open_page: OpenPage
) -> None:
    """Beside a label of two lines, and beside a list to choose from."""
    page = open_page(place, "staff")
    model = place.models["ok"]
    for path in (f"languagemodel/{model}/change/", "contextpolicy/"):
        page.goto(f"/admin/conversations/{path}")
        fields = page.locator(".flex-container > :is(input, select):visible")
        kinds = ":not([type=checkbox])"
        heights = fields.and_(page.locator(kinds)).evaluate_all(
            "nodes => nodes.map(node => node.offsetHeight)"
        )
        assert len(heights) >= 2
        assert len(set(heights)) == 1
