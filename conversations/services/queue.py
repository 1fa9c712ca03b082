"""Which generation may run next: one a conversation, a few a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.utils import timezone

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import Generation
from conversations.wire import GOES_ON, State

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet


def start(generation_id: int) -> None:
    """Start one generation, once the transaction commits, if it may run now."""
    transaction.on_commit(lambda: get_hub().run(generation_id))


def start_next(conversation_id: UUID) -> None:
    """Start the oldest waiting turn of a conversation, if there is one."""
    waiting = _first_in_line().filter(conversation=conversation_id)
    if (oldest := waiting.values_list("pk", flat=True).first()) is not None:
        start(oldest)


def start_following() -> None:
    """After an end or a restart: start all that waits for nothing else, by age."""
    ready = _unheld(_first_in_line()).exclude(
        conversation__generations__state=State.RUNNING
    )
    for pk in ready.values_list("pk", flat=True)[: limits.RUNNING_PER_PROCESS]:
        start(pk)


def release_waiting(conversation_id: UUID) -> None:
    """A person asks again for all that waits: it is held no longer."""
    _queued().filter(conversation=conversation_id).update(created_at=timezone.now())


def is_held(conversation_id: UUID) -> bool:
    """Tell whether waiting turns wait for a person: the answer before went wrong."""
    if is_busy(conversation_id):
        return False
    waiting = _first_in_line().filter(conversation=conversation_id)
    # In this order: what begins to run between the two readings is not held.
    free = set(_unheld(waiting).values_list("pk", flat=True))
    return bool(set(waiting.values_list("pk", flat=True)) - free)


def _queued() -> QuerySet[Generation]:
    return Generation.objects.filter(state=State.QUEUED)


def _first_in_line() -> QuerySet[Generation]:
    """What waits for no other waiting answer of its own branch, oldest first."""
    behind = "message__parent__parent__generations__state"
    return _queued().exclude(**{behind: State.QUEUED}).order_by("pk")


def _unheld(waiting: QuerySet[Generation]) -> QuerySet[Generation]:
    """Leave out what was asked before the newest answer of its conversation failed."""
    # What was withdrawn never started.
    started = Generation.objects.filter(conversation=OuterRef("conversation")).exclude(
        started_at=None
    )
    newest = started.order_by("-started_at")
    return waiting.annotate(
        last_state=Subquery(newest.values("state")[:1]),
        last_end=Subquery(newest.values("ended_at")[:1]),
    ).filter(
        Q(last_state=None) | Q(last_state__in=GOES_ON) | Q(last_end__lt=F("created_at"))
    )


def is_busy(conversation_id: UUID) -> bool:
    """Tell whether an answer of the conversation runs already."""
    return Generation.objects.filter(
        conversation=conversation_id, state=State.RUNNING
    ).exists()


def has_place(generation: Generation) -> bool:
    """Tell whether the person, and this process, may run one more answer."""
    own = Count("pk", filter=Q(asked_by=generation.asked_by_id))
    running = Generation.objects.filter(state=State.RUNNING)
    counted: dict[str, int] = running.aggregate(here=Count("pk"), own=own)
    if counted["here"] >= limits.RUNNING_PER_PROCESS:
        return False
    return counted["own"] < limits.RUNNING_PER_USER
