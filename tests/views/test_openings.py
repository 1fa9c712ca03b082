"""Reading as an admin, page by page, and what the owner sees of it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from conversations.models import Conversation, Message, Opening
from tests.factories import make_answered_turn, make_conversation

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import Settings

    from conversations.models import User

TITLE = "What alice keeps to herself"
WORDS = "canary-4d1f"
READING = ["conversation", "older", "newer", "around", "memory", "context"]


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(owner=alice, title=TITLE)
    make_answered_turn(conversation, WORDS)
    return conversation


@pytest.fixture
def admin(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def url_of(name: str, conversation: Conversation) -> str:
    reply = conversation.messages.get(role=Message.Role.ASSISTANT)
    of_a_message = name in ("context", "stop", "retry", "pin")
    return reverse(name, args=[conversation.pk, *([reply.pk] if of_a_message else [])])


@pytest.mark.parametrize("name", READING)
def test_admins_are_strangers_unless_the_operator_says_so(
    admin: Client, conversation: Conversation, name: str
) -> None:
    assert admin.get(url_of(name, conversation)).status_code == 404
    assert not Opening.objects.exists()


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("name", READING)
def test_each_page_an_admin_may_read_is_noted(
    admin: Client,
    conversation: Conversation,
    settings: Settings,
    name: str,
    method: str,
) -> None:
    settings.ADMINS_MAY_READ = True

    response = getattr(admin, method)(url_of(name, conversation))

    assert response.status_code == 200
    assert Opening.objects.get().conversation == conversation


@pytest.mark.parametrize("name", ["send", "rename", "delete", "stop", "retry", "pin"])
def test_an_admin_who_may_read_changes_nothing(
    admin: Client, conversation: Conversation, settings: Settings, name: str
) -> None:
    settings.ADMINS_MAY_READ = True

    fields = {"content": "Hello", "client_id": uuid.uuid4(), "title": "Mine"}
    response = admin.post(url_of(name, conversation), fields)

    assert response.status_code == 403
    conversation.refresh_from_db()
    assert (conversation.title, conversation.deleted_at) == (TITLE, None)
    assert conversation.messages.count() == 2


def test_no_list_of_an_admin_has_it(
    admin: Client, conversation: Conversation, settings: Settings
) -> None:
    settings.ADMINS_MAY_READ = True

    for path in (reverse("home"), reverse("sidebar")):
        assert TITLE not in admin.get(path).content.decode()


@pytest.mark.parametrize("may", [False, True])
def test_it_is_said_before_the_first_word_is_written(
    client: Client, alice: User, settings: Settings, may: bool
) -> None:
    settings.ADMINS_MAY_READ = may
    client.force_login(alice)

    page = client.get(reverse("home")).content.decode()

    assert ("Admins of this server may read" in page) is may


def test_the_owner_sees_who_has_read_it_and_when(
    client: Client, alice: User, staff: User, conversation: Conversation
) -> None:
    client.force_login(alice)
    said = "An admin, Ada &lt;b&gt;, has read this:"
    assert said not in client.get(conversation.get_absolute_url()).content.decode()
    opening = Opening.objects.create(
        conversation=conversation,
        user=staff,
        name="Ada <b>",
        last_at=conversation.created_at,
    )

    page = client.get(conversation.get_absolute_url()).content.decode()

    assert said in page
    assert f"{opening.created_at:%H:%M}</time>." in page


def test_a_missing_conversation_is_a_404_for_admins_too(
    admin: Client, settings: Settings
) -> None:
    settings.ADMINS_MAY_READ = True

    path = reverse("conversation", args=[uuid.uuid4()])

    assert admin.get(path).status_code == 404
    assert not Opening.objects.exists()
