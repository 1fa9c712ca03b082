"""Whom a message names, and who is suggested while one writes a name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from conversations.models import (
    Access,
    Conversation,
    Membership,
    Mention,
    Message,
    Share,
    User,
)
from conversations.services.mentions import suggest_people
from tests.factories import make_conversation, make_team, make_user
from tests.sending import send_message

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice: User, bob: User) -> Conversation:
    """What alice has shared with her team; charlie is not in it."""
    conversation = make_conversation(alice)
    conversation.team = make_team("Support", alice, bob)
    conversation.save()
    return conversation


@pytest.fixture
def guest(conversation: Conversation) -> User:
    """Is on the team, and was given this one conversation."""
    guest = make_user("gustav")
    join(conversation, guest, Membership.Role.GUEST)
    Share.objects.create(conversation=conversation, user=guest, access=Access.WRITE)
    return guest


def join(
    conversation: Conversation,
    user: User,
    role: Membership.Role = Membership.Role.MEMBER,
) -> None:
    assert conversation.team is not None
    Membership.objects.create(team=conversation.team, user=user, role=role)


def post(conversation: Conversation, content: str) -> Message:
    return send_message(
        conversation=conversation,
        author=conversation.owner,
        content=content,
        client_id=uuid4(),
        meant_for=Message.MeantFor.EVERYONE,
    )


def suggested(conversation: Conversation, user: User, query: str = "") -> list[str]:
    found = suggest_people(conversation=conversation, user=user, query=query)
    return [username for username, _ in found]


@pytest.mark.parametrize(
    "content",
    [
        "@bob",
        "Look, @bob.",
        "(@Bob)",
        "@bob, @bob: twice @bob!",
        "Ask\n@bob...",
        "@bob@",
        "**@bob**",
    ],
)
def test_who_is_named_is_noted_once(
    conversation: Conversation, bob: User, content: str
) -> None:
    message = post(conversation, content)

    assert list(message.mentions.values_list("user", flat=True)) == [bob.pk]


@pytest.mark.parametrize(
    "content",
    [
        "bob",
        "@bobby",
        "mail@bob",
        "@ bob",
        "@alice, that is me",
        "@charlie",
        "@nobody",
    ],
)
def test_nobody_else_is(
    conversation: Conversation, charlie: User, content: str
) -> None:
    post(conversation, content)

    assert not Mention.objects.exists()


def test_a_name_may_end_as_a_sentence_does(conversation: Conversation) -> None:
    dotted = make_user("j.r.")
    join(conversation, dotted)

    message = post(conversation, "Ask @j.r..")

    assert [one.user for one in message.mentions.all()] == [dotted]


def test_what_is_sent_again_names_nobody_twice(
    conversation: Conversation, alice: User
) -> None:
    client_id = uuid4()
    for _ in range(2):
        send_message(
            conversation=conversation,
            author=alice,
            content="@bob",
            client_id=client_id,
        )

    assert Mention.objects.count() == 1


def test_those_are_suggested_whose_name_begins_so(
    conversation: Conversation, alice: User, bob: User, charlie: User
) -> None:
    bob.last_name = "Builder"
    bob.save()

    assert suggested(conversation, alice) == ["bob"]
    assert suggested(conversation, alice, "BU") == ["bob"]
    assert suggested(conversation, alice, "c") == []
    assert suggested(conversation, bob) == ["alice"]


def test_a_guest_learns_of_those_it_was_shared_with_by_name(
    conversation: Conversation, guest: User, bob: User
) -> None:
    assert suggested(conversation, guest) == ["alice"]
    assert suggested(conversation, bob) == ["alice", "gustav"]


def test_the_model_is_suggested_where_it_wants_to_be_named(
    conversation: Conversation, alice: User
) -> None:
    conversation.asks_when_named = True

    assert suggested(conversation, alice, "ro") == ["roundtable"]
    assert suggested(conversation, alice, "b") == ["bob"]


def test_no_more_are_suggested_than_one_looks_at(
    conversation: Conversation, alice: User
) -> None:
    for number in range(10):
        join(conversation, make_user(f"member{number}"))

    assert len(suggested(conversation, alice, "member")) == 8


def test_names_are_for_those_who_may_read(
    conversation: Conversation, client: Client, bob: User, charlie: User
) -> None:
    url = f"/c/{conversation.pk}/names/?q=al"
    client.force_login(bob)
    shown = client.get(url).content.decode()
    client.force_login(charlie)

    assert 'data-name="alice"' in shown
    assert client.get(url).status_code == 404


def test_nobody_has_a_name_that_long(
    conversation: Conversation, client: Client, bob: User
) -> None:
    client.force_login(bob)

    response = client.get(f"/c/{conversation.pk}/names/", {"q": "a" * 60_000})

    assert response.status_code == 200
    assert "data-name" not in response.content.decode()
