from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Message, Price
from conversations.services.meter.metering import Meter
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_message,
    make_model,
    make_prompt,
)

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

    from conversations.models import User


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(alice, model=make_model(window=10_000))
    make_answered_turn(conversation, "Hello " * 200, "And hello to you. " * 100)
    return conversation


def measure(
    page: Client, conversation: Conversation, content: str, **more: str
) -> Response:
    url = reverse("meter", args=[conversation.pk])
    return page.post(url, {"content": content, **more})


def words(response: Response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def tokens(response: Response) -> int:
    return int(words(response).split("about ")[1].split()[0].replace(",", ""))


def test_it_says_tokens_and_their_share_of_the_budget(
    page: Client, conversation: Conversation
) -> None:
    said = words(measure(page, conversation, "And then?"))

    assert "about 884 tokens · 11 %" in said
    assert "$" not in said


def test_it_says_what_the_input_costs(page: Client, conversation: Conversation) -> None:
    assert conversation.model is not None
    Price.objects.create(
        model=conversation.model,
        effective_from=timezone.now(),
        input=Decimal(3),
        output=Decimal(15),
    )

    said = words(measure(page, conversation, "And then?"))

    assert "input about </span>$0.0027" in said
    assert "cached" not in said


def test_a_price_that_the_cache_makes_less_is_given_both_ways() -> None:
    meter = Meter(7_190, 8_000, cost=Decimal("0.003"), cold_cost=Decimal("0.043"))

    said = render_to_string("conversations/_meter.html", {"meter": meter})

    assert "about 7,190 tokens · 90 %" in said
    assert "about </span>$0.003<" in said
    assert ", $0.043 if nothing is cached<" in said


def test_nothing_is_said_of_nothing(page: Client, conversation: Conversation) -> None:
    response = measure(page, conversation, "  \n ")

    assert (response.status_code, response.content) == (204, b"")


def test_nothing_is_said_where_no_model_can_be_asked(page: Client, alice: User) -> None:
    response = measure(page, make_conversation(alice), "Hello")

    assert response.status_code == 204


def test_a_text_that_is_too_long_to_be_taken_is_named(
    page: Client, conversation: Conversation
) -> None:
    said = words(measure(page, conversation, "x" * (limits.MESSAGE_BYTES + 1)))

    assert "Please shorten it." in said


def test_it_counts_from_the_last_message_of_the_page(
    page: Client, conversation: Conversation
) -> None:
    first = conversation.messages.get(role=Message.Role.ASSISTANT)
    long = make_message(conversation, "word " * 2000, parent=first)
    other = make_message(conversation, "word", parent=first)
    for asked in (long, other):
        make_message(conversation, "Yes.", role=Message.Role.ASSISTANT, parent=asked)

    here = tokens(measure(page, conversation, "So?", after=str(long.pk)))
    there = tokens(measure(page, conversation, "So?", after=str(other.pk)))

    assert here > there + 1000


def test_a_new_conversation_is_measured_with_what_is_chosen_for_it(
    page: Client,
) -> None:
    model = make_model(window=10_000)
    prompt = make_prompt("You are kind. " * 300)
    draft = {"content": "Hello", "model": model.pk}

    bare = page.post(reverse("first_meter"), draft)
    prompted = page.post(reverse("first_meter"), {**draft, "prompt": prompt.pk})

    assert tokens(prompted) > tokens(bare) + 1000
    assert not Conversation.objects.exists()


def test_an_edit_is_measured_from_where_it_stands(
    page: Client, conversation: Conversation
) -> None:
    asked = conversation.messages.get(role=Message.Role.USER)
    url = reverse("edit_meter", args=[conversation.pk, asked.pk])

    said = page.post(url, {"content": "Hello"})

    assert "Sent again from here:" in words(said)
    assert tokens(said) < 20


def test_only_one_s_own_message_can_be_measured_as_an_edit(
    page: Client, conversation: Conversation, bob: User
) -> None:
    conversation.messages.update(author=bob)
    asked = conversation.messages.get(role=Message.Role.USER)

    url = reverse("edit_meter", args=[conversation.pk, asked.pk])

    assert page.post(url, {"content": "Hello"}).status_code == 404


# Sending what is too large.


def test_a_message_larger_than_fits_is_refused_and_kept(
    page: Client, conversation: Conversation
) -> None:
    text = "word " * 9_000
    url = reverse("send", args=[conversation.pk])

    response = page.post(
        url, {"content": text, "client_id": uuid4()}, headers={"HX-Request": "true"}
    )

    assert response.status_code == 409
    said = response.content.decode()
    assert "tokens, and 8,000 fit with this model. Please shorten it" in said
    assert text.strip() in said
    assert conversation.messages.count() == 2


def test_a_first_message_larger_than_fits_begins_no_conversation(page: Client) -> None:
    model = make_model(window=4_000)
    form = {"content": "word " * 5_000, "client_id": uuid4(), "model": model.pk}

    response = page.post(reverse("home"), form)

    assert response.status_code == 409
    assert "and 3,200 fit with this model" in response.content.decode()
    assert not Conversation.objects.exists()


def test_a_long_message_that_fits_is_sent(
    page: Client, conversation: Conversation
) -> None:
    url = reverse("send", args=[conversation.pk])

    response = page.post(url, {"content": "word " * 5_000, "client_id": uuid4()})

    assert response.status_code == 302
