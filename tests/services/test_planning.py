"""Planning a running answer again, and saying so to whoever watches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, Epoch, Generation, Message, User
from conversations.services.asking import _note_asking
from conversations.services.conversations import choose_model
from conversations.services.epochs import ask_roll
from conversations.services.generation import claim
from conversations.services.planning import (
    columns_of,
    plan_again,
    planned_generations,
    take,
)
from conversations.services.requests import Job, plan_request
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_generation,
    make_message,
    make_model,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any
    from uuid import UUID

TURNS = 4


@pytest.fixture
def running(alice: User) -> Generation:
    """An answer after turns that take more than half of the window."""
    conversation = make_conversation(alice, model=make_model("small", window=8192))
    for _ in range(TURNS):
        last = make_answered_turn(conversation, "word " * 1200)
    Message.objects.update(tokens=None)
    asked = make_message(conversation, "And now?", parent=last)
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=asked)
    generation = make_generation(reply, State.RUNNING, started_at=timezone.now())
    plan = plan_request(planned_generations().get(pk=generation.pk))
    assert plan.context is not None
    generation.manifest, generation.estimate = plan.manifest, plan.context.tokens
    generation.save(update_fields=["manifest", "estimate"])
    return generation


@pytest.mark.django_db
def test_a_model_chosen_meanwhile_is_not_asked_before_the_next_turn(
    running: Generation,
) -> None:
    """It may be dearer than what was reserved, or have no price at all."""
    dearer = make_model("large")
    choose_model(conversation=running.conversation, model=dearer)

    job = plan_again(running.pk)

    assert job is not None
    assert job.request.model == "small"
    running.refresh_from_db()
    assert running.model_title == "small"
    assert running.trimmed


@pytest.mark.django_db(transaction=True)
def test_no_page_sees_the_new_version_before_what_changed_in_it(
    running: Generation,
) -> None:
    """Else it would never ask for the change: it has seen its version."""
    plan = plan_request(planned_generations().get(pk=running.pk))
    assert plan.job is not None
    seen: list[int] = []
    before = read_version(running.conversation_id)

    def look(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if sql.startswith('UPDATE "conversations_message"'):
            with ThreadPoolExecutor(1) as pool:
                seen.append(pool.submit(look_from_outside).result())
        return execute(sql, params, many, context)

    def look_from_outside() -> int:
        try:
            return read_version(running.conversation_id)
        finally:
            connection.close()

    with connection.execute_wrapper(look):
        _note_asking(plan.job)

    assert seen == [before]
    assert read_version(running.conversation_id) == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_long_request_is_hashed_before_the_database_is_locked(
    running: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[bool] = []

    def look(job: Job) -> str:
        locked.append(connection.in_atomic_block)
        return ""

    monkeypatch.setattr(Job, "request_sha256", property(look))
    Generation.objects.filter(pk=running.pk).update(state=State.QUEUED)

    assert claim(running.pk) is not None
    assert plan_again(running.pk) is not None
    assert locked == [False, False]


@pytest.mark.django_db
def test_an_epoch_asked_for_while_another_was_planned_still_comes(
    running: Generation, alice: User
) -> None:
    Generation.objects.filter(pk=running.pk).update(state=State.QUEUED)
    planned = planned_generations().get(pk=running.pk)
    plan = plan_request(planned)
    ask_roll(conversation=running.conversation)

    with transaction.atomic():
        take(planned, plan, columns_of(plan))

    conversation = Conversation.objects.get(pk=running.conversation_id)
    epoch = Epoch.objects.get()
    assert conversation.roll_asked_at is not None
    assert conversation.roll_asked_at > epoch.created_at


def read_version(conversation_id: UUID) -> int:
    return Conversation.objects.values_list("version", flat=True).get(
        pk=conversation_id
    )
