"""Which turn runs when, and what waits for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import limits
from conversations.live.buffer import Buffer
from conversations.models import Generation, Message, User
from conversations.services.beginning import Beginning
from conversations.services.branching.retrying import retry_reply
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish
from conversations.services.queue import is_held, start_following
from conversations.services.turns import (
    continue_reply,
    release_queue,
    stop_reply,
)
from conversations.wire import State
from tests.gateway import TestGateway
from tests.long import make_long
from tests.sending import start_conversation
from tests.services.conftest import Talk
from tests.services.test_generation import has_text
from tests.services.test_statements import counted


async def states(talk: Talk) -> list[str]:
    rows = Generation.objects.filter(conversation=talk.conversation).order_by("pk")
    return await talk.run(list, rows.values_list("state", flat=True))


async def test_a_second_message_waits_and_then_starts_by_itself(talk: Talk) -> None:
    await talk.use("stall:2")
    first = await talk.send("First")
    await has_text(talk, first.pk)
    await talk.send("Second")
    assert await states(talk) == [State.RUNNING, State.QUEUED]

    await talk.use("ok")
    await talk.run(stop_reply, reply=first, user=talk.author)
    await talk.idle()

    assert await states(talk) == [State.STOPPED, State.COMPLETE]


async def test_after_a_failure_the_next_turn_waits_for_a_person(talk: Talk) -> None:
    await talk.use("stall:2")
    first = await talk.send("First")
    await has_text(talk, first.pk)
    second = await talk.send("Second")
    await talk.has_looked(second)
    await talk.use("ok")
    failing = await talk.generation(first)
    await talk.run(finish, failing.pk, Ending(State.FAILED))
    talk.hub.tasks.cancel(failing.pk)
    await talk.idle()
    waiting = await states(talk)

    await talk.run(release_queue, reply=second)
    await talk.idle()

    assert waiting == [State.FAILED, State.QUEUED]
    assert await states(talk) == [State.FAILED, State.COMPLETE]


async def test_a_withdrawn_turn_is_never_sent(talk: Talk, gateway: TestGateway) -> None:
    await talk.use("stall:2")
    first = await talk.send("First")
    await has_text(talk, first.pk)
    second = await talk.send("Take this back")
    await talk.run(stop_reply, reply=second, user=talk.author)
    await talk.run(stop_reply, reply=first, user=talk.author)
    await talk.idle()
    await talk.use("echo")

    await talk.ask("Third")

    sent = [row["content"] for row in gateway.requests[-1].messages]
    assert "Take this back" not in sent
    assert sent[-1] == "Third"


async def test_what_waits_behind_a_retried_answer_waits_behind_its_sibling(
    talk: Talk,
) -> None:
    await talk.use("error:500")
    failed = await talk.ask("First")
    # A failed answer holds the queue: the second message of a pair waits.
    await talk.use("stall:1")
    second = await talk.send("Second")
    await has_text(talk, second.pk)
    third = await talk.send("Third")
    await talk.run(stop_reply, reply=third, user=talk.author)
    await talk.run(stop_reply, reply=second, user=talk.author)
    await talk.idle()

    with pytest.raises(RefusedError):
        await talk.run(retry_reply, reply=failed, user=talk.author)


async def test_a_long_queue_takes_no_more(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUEUED_PER_CONVERSATION", 1)
    await talk.use("stall:1")
    first = await talk.send()
    await has_text(talk, first.pk)
    await talk.send()

    with pytest.raises(RefusedError):
        await talk.send()


async def test_a_person_may_run_only_so_many_answers_at_once(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RUNNING_PER_USER", 1)
    await talk.use("stall:1")
    first = await talk.send()
    await has_text(talk, first.pk)
    other = await talk.run(
        start_conversation,
        owner=talk.author,
        content="Elsewhere",
        client_id=uuid4(),
        beginning=Beginning(model=talk.conversation.model),
    )
    replies = other.messages.filter(role=Message.Role.ASSISTANT)
    await talk.has_looked(await talk.run(replies.get))
    other_states = Generation.objects.filter(conversation=other).values_list(
        "state", flat=True
    )
    assert await talk.run(other_states.get) == State.QUEUED

    await talk.use("ok")
    await talk.run(stop_reply, reply=first, user=talk.author)
    await talk.idle()

    assert await talk.run(other_states.get) == State.COMPLETE


async def test_a_continue_goes_before_what_waits_behind_the_answer(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk.use("stall:1")
    first = await talk.send("First")
    await has_text(talk, first.pk)
    failing = await talk.generation(first)
    await talk.has_looked(await talk.send("Second"))
    await talk.run(finish, failing.pk, Ending(State.CUT))
    talk.hub.tasks.cancel(failing.pk)
    await talk.idle()
    monkeypatch.setattr(limits, "RUNNING_PER_USER", 0)
    await talk.run(continue_reply, reply=await talk.fresh(first), user=talk.author)
    await talk.idle()
    monkeypatch.setattr(limits, "RUNNING_PER_USER", 3)

    await talk.use("ok:1")
    await talk.run(start_following)
    await talk.idle()

    rows = Generation.objects.filter(conversation=talk.conversation)
    by_start = rows.order_by("started_at").values_list("attempt", "state")
    assert await talk.run(list, by_start) == [
        (1, State.CUT),
        (2, State.COMPLETE),
        (1, State.COMPLETE),
    ]


async def test_text_of_an_answer_that_somebody_else_ended_is_not_shown(
    talk: Talk,
) -> None:
    buffer = Buffer(0, uuid4(), 1)
    talk.hub.open(talk.conversation.pk, buffer)
    talk.hub.append(buffer, "never committed")

    await buffer.settle()

    assert buffer.length == 0
    talk.hub.shut(buffer)


@pytest.mark.django_db
def test_what_waits_is_found_in_as_many_statements_after_many_withdrawn_turns(
    alice: User,
) -> None:
    """Above is an answer that went wrong; all since was withdrawn, but for the last."""
    counts = []
    for size in (6, 60):
        conversation = make_long(alice, size)
        rows = list(conversation.generations.order_by("message__seq"))
        first, *withdrawn, last = rows
        later = timezone.now() + timedelta(seconds=1)
        changes: list[tuple[list[Generation], dict[str, Any]]] = [
            ([first], {"state": State.FAILED, "ended_at": later}),
            (withdrawn, {"state": State.STOPPED, "started_at": None}),
            ([last], {"state": State.QUEUED, "started_at": None, "ended_at": None}),
        ]
        for which, columns in changes:
            rows_of = Generation.objects.filter(pk__in=[row.pk for row in which])
            rows_of.update(**columns)
        last.refresh_from_db()
        with counted() as statements:
            assert is_held(last)
        counts.append(len(statements))

    assert counts[0] == counts[1]
