"""Which generation may run next: one a conversation, a few a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import Generation
from conversations.services.branching.withdrawn import find_asked_above
from conversations.wire import ACTIVE, GOES_ON, State

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from django.db.models import QuerySet


def start(generation_id: int) -> None:
    """Start one generation, once the transaction commits, if it may run now."""
    transaction.on_commit(lambda: get_hub().run(generation_id))


def start_next(conversation_id: UUID) -> None:
    """Start the oldest waiting turn of a conversation that may begin."""
    waiting = _first_in_line().filter(conversation=conversation_id)
    for generation in _unheld(waiting)[:1]:
        start(generation.pk)


def start_following() -> None:
    """After an end or a restart: start all that waits for nothing else, by age."""
    idle = _first_in_line().exclude(conversation__generations__state=State.RUNNING)
    oldest: dict[UUID, int] = {}
    for generation in _unheld(idle):
        oldest.setdefault(generation.conversation_id, generation.pk)
    for pk in [*oldest.values()][: limits.RUNNING_PER_PROCESS]:
        start(pk)


def release_waiting(reply_ids: Collection[UUID]) -> None:
    """A person asks again for waiting turns: they are held no longer."""
    waiting = _queued().filter(message__in=reply_ids)
    # What is locked begins to run just now. Waiting for it could end in a deadlock: it
    # waits for the conversation, which the caller may have locked.
    free = waiting.select_for_update(skip_locked=True).values("pk")
    with transaction.atomic():
        _queued().filter(pk__in=free).update(created_at=timezone.now())


def is_held(generation: Generation) -> bool:
    """Tell whether a waiting turn waits for a person: the answer above went wrong.

    That is the newest answer above that was asked for; what was withdrawn was not.
    """
    above = _find_above(generation)
    if above is None or above.state in {*GOES_ON, *ACTIVE}:
        return False
    return above.ended_at is None or above.ended_at >= generation.created_at


def waits_above(generation: Generation) -> bool:
    """Tell whether a waiting turn waits for the answer above it, on its own branch."""
    above = _find_above(generation)
    return above is not None and above.state == State.RUNNING


def _find_above(generation: Generation) -> Generation | None:
    reply = find_asked_above(reply=generation.message_id)
    asked = Generation.objects.filter(message=reply).exclude(started_at=None)
    return asked.order_by("-started_at").first() if reply else None


def _queued() -> QuerySet[Generation]:
    return Generation.objects.filter(state=State.QUEUED)


def _first_in_line() -> QuerySet[Generation]:
    """What waits for no other waiting answer of its own branch."""
    behind = "message__previous_reply__generations__state"
    first = _queued().exclude(**{behind: State.QUEUED})
    return first.only("conversation", "message", "created_at")


def _unheld(waiting: QuerySet[Generation]) -> list[Generation]:
    """Leave out what was asked before the answer above it went wrong; oldest first."""
    above = Generation.objects.filter(message=OuterRef("message__previous_reply"))
    newest = above.exclude(started_at=None).order_by("-started_at")
    found = waiting.annotate(
        last_state=Subquery(newest.values("state")[:1]),
        last_end=Subquery(newest.values("ended_at")[:1]),
    ).filter(
        Q(last_state=None) | Q(last_state__in=GOES_ON) | Q(last_end__lt=F("created_at"))
    )
    # Sorted by SQLite, it would look at all that has ever been asked.
    # What was changed while it waited has a new row and keeps its time.
    by_age = sorted(found, key=lambda row: (row.created_at, row.pk))
    # Above a withdrawn turn another may have gone wrong.
    return [row for row in by_age if row.last_state is not None or not is_held(row)]


def is_busy(conversation_id: UUID) -> bool:
    """Tell whether an answer of the conversation runs already."""
    return Generation.objects.filter(
        conversation=conversation_id, state=State.RUNNING
    ).exists()


def has_place(generation: Generation) -> bool:
    """Tell whether the person, and this process, may run one more answer."""
    everyone, own = _count_running(generation)
    return everyone < limits.RUNNING_PER_PROCESS and own < limits.RUNNING_PER_USER


def has_used_up_own(generation: Generation) -> bool:
    """Tell whether who asked has as many answers running as one person may."""
    return _count_running(generation)[1] >= limits.RUNNING_PER_USER


def _count_running(generation: Generation) -> tuple[int, int]:
    """Count what runs, and what of that runs for who asked this."""
    running = Generation.objects.filter(state=State.RUNNING)
    people = list(running.values_list("asked_by", flat=True))
    return len(people), sum(person == generation.asked_by_id for person in people)
