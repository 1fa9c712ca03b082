"""Choosing a branch by its address, and editing over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Message, User, View
from conversations.rendering.articles import render_article
from conversations.services.transcript import read_window
from conversations.wire import State
from tests.factories import (
    make_conversation,
    make_generation,
    make_message,
)

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def conversation(client: Client, alice: User) -> Conversation:
    """Asked in two ways: each question has its answer."""
    client.force_login(alice)
    conversation = make_conversation(alice)
    for text in ("Asked", "Asked otherwise"):
        asked = make_message(conversation, text)
        role = Message.Role.ASSISTANT
        make_generation(make_message(conversation, "Yes.", role=role, parent=asked))
    return conversation


@pytest.fixture
def asked(conversation: Conversation) -> Message:
    return conversation.messages.get(seq=1)


def page(client: Client, conversation: Conversation, **query: str) -> str:
    return client.get(conversation.get_absolute_url(), query).content.decode()


def test_an_address_chooses_a_branch_from_now_on(
    client: Client, conversation: Conversation, asked: Message
) -> None:
    newest = page(client, conversation)
    chosen = page(client, conversation, at=str(asked.pk))
    later = page(client, conversation)

    assert f'id="m-{asked.pk}"' not in newest
    for html in (chosen, later):
        assert f'id="m-{asked.pk}"' in html
        assert "Version 1 of 2" in html
        assert "Asked otherwise" not in html
    assert "data-stay" not in newest
    reply = asked.children.get()
    assert f'data-stay="{reply.pk}"' in chosen
    assert f'name="after" value="{reply.pk}"' in chosen


def test_looking_without_reading_chooses_nothing(
    client: Client, conversation: Conversation, asked: Message
) -> None:
    client.head(conversation.get_absolute_url(), {"at": str(asked.pk)})

    assert not View.objects.exists()


NOBODYS = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("at", ["nonsense", NOBODYS])
def test_a_branch_that_is_not_there_is_not_found(
    client: Client, conversation: Conversation, at: str
) -> None:
    response = client.get(conversation.get_absolute_url(), {"at": at})

    assert response.status_code == 404


def test_a_branch_of_another_conversation_is_not_found(
    client: Client, conversation: Conversation, alice: User
) -> None:
    other = make_message(make_conversation(alice))

    response = client.get(conversation.get_absolute_url(), {"at": str(other.pk)})

    assert response.status_code == 404


def test_what_is_sent_goes_on_from_the_page_it_was_written_on(
    client: Client, conversation: Conversation, asked: Message
) -> None:
    last = asked.children.get()
    form = {"content": "And then?", "client_id": uuid4(), "after": last.pk}

    response = client.post(reverse("send", args=[conversation.pk]), form)

    assert response.status_code == 302
    assert conversation.messages.get(content="And then?").parent_id == last.pk


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_edit_leads_to_its_own_branch(
    client: Client, conversation: Conversation, asked: Message, headers: dict[str, str]
) -> None:
    url = reverse("edit", args=[conversation.pk, asked.pk])
    form = {"content": "Asked a third time", "client_id": uuid4()}

    shown = client.get(url, headers=headers)
    response = client.post(url, form, headers=headers)

    edited = conversation.messages.get(content="Asked a third time")
    wanted = f"{conversation.get_absolute_url()}?at={edited.pk}#latest"
    assert "Asked</textarea>" in shown.content.decode()
    assert ("<html" in shown.content.decode()) is not bool(headers)
    assert response["HX-Redirect" if headers else "Location"] == wanted
    assert edited.parent_id is None


def test_what_somebody_else_or_a_model_wrote_is_not_edited(
    client: Client, conversation: Conversation, asked: Message, bob: User
) -> None:
    foreign = make_message(conversation, "By Bob", author=bob)

    for one in (foreign, asked.children.get()):
        url = reverse("edit", args=[conversation.pk, one.pk])
        assert client.get(url).status_code == 404
        form = {"content": "Put into their mouth", "client_id": uuid4()}
        assert client.post(url, form).status_code == 404


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_refused_edit_keeps_what_was_written(
    client: Client, conversation: Conversation, asked: Message, headers: dict[str, str]
) -> None:
    asked.children.get().generations.update(state=State.RUNNING)
    url = reverse("edit", args=[conversation.pk, asked.pk])
    form = {"content": "Too late", "client_id": str(uuid4()), "waits": "1"}

    response = client.post(url, form, headers=headers)

    html = response.content.decode()
    assert response.status_code == 409
    assert "is being answered already" in html
    assert "Too late" in html
    assert form["client_id"] in html
    assert not conversation.messages.filter(content="Too late").exists()


def test_an_empty_edit_is_refused(
    client: Client, conversation: Conversation, asked: Message
) -> None:
    url = reverse("edit", args=[conversation.pk, asked.pk])

    response = client.post(url, {"content": " \n", "client_id": uuid4()})

    assert response.status_code == 422
    assert "Write something first." in response.content.decode()


def test_only_its_author_is_offered_to_edit_a_message(
    client: Client, conversation: Conversation, asked: Message, bob: User
) -> None:
    url = reverse("edit", args=[conversation.pk, asked.pk])
    assert url in page(client, conversation, at=str(asked.pk))

    Message.objects.filter(pk=asked.pk).update(author=bob)

    assert url not in page(client, conversation, at=str(asked.pk))
    before = str(asked.children.get().pk)
    older = client.get(reverse("older", args=[conversation.pk]), {"before": before})
    assert f'id="m-{asked.pk}"' in older.content.decode()
    assert url not in older.content.decode()


def test_everybody_is_sent_the_same_article_which_says_whose_it_is(
    conversation: Conversation, asked: Message
) -> None:
    article = read_window(conversation=conversation, limit=9).articles[0]

    html = render_article(article)

    assert f'data-only="{article.author_id}"' in html
    assert article.author_id == conversation.owner_id
    assert reverse("edit", args=[conversation.pk, article.id]) in html
