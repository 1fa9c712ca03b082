"""A conversation that outgrows its context, and what is remembered of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.talk import (
    answer,
    begin,
    expect_settled,
    expect_state,
    questions,
    send,
)
from tests.faults.conftest import Place, place_with
from tests.gateway.caching import Policy
from tests.gateway.economy import Economy
from tests.gateway.server import TestGateway

# Ten paragraphs, of which few turns fit the budget below; and one that writes notes.
TALKER, WRITER = "paragraphs:90", "notes"
BUDGET_TOKENS = 800
DECIDE = f"""
from decimal import Decimal
from conversations.models import ContextPolicy, LanguageModel
from conversations.services.prices import set_listed_prices
from conversations.wire import Prices, Rates
talker = LanguageModel.objects.get(name="{TALKER}")
talker.context_cap, talker.context_keep = {BUDGET_TOKENS}, 30
talker.save()
set_listed_prices(prices={{talker.pk: Prices(Rates(Decimal(30), Decimal(3)))}})
writer = LanguageModel.objects.get(name="{WRITER}")
ContextPolicy.objects.create(summary_model=writer)
"""
CACHE = Policy("automatic", floor=64, block=16)
SUMMARY_SECONDS = 20.0
FIRST = "We plan a meeting in Hamburg for forty people. Where do we begin?"
THEN = ("And the hotel?", "Who speaks?", "What of the boat trip?", "Mia eats no meat.")


@contextmanager
def small_place(directory: Path) -> Iterator[Place]:
    """A server whose model has a small budget, and another one for summaries."""
    with (
        TestGateway(economy=Economy(CACHE)) as gateway,
        place_with(directory, gateway, (TALKER, WRITER)) as place,
    ):
        place.run("manage.py", "shell", "--no-imports", "-c", DECIDE, check=True)
        yield place


def card(page: Page) -> Locator:
    return page.get_by_role("region", name="Earlier in this conversation")


def panel(page: Page) -> Locator:
    return page.get_by_role("dialog", name="What is remembered")


def open_panel(page: Page) -> Locator:
    page.get_by_role("link", name="What is remembered").click()
    expect(panel(page).get_by_role("heading", level=2)).to_be_focused()
    return panel(page)


def fill_up(page: Page, place: Place) -> None:
    """Talk until the context has rolled, and the turns that left are summed up."""
    fill_nearly_up(page, place)
    send(page, THEN[-1])
    expect_rolled(page)


def fill_nearly_up(page: Page, place: Place) -> None:
    """Talk until what will leave is summed up, and one turn is missing to the roll.

    Other conversations with the same words have left nothing in the gateway's cache.
    """
    place.gateway.clear()
    begin(page, place, TALKER, FIRST)
    for number, text in enumerate(THEN):
        expect_state(answer(page, number), "complete")
        if text != THEN[-1]:
            send(page, text)
    expect_summary(page, place)


def expect_rolled(page: Page) -> None:
    expect_state(answer(page, len(THEN)), "complete")
    expect(card(page)).to_be_visible()


def expect_summary(page: Page, place: Place) -> None:
    """It is written after an answer, while the page shows nothing of it yet."""
    conversation = page.url.rstrip("/").rpartition("/")[2].replace("-", "")
    found = "SELECT id FROM conversations_summary WHERE conversation_id = ?"
    until = time.monotonic() + SUMMARY_SECONDS
    while not place.rows(found, conversation):
        assert time.monotonic() < until, place.server.log[-1000:]
        page.request.get(page.url)


def ask(page: Page, place: Place, text: str) -> str:
    """Send a message; return all that its request told the model."""
    count = questions(page).count()
    send(page, text)
    expect_state(answer(page, count), "complete")
    asked = [one.json for one in place.gateway.requests if one.model == TALKER]
    messages = asked[-1]["messages"]
    assert isinstance(messages, list)
    return "\n\n".join(one["content"] for one in messages)


def add_fact(side: Locator, text: str) -> Locator:
    field = side.get_by_label("A fact worth remembering")
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_value("")
    expect_settled(side.page)
    return field
