"""What is read of earlier turns for the next request."""

from __future__ import annotations

import pytest

from conversations.models import Epoch, Message, User
from conversations.services.endings import TOO_LARGE, Ending
from conversations.services.finishing import finish
from conversations.services.history import Stretch, read_history, read_path
from conversations.wire import Finished, FinishReason, Json, Native, State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_message,
)

pytestmark = pytest.mark.django_db


def replayed(alice: User, letter: str) -> Native:
    """Return what is sent back of an answer that was thought about in one script."""
    conversation = make_conversation(alice)
    reply = make_answered_turn(conversation, answer="Yes.", state=State.RUNNING)
    items: tuple[Json, ...] = (
        {"type": "thinking", "thinking": letter * 400, "signature": "abc"},
    )
    said = Finished(FinishReason.STOP, items=items)
    epoch = Epoch.objects.create(conversation=conversation, message=reply)
    reply.generations.update(epoch=epoch)
    assert finish(reply.generations.get().pk, Ending(State.COMPLETE, answer=said))
    question = make_message(conversation, parent=reply)
    answer = make_message(
        conversation, "", role=Message.Role.ASSISTANT, parent=question
    )
    generation = make_generation(answer, State.QUEUED)
    path, stretch = read_path(question.pk), Stretch(10_000, epoch=epoch.pk)
    [turn] = read_history(generation=generation, path=path, stretch=stretch).turns
    assert turn.reply is not None
    assert turn.reply.native is not None
    assert turn.reply.native.items == items
    return turn.reply.native


@pytest.mark.parametrize("letter", ["é", "ж", "思"])
def test_thoughts_take_no_more_room_in_one_script_than_in_another(
    alice: User, letter: str
) -> None:
    assert replayed(alice, letter).tokens == replayed(alice, "a").tokens


def test_turns_that_no_model_heard_of_are_not_counted(alice: User) -> None:
    conversation = make_conversation(alice)
    first = make_answered_turn(conversation)
    make_answered_turn(conversation, answer="", state=State.STOPPED)
    too_large = make_answered_turn(conversation, answer="", state=State.CONTEXT_FULL)
    too_large.generations.update(error_kind=TOO_LARGE)
    # Asked, though not answered; and withdrawn on another branch.
    make_answered_turn(conversation, answer="", state=State.FAILED)
    last = conversation.messages.latest("seq")
    elsewhere = make_message(conversation, parent=first)
    role = Message.Role.ASSISTANT
    withdrawn = make_message(conversation, "", role=role, parent=elsewhere)
    make_generation(withdrawn, State.STOPPED)
    make_message(conversation, parent=last)
    for _ in range(60):
        make_answered_turn(conversation)
    question = make_message(conversation, parent=conversation.messages.latest("seq"))
    answer = make_message(conversation, "", role=role, parent=question)
    generation = make_generation(answer, State.QUEUED)
    path = read_path(question.pk)

    part = read_history(generation=generation, path=path, stretch=Stretch(30))
    whole = read_history(generation=generation, path=path, stretch=Stretch(10_000))

    assert len(whole.turns) == 62
    assert 0 < len(part.turns) < 50
    assert part.turns_before + len(part.turns) == len(whole.turns)
