"""Deleting a conversation: gone at once for people, back for a while, then for good.

Its rows go slice after slice: to delete a long one at once would hold up every other
writer, and so every answer.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from conversations.live.hub import get_hub
from conversations.models import Conversation
from conversations.services.audience import list_people
from conversations.services.changes import (
    announce_after_commit,
    tell_people_after_commit,
)
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish, with_usage, withdraw
from conversations.services.purging import purge_conversation
from conversations.services.undoing import find_undo_start
from conversations.wire import ACTIVE, State

if TYPE_CHECKING:
    from conversations.models import User
    from conversations.models.conversations import ConversationQuerySet

logger = logging.getLogger(__name__)

# Deleted so long ago that nobody can have it back.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def delete_conversation(*, conversation: Conversation) -> None:
    """Delete a conversation with all its messages; its owner can have it back for a while.

    What runs in it is stopped and what waits is withdrawn, for good. What was spent on
    it stays counted, as does what runs, by our own estimate.
    """
    running = conversation.generations.filter(state=State.RUNNING)
    # Counted before anything is locked: a long text takes its time.
    endings = {pk: _count(pk) for pk in running.values_list("pk", flat=True)}
    people = list_people(conversation=conversation).values_list("pk", flat=True)
    told = list(people)
    with transaction.atomic():
        # Locked in the order in which the end of an answer locks.
        active = conversation.generations.filter(state__in=ACTIVE).order_by("pk")
        held = list(active.select_for_update())
        stopped = [job.pk for job in held if job.state == State.RUNNING]
        for generation_id in stopped:
            finish(generation_id, endings.get(generation_id) or _count(generation_id))
        for waiting in held:
            # It would begin by itself.
            withdraw(waiting, conversation.owner)
        rows = Conversation.objects.filter(pk=conversation.pk, deleted_at=None)
        rows.update(deleted_at=timezone.now())
        tell_people_after_commit(told, besides=conversation.pk)
    for generation_id in stopped:
        get_hub().stop(generation_id)


def list_deleted(*, user: User) -> ConversationQuerySet:
    """Return what a person deleted and can still have back, the newest first."""
    if not user.is_active:
        return Conversation.objects.none()
    since = find_undo_start()
    rows = Conversation.objects.filter(owner=user.pk, deleted_at__gt=since)
    return rows.order_by("-deleted_at", "-pk")


def restore_conversation(*, conversation: Conversation, user: User) -> None:
    """Bring a deleted conversation back for everyone who could see it.

    Raises `RefusedError` unless `user` owns it and deleted it a short while ago.
    """
    with transaction.atomic():
        # Asked for in the moment of the deletion: it would begin by itself.
        late = conversation.generations.filter(state=State.QUEUED)
        late.update(state=State.STOPPED, stopped_by=user, ended_at=timezone.now())
        rows = list_deleted(user=user).order_by().filter(pk=conversation.pk)
        if not rows.update(deleted_at=None, version=F("version") + 1):
            raise RefusedError("This conversation cannot be brought back any more.")
        announce_after_commit(conversation.pk)
        people = list_people(conversation=conversation)
        tell_people_after_commit(people.values_list("pk", flat=True))


def delete_for_good(*, conversation: Conversation, user: User) -> None:
    """Delete all rows of a deleted conversation now.

    Raises `RefusedError` unless `user` owns it and could still have it back.
    """
    rows = list_deleted(user=user).order_by().filter(pk=conversation.pk)
    # From here on it cannot come back, whatever is left of it.
    if not rows.update(deleted_at=LONG_AGO):
        raise RefusedError("This conversation is not here any more.")
    try:
        purge_conversation(conversation_id=conversation.pk)
    except DatabaseError:
        logger.exception("What is left of a deleted conversation goes a little later.")


def _count(generation_id: int) -> Ending:
    return with_usage(generation_id, Ending(State.STOPPED))
