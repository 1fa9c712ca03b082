"""How often the database is asked between a person's Send and the gateway's request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from conversations.models import Conversation, Delta, Epoch, Generation, Message, User
from conversations.services.endings import Ending
from conversations.services.finishing import finish, with_usage
from conversations.services.generation import claim
from conversations.services.queue import _first_in_line
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_model,
    make_prompt,
)
from tests.sending import send_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from conversations.services.requests import Plan

pytestmark = pytest.mark.django_db(transaction=True)

SENT = 10
TAKEN = 18
CLAIMED = 19
# A branch is looked for in steps that grow (100 messages, 400, 1,600, 6,400), and read
# 900 messages at a time.
ENDED = 3_000
MORE_FOR_LONGER = {10: 0, 100: 1, 1_000: 6}


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield the statements that are executed, but for those around a transaction."""
    seen: list[str] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def ask(conversation: Conversation, author: User) -> Generation:
    asked = send_message(
        conversation=conversation, author=author, content="And?", client_id=uuid4()
    )
    return Generation.objects.get(message__parent=asked)


def answer(generation: Generation) -> Plan:
    plan = claim(generation.pk)
    assert plan is not None
    assert plan.job is not None
    Delta.objects.create(generation=generation, offset=0, text="Yes.")
    finish(generation.pk, with_usage(generation.pk, Ending(State.COMPLETE)))
    return plan


def begin(alice: User) -> Conversation:
    """A conversation that has begun, with a model that reads as much as one likes."""
    model = make_model("gpt-x", window=10_000_000)
    conversation = make_conversation(alice, model=model, prompt=make_prompt())
    answer(ask(conversation, alice))
    return conversation


def go_on(conversation: Conversation, turns: int) -> None:
    """Add turns, all of the epoch that has begun."""
    last = conversation.messages.latest("seq")
    epoch = Epoch.objects.get()
    seq = count(last.seq + 1)
    messages: list[Message] = []
    for number in range(2 * turns):
        is_reply = number % 2 == 1
        message = Message(
            conversation=conversation,
            parent=messages[-1] if messages else last,
            seq=next(seq),
            role=Message.Role.ASSISTANT if is_reply else Message.Role.USER,
            content="word " * 10,
            tokens=10,
            attempt=int(is_reply),
            changed=1,
        )
        messages.append(message)
    Message.objects.bulk_create(messages)
    Generation.objects.bulk_create(
        Generation(
            conversation=conversation,
            message=message,
            attempt=1,
            state=State.COMPLETE,
            epoch=epoch,
            estimate=20,
        )
        for message in messages
        if message.attempt
    )


def test_what_is_sent_is_written_down_by_few_statements(alice: User) -> None:
    conversation = begin(alice)
    go_on(conversation, 10)

    with counted() as statements:
        send_message(
            conversation=conversation, author=alice, content="And?", client_id=uuid4()
        )

    assert len(statements) <= SENT, statements


@pytest.mark.parametrize(("turns", "more"), MORE_FOR_LONGER.items())
def test_a_turn_is_claimed_by_few_statements_however_long_the_conversation(
    alice: User, turns: int, more: int
) -> None:
    conversation = begin(alice)
    go_on(conversation, turns)
    generation = ask(conversation, alice)

    with counted() as statements:
        plan = claim(generation.pk)

    assert plan is not None
    assert plan.context is not None
    assert not plan.context.is_new
    assert len(plan.context.messages) >= 2 * turns
    assert len(statements) <= CLAIMED + more, statements


def test_a_message_is_taken_by_few_statements(alice: User, client: Client) -> None:
    """Who it is, what they may, what they wrote, and then the composer anew."""
    conversation = begin(alice)
    client.force_login(alice)
    message = {"content": "And?", "client_id": str(uuid4())}

    with counted() as statements:
        response = client.post(
            f"/c/{conversation.pk}/messages/", message, headers={"HX-Request": "true"}
        )

    assert response.status_code == 200
    assert len(statements) <= TAKEN, statements


def test_what_waits_is_found_without_looking_at_what_has_ended(alice: User) -> None:
    """With a million answers in the database, each end would read them all."""
    conversation = make_conversation(alice, model=make_model())
    reply = make_answered_turn(conversation)
    Generation.objects.bulk_create(
        Generation(
            message=reply,
            conversation=conversation,
            state=State.COMPLETE,
            attempt=attempt,
        )
        for attempt in range(2, ENDED)
    )
    connection.cursor().execute("ANALYZE")

    plan = _first_in_line().explain()

    assert "generation_queued" in plan
    assert "Seq Scan on conversations_generation" not in plan
