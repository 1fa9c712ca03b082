"""Which generation may run next: one a conversation, a few a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import Generation
from conversations.wire import GOES_ON, State

if TYPE_CHECKING:
    from uuid import UUID


def start(generation_id: int) -> None:
    """Start one generation, once the transaction commits, if it may run now."""
    transaction.on_commit(lambda: get_hub().run(generation_id))


def start_next(conversation_id: UUID) -> None:
    """Start the oldest waiting turn of a conversation, if there is one."""
    waiting = Generation.objects.filter(
        conversation=conversation_id, state=State.QUEUED
    ).order_by("pk")
    if (oldest := waiting.values_list("pk", flat=True).first()) is not None:
        start(oldest)


def start_following() -> None:
    """After an end: start what waited for it, here or (for a place) elsewhere."""
    for conversation_id in (
        Generation.objects.filter(state=State.QUEUED)
        .exclude(conversation__generations__state=State.RUNNING)
        .values_list("conversation", flat=True)
        .distinct()
    ):
        if not is_held(conversation_id):
            start_next(conversation_id)


def start_all() -> None:
    """After a restart: start the oldest waiting turn of every conversation."""
    waiting = Generation.objects.filter(state=State.QUEUED)
    for conversation_id in waiting.values_list("conversation", flat=True).distinct():
        start_next(conversation_id)


def is_held(conversation_id: UUID) -> bool:
    """Tell whether waiting turns wait for a person: the last answer went wrong."""
    # What was withdrawn never started.
    started = Generation.objects.filter(conversation=conversation_id).exclude(
        started_at=None
    )
    last = started.order_by("-started_at").values_list("state", flat=True).first()
    return last is not None and last != State.RUNNING and last not in GOES_ON


def is_busy(conversation_id: UUID) -> bool:
    """Tell whether an answer of the conversation runs already."""
    return Generation.objects.filter(
        conversation=conversation_id, state=State.RUNNING
    ).exists()


def has_place(generation: Generation) -> bool:
    """Tell whether the person, and this process, may run one more answer."""
    if get_hub().running >= limits.RUNNING_PER_PROCESS:
        return False
    own = Generation.objects.filter(
        asked_by=generation.asked_by_id, state=State.RUNNING
    )
    return own.count() < limits.RUNNING_PER_USER
