"""How far somebody has read, and what is new to them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Conversation, Message, Share, View
from conversations.services.elsewhere import find_elsewhere, find_named_elsewhere
from conversations.services.reading import find_first_unread, mark_read, with_unread
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_mention,
    make_message,
)
from tests.sending import send_message

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(alice: User, bob: User) -> Conversation:
    """Alice's, with one answered question, shared with Bob."""
    conversation = make_conversation(owner=alice)
    make_answered_turn(conversation)
    Share.objects.create(conversation=conversation, user=bob, access="write")
    return conversation


def position(conversation: Conversation, user: User) -> int | None:
    view = View.objects.filter(conversation=conversation, user=user).first()
    return view.read_seq if view else None


def newest(conversation: Conversation) -> Message:
    return conversation.messages.latest("seq")


def read_all(conversation: Conversation, user: User) -> None:
    mark_read(user=user, conversation=conversation, message=newest(conversation).pk)


def send(conversation: Conversation, user: User, words: str) -> None:
    send_message(
        conversation=conversation,
        author=user,
        content=words,
        client_id=uuid4(),
        meant_for=Message.MeantFor.EVERYONE,
    )


def is_new(conversation: Conversation, user: User) -> tuple[bool, int]:
    row = with_unread(Conversation.objects.filter(pk=conversation.pk), user).get()
    return row.is_unread, row.mention_count  # type: ignore[attr-defined]


def first_new(conversation: Conversation, user: User, last: int = 50) -> UUID | None:
    rows = conversation.messages.order_by("-seq").values_list("pk", flat=True)
    return find_first_unread(
        conversation=conversation, user=user, message_ids=list(rows[:last])
    )


def led_to(conversation: Conversation, user: User, leaf: Message) -> UUID | None:
    return find_named_elsewhere(conversation=conversation, user=user, leaf=leaf.pk)


def test_a_position_moves_forward_and_never_back(
    conversation: Conversation, bob: User
) -> None:
    first = conversation.messages.earliest("seq")

    mark_read(user=bob, conversation=conversation, message=first.pk)
    assert position(conversation, bob) == 1
    read_all(conversation, bob)
    assert position(conversation, bob) == 2
    mark_read(user=bob, conversation=conversation, message=first.pk)
    assert position(conversation, bob) == 2


def test_a_message_of_elsewhere_moves_nothing(
    conversation: Conversation, bob: User
) -> None:
    there = make_answered_turn(make_conversation(owner=bob))

    mark_read(user=bob, conversation=conversation, message=there.pk)
    mark_read(user=bob, conversation=conversation, message=uuid4())

    assert position(conversation, bob) is None


def test_the_chosen_branch_stays_when_one_has_read(
    conversation: Conversation, bob: User
) -> None:
    leaf = newest(conversation)
    View.objects.create(conversation=conversation, user=bob, leaf=leaf, draft="So …")

    read_all(conversation, bob)

    view = View.objects.get(conversation=conversation, user=bob)
    assert (view.leaf, view.draft, view.read_seq) == (leaf, "So …", 2)


def test_whoever_sends_has_read_up_to_their_own_message(
    conversation: Conversation, bob: User
) -> None:
    View.objects.create(conversation=conversation, user=bob, leaf=newest(conversation))

    sent = send_message(
        conversation=conversation, author=bob, content="And?", client_id=uuid4()
    )

    view = View.objects.get(conversation=conversation, user=bob)
    assert (view.read_seq, view.leaf) == (sent.seq, None)


def test_what_others_wrote_is_new_until_it_is_read(
    conversation: Conversation, alice: User, bob: User
) -> None:
    assert is_new(conversation, bob) == (True, 0)
    read_all(conversation, bob)
    assert is_new(conversation, bob) == (False, 0)
    make_message(conversation, "Bob's own", author=bob)
    assert is_new(conversation, bob) == (False, 0)
    make_message(conversation, "Alice's", author=alice)
    assert is_new(conversation, bob) == (True, 0)


def test_an_answer_is_new_when_it_has_been_written(
    conversation: Conversation, alice: User
) -> None:
    read_all(conversation, alice)
    make_answered_turn(conversation, "Why?", "", state=State.RUNNING)
    assert is_new(conversation, alice) == (False, 0)

    newest(conversation).generations.update(state=State.COMPLETE)
    conversation.messages.filter(pk=newest(conversation).pk).update(content="So.")

    assert is_new(conversation, alice) == (True, 0)


def test_a_message_of_files_alone_is_new_to_others(
    conversation: Conversation, alice: User, bob: User
) -> None:
    read_all(conversation, bob)

    posted = make_message(conversation, "", parent=newest(conversation))

    assert is_new(conversation, bob) == (True, 0)
    assert first_new(conversation, bob) == posted.pk


def test_what_one_owns_and_never_read_is_not_new(
    conversation: Conversation, alice: User
) -> None:
    assert is_new(conversation, alice) == (False, 0)


def test_mentions_count_until_they_are_read(
    conversation: Conversation, alice: User, bob: User
) -> None:
    for words in ("@bob look", "@bob again"):
        above = newest(conversation)
        message = make_message(conversation, words, author=alice, parent=above)
        make_mention(message, bob)

    assert is_new(conversation, bob) == (True, 2)
    assert is_new(conversation, alice) == (False, 0)
    read_all(conversation, bob)
    assert is_new(conversation, bob) == (False, 0)


def test_who_answers_without_scripts_has_read_that_they_were_named(
    conversation: Conversation, alice: User, bob: User, client: Client
) -> None:
    send(conversation, alice, "@bob look")
    assert is_new(conversation, bob) == (True, 1)
    client.force_login(bob)

    written = {"content": "I have", "client_id": uuid4()}
    client.post(reverse("send", args=[conversation.pk]), written)

    assert is_new(conversation, bob) == (False, 0)


def test_who_is_named_on_another_branch_is_led_there(
    conversation: Conversation, alice: User, bob: User
) -> None:
    asked = newest(conversation).parent
    assert asked is not None
    named = make_message(conversation, "@bob look", author=alice, parent=asked.parent)
    make_mention(named, bob)
    other = make_message(conversation, "Here", author=alice, parent=asked)

    read_all(conversation, bob)

    assert newest(conversation) == other
    assert is_new(conversation, bob) == (False, 1)
    assert led_to(conversation, bob, other) == named.pk
    assert led_to(conversation, bob, named) is None
    mark_read(user=bob, conversation=conversation, message=named.pk)
    assert is_new(conversation, bob) == (False, 0)


def test_what_others_write_on_another_branch_is_said(
    conversation: Conversation, alice: User, bob: User
) -> None:
    here = newest(conversation)
    assert find_elsewhere(conversation=conversation, leaf=here.pk) is None
    asked = make_message(conversation, "Or so?", author=bob, parent=None)
    make_message(conversation, "So.", role=Message.Role.ASSISTANT, parent=asked)

    assert find_elsewhere(conversation=conversation, leaf=here.pk) == asked
    leaf = newest(conversation).pk
    assert find_elsewhere(conversation=conversation, leaf=leaf) is None


def test_the_first_new_message_of_others_is_found(
    conversation: Conversation, alice: User, bob: User
) -> None:
    read_all(conversation, bob)
    assert first_new(conversation, bob) is None
    make_message(conversation, "Mine", author=bob)
    assert first_new(conversation, bob) is None
    first = make_message(conversation, "New", author=alice)
    make_message(conversation, "Newer", author=alice)

    assert first_new(conversation, bob) == first.pk


def test_the_answer_to_one_s_own_question_is_awaited_not_new(
    conversation: Conversation, alice: User, bob: User
) -> None:
    for person in (alice, bob):
        read_all(conversation, person)
    make_answered_turn(conversation)

    assert first_new(conversation, alice) is None
    assert first_new(conversation, bob) is not None


def test_at_the_first_visit_nothing_is_marked_as_new(
    conversation: Conversation, bob: User
) -> None:
    assert first_new(conversation, bob) is None


def test_the_first_new_message_is_not_one_below_others_that_are_new(
    conversation: Conversation, alice: User, bob: User
) -> None:
    read_all(conversation, bob)
    above = make_message(conversation, "New", author=alice, parent=newest(conversation))
    make_message(conversation, "Newer", author=alice, parent=above)

    assert first_new(conversation, bob, last=1) is None
    assert first_new(conversation, bob, last=2) == above.pk
