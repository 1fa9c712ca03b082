"""Who is shown in the head of a conversation, and where what is new begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from conversations.models import Membership, Share, Team, View
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_message,
    make_team,
    make_user,
)

if TYPE_CHECKING:
    from django.test import Client

    from conversations.models import Conversation, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice: User, bob: User) -> Conversation:
    """Alice's, shared with a team of seven."""
    members = [make_user(f"person{number}") for number in range(5)]
    conversation = make_conversation(owner=alice)
    conversation.team = make_team("Support", alice, bob, *members)
    conversation.save(update_fields=["team"])
    return conversation


def page_of(client: Client, conversation: Conversation, user: User) -> str:
    client.force_login(user)
    return client.get(f"/c/{conversation.pk}/").content.decode()


def faces(page: str) -> list[tuple[str, str]]:
    """Return who is named, and how many more there are."""
    row = page.partition('id="faces"')[2].partition("</header>")[0]
    return re.findall(r'title="([^"]+)"|class="face more">([^<]+)<', row)


def test_a_few_of_a_team_have_a_face(
    client: Client, conversation: Conversation, bob: User
) -> None:
    shown = [name or more for name, more in faces(page_of(client, conversation, bob))]

    assert shown == ["alice", "bob", "person0", "person1", "+3"]


def test_a_guest_does_not_see_who_is_in_the_team(
    client: Client, conversation: Conversation, charlie: User
) -> None:
    guest = Membership.Role.GUEST
    team = Team.objects.get()
    Membership.objects.create(team=team, user=charlie, role=guest)
    Share.objects.create(conversation=conversation, user=charlie, access="read")

    page = page_of(client, conversation, charlie)

    assert [name for name, _ in faces(page)] == ["alice", "charlie"]
    assert "person0" not in page


def test_a_private_conversation_shows_no_face(client: Client, alice: User) -> None:
    page = page_of(client, make_conversation(owner=alice), alice)

    assert faces(page) == []
    assert re.search(r'<span class="faces"[^>]* hidden>', page)


def test_what_is_new_is_marked_between_two_messages(
    client: Client, conversation: Conversation, alice: User, bob: User
) -> None:
    known = make_answered_turn(conversation)
    first = make_message(conversation, "New", author=alice, parent=known)
    make_message(conversation, "Newer", author=alice, parent=first)
    View.objects.create(conversation=conversation, user=bob, read_seq=known.seq)

    page = page_of(client, conversation, bob)

    assert re.findall(r'id="(since|m-[^"]+)"', page) == [
        f"m-{known.parent_id}",
        f"m-{known.pk}",
        "since",
        f"m-{first.pk}",
        f"m-{conversation.messages.latest('seq').pk}",
    ]


def test_at_the_first_visit_no_line_is_drawn(
    client: Client, conversation: Conversation, bob: User
) -> None:
    make_answered_turn(conversation)

    assert "New since you left" not in page_of(client, conversation, bob)
