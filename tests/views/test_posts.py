"""Posting by the buttons of a page, and without a script."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from conversations.models import Access, Conversation, Generation, Message, User
from tests.factories import make_conversation, make_message, make_team

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

pytestmark = pytest.mark.django_db

EVERYONE, PEOPLE = Message.MeantFor.EVERYONE, Message.MeantFor.PEOPLE


@pytest.fixture
def conversation(alice: User, bob: User, client: Client) -> Conversation:
    conversation = make_conversation(alice)
    conversation.team = make_team("Support", alice, bob)
    conversation.save()
    client.force_login(bob)
    return conversation


def send(client: Client, conversation: Conversation, **fields: str) -> HttpResponse:
    url = f"/c/{conversation.pk}/messages/"
    written = {"content": "Hello", "client_id": str(uuid4()), **fields}
    return client.post(url, written, headers={"HX-Request": "true"})  # type: ignore[return-value]  # a response all the same


@pytest.mark.parametrize(
    ("fields", "meant_for"),
    [
        ({"post": "1"}, EVERYONE),
        ({"people_only": "1"}, PEOPLE),
        ({"post": "1", "people_only": "1"}, PEOPLE),
    ],
)
def test_a_post_asks_nothing(
    client: Client,
    conversation: Conversation,
    fields: dict[str, str],
    meant_for: Message.MeantFor,
) -> None:
    response = send(client, conversation, **fields)

    assert response.status_code == 200
    assert conversation.messages.get().meant_for == meant_for
    assert not Generation.objects.exists()


def test_who_writes_to_people_goes_on_doing_so(
    client: Client, conversation: Conversation
) -> None:
    """The next message must not be shown to the model because nobody looked."""
    assert b" checked" in send(client, conversation, people_only="1").content
    assert b" checked" not in send(client, conversation, post="1").content


def test_what_cannot_be_posted_stays_as_it_was_typed(
    client: Client, conversation: Conversation
) -> None:
    response = send(client, conversation, people_only="1", client_id="none")

    assert response.status_code == 422
    assert b"Hello" in response.content
    assert b" checked" in response.content


def test_who_may_only_read_posts_nothing(
    client: Client, conversation: Conversation
) -> None:
    conversation.team_access = Access.READ
    conversation.save()

    assert send(client, conversation, post="1").status_code == 403
    assert not conversation.messages.exists()


def test_a_post_has_no_answer_to_act_on(
    client: Client, conversation: Conversation, bob: User
) -> None:
    """Neither has one that a question follows."""
    posted = make_message(conversation, "Posted", author=bob)
    make_message(conversation, "Asked", parent=posted, author=bob)

    for act in ("stop", "retry", "continue", "start"):
        url = f"/c/{conversation.pk}/m/{posted.pk}/{act}/"
        assert client.post(url).status_code == 404
