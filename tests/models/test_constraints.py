"""What the database itself refuses, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError

from conversations.models import Conversation, Delta, Message, PromptRevision, User
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_message,
    make_model,
    make_prompt,
)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(alice)


def make_reply(conversation: Conversation) -> Message:
    return make_message(conversation, "", role=Message.Role.ASSISTANT)


def test_one_generation_of_a_conversation_runs(conversation: Conversation) -> None:
    make_generation(make_reply(conversation), State.RUNNING)

    with pytest.raises(IntegrityError):
        make_generation(make_reply(conversation), State.RUNNING)


def test_many_generations_of_a_conversation_wait(conversation: Conversation) -> None:
    for _ in range(3):
        make_generation(make_reply(conversation), State.QUEUED)

    assert conversation.generations.count() == 3


def test_an_attempt_has_one_generation(conversation: Conversation) -> None:
    reply = make_answered_turn(conversation)

    with pytest.raises(IntegrityError):
        make_generation(reply)


def test_a_delta_has_an_offset_of_its_own(conversation: Conversation) -> None:
    generation = make_generation(make_reply(conversation), State.RUNNING)
    Delta.objects.create(generation=generation, offset=0, text="Hello")

    with pytest.raises(IntegrityError):
        Delta.objects.create(generation=generation, offset=0, text="Hello")


def test_a_client_id_is_used_once_in_a_conversation(conversation: Conversation) -> None:
    first, second = make_message(conversation), make_message(conversation)
    first.client_id = second.client_id = uuid4()
    first.save(update_fields=["client_id"])

    with pytest.raises(IntegrityError):
        second.save(update_fields=["client_id"])


def test_messages_without_a_client_id_do_not_clash(conversation: Conversation) -> None:
    make_answered_turn(conversation)
    make_answered_turn(conversation)

    assert conversation.messages.filter(client_id=None).count() == 4


def test_there_is_one_default_model(db: None) -> None:
    make_model(is_default=True)
    make_model(is_default=False)

    with pytest.raises(IntegrityError):
        make_model(is_default=True)


def test_there_is_one_default_system_prompt(db: None) -> None:
    make_prompt(is_default=True)

    with pytest.raises(IntegrityError):
        make_prompt(is_default=True)


def test_a_revision_number_is_used_once(db: None) -> None:
    prompt = make_prompt()

    with pytest.raises(IntegrityError):
        PromptRevision.objects.create(prompt=prompt, number=1, text="Again.")


@pytest.mark.parametrize("text", ["🪑 chaîne", "שלום", "a\ufffdb", "'; DROP TABLE"])
def test_text_comes_back_as_it_was_stored(
    conversation: Conversation, text: str
) -> None:
    message = make_message(conversation, text)

    assert Message.objects.get(pk=message.pk).content == text


def test_a_conversation_is_seen_by_its_owner_only(
    conversation: Conversation, alice: User, bob: User, charlie: User, staff: User
) -> None:
    def seen_by(user: User | AnonymousUser) -> list[Conversation]:
        return list(Conversation.objects.visible_to(user))

    assert seen_by(alice) == [conversation]
    for other in (bob, charlie, staff, AnonymousUser()):
        assert seen_by(other) == []


def test_a_deactivated_owner_sees_nothing(
    conversation: Conversation, alice: User
) -> None:
    alice.is_active = False

    assert not Conversation.objects.visible_to(alice).exists()
    assert not Conversation.objects.writable_by(alice).exists()
