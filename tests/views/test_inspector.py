"""The inspector's pages: for whom, in which form, and what is never in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversations.models import Endpoint, Generation, Message, PromptRevision
from conversations.services.generation import claim
from conversations.services.keys import set_key
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_message,
    make_model,
    make_prompt,
)

if TYPE_CHECKING:
    from django.test import Client
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    from conversations.models import Conversation, User

KEY = "sk-canary-77c1e0a5b3d94f62"
HOSTILE = "</pre><script>alert(1)</script> & 'quoted' $(id)"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def conversation(alice: User) -> Conversation:
    model = make_model("ok")
    set_key(gateway=model.gateway, key=KEY)
    prompt = make_prompt("You are kind.", name="Helpful")
    return make_conversation(owner=alice, model=model, prompt=prompt)


@pytest.fixture
def reply(conversation: Conversation) -> Message:
    """An answer that is being written: its request was planned and is recorded."""
    before = make_answered_turn(conversation, "First?", "Yes.")
    asked = make_message(conversation, HOSTILE, parent=before)
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=asked)
    generation = make_generation(reply, State.QUEUED)
    assert claim(generation.pk) is not None
    return reply


@pytest.fixture
def page(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def url_of(name: str, reply: Message) -> str:
    return reverse(name, args=[reply.conversation_id, reply.pk])


def words(response: Answer) -> str:
    return response.content.decode()


def test_it_is_a_page_of_its_own(page: Client, reply: Message) -> None:
    response = page.get(url_of("context", reply))

    assert response.status_code == 200
    assert "<!doctype html>" in words(response)
    assert "Helpful v1" in words(response)
    assert "You are kind." in words(response)
    assert "1 earlier turn and the new message" in words(response)


def test_beside_the_transcript_it_is_only_a_part(page: Client, reply: Message) -> None:
    response = page.get(url_of("context", reply), headers=HTMX)

    assert "<!doctype" not in words(response)
    assert "data-panel" in words(response)


@pytest.mark.parametrize("name", ["context", "exact_request"])
def test_what_people_wrote_is_no_html_in_it(
    page: Client, reply: Message, name: str
) -> None:
    response = page.get(url_of(name, reply))

    assert "alert(1)" in words(response)
    assert "<script>alert" not in words(response)


@pytest.mark.parametrize("name", ["context", "exact_request"])
@pytest.mark.parametrize(
    "query", ["?attempt=2", "?attempt=0", "?attempt=x", "?attempt=-1"]
)
def test_an_attempt_that_never_was_is_not_found(
    page: Client, reply: Message, name: str, query: str
) -> None:
    assert page.get(url_of(name, reply) + query).status_code == 404
    assert page.get(url_of(name, reply) + "?attempt=1").status_code == 200


@pytest.mark.parametrize("name", ["context", "exact_request"])
def test_a_question_and_a_foreign_answer_have_none(
    page: Client, reply: Message, alice: User, name: str
) -> None:
    assert reply.parent is not None
    other = make_conversation(owner=alice)

    asked = page.get(reverse(name, args=[reply.conversation_id, reply.parent_id]))
    elsewhere = page.get(reverse(name, args=[other.pk, reply.pk]))

    assert asked.status_code == elsewhere.status_code == 404


def test_the_request_is_json_and_never_stored(page: Client, reply: Message) -> None:
    response = page.get(url_of("exact_request", reply) + "?as=json")

    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response["Content-Disposition"] == 'inline; filename="request.json"'
    assert "no-store" in response["Cache-Control"]
    assert json.loads(response.content)["messages"][-1]["content"] == HOSTILE


def test_the_command_is_plain_text(page: Client, reply: Message) -> None:
    response = page.get(url_of("exact_request", reply) + "?as=curl")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in response["Cache-Control"]
    assert "$API_KEY" in words(response)


def test_no_other_form_is_known(page: Client, reply: Message) -> None:
    assert page.get(url_of("exact_request", reply) + "?as=xml").status_code == 404


@pytest.mark.parametrize("query", ["", "?as=json", "?as=curl"])
def test_neither_key_nor_address_is_told(
    page: Client, reply: Message, query: str
) -> None:
    host = "gateway.invalid"
    for name in ("context", "exact_request"):
        response = page.get(url_of(name, reply) + query)

        assert KEY not in words(response)
        assert host not in words(response)


def test_staff_are_told_the_address(client: Client, staff: User) -> None:
    model = make_model("ok")
    conversation = make_conversation(owner=staff, model=model)
    asked = make_message(conversation, "Hello")
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=asked)
    assert claim(make_generation(reply, State.QUEUED).pk) is not None
    client.force_login(staff)

    response = client.get(url_of("exact_request", reply) + "?as=curl")

    assert Endpoint.objects.get(gateway=model.gateway).base_url in words(response)


@pytest.mark.parametrize("query", ["?as=json", "?as=curl"])
def test_what_cannot_be_made_again_is_refused_in_words(
    page: Client, reply: Message, query: str
) -> None:
    PromptRevision.objects.update(text="Changed behind our back.")

    response = page.get(url_of("exact_request", reply) + query)
    shown = page.get(url_of("exact_request", reply))

    assert response.status_code == 409
    assert response["Content-Type"].startswith("text/plain")
    assert "cannot be made again" in words(response)
    assert "It cannot be rebuilt exactly." in words(shown)


def test_unknown_is_not_shown_as_zero(page: Client, reply: Message) -> None:
    Generation.objects.filter(message=reply).update(
        state=State.COMPLETE, predicted_cached=None
    )

    body = words(page.get(url_of("context", reply), headers=HTMX))

    assert "0 tokens" not in body
    assert "$0" not in body


def test_a_long_conversation_takes_few_queries(
    page: Client, conversation: Conversation
) -> None:
    for number in range(30):
        make_answered_turn(conversation, f"Question {number}", "An answer.")
    last = conversation.messages.latest("seq")
    asked = make_message(conversation, "And now?", parent=last)
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=asked)
    assert claim(make_generation(reply, State.QUEUED).pk) is not None

    with CaptureQueriesContext(connection) as queries:
        response = page.get(url_of("context", reply))

    assert len(queries) <= 25
    assert "30 earlier turns and the new message" in words(response)
    assert "24 turns between" in words(response)
