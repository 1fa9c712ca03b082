"""Deleting a branch, a message and all that came after it, and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone

from conversations.live.hub import get_hub
from conversations.models import Generation, Message
from conversations.services.branching.branches import (
    NOT_REMOVED,
    as_parameter,
    below,
    find_leaf_below,
)
from conversations.services.branching.siblings import mark_siblings
from conversations.services.branching.viewing import show_branch
from conversations.services.changes import (
    mark_changed,
    next_version,
    waiting_messages,
)
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish, with_usage, withdraw
from conversations.services.queue import start_next
from conversations.services.turns import refuse_removed
from conversations.services.undoing import find_undo_start
from conversations.wire import ACTIVE, State

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import User

# How often it is begun anew, because something was asked below just then.
MOST_TRIES = 5
_TABLE = Message._meta.db_table  # noqa: SLF001 - the tree needs SQL of its own

_REMOVE = f"""
WITH RECURSIVE below(id) AS (
    SELECT id FROM {_TABLE} WHERE id = %s AND removed_at IS NULL
    UNION ALL
    SELECT m.id FROM {_TABLE} m JOIN below ON m.parent_id = below.id
    WHERE {NOT_REMOVED}
)
UPDATE {_TABLE} SET removed_at = %s, removed_by_id = %s
WHERE id IN (SELECT id FROM below)
"""  # noqa: S608 - our own table name

# What was deleted before, within the same branch, stays deleted.
_RESTORE = f"""
WITH RECURSIVE below(id, removed_at) AS (
    SELECT id, removed_at FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.removed_at FROM {_TABLE} m JOIN below ON m.parent_id = below.id
    WHERE m.removed_at = below.removed_at
)
UPDATE {_TABLE} SET removed_at = NULL, removed_by_id = NULL, changed = %s
WHERE id IN (SELECT id FROM below)
"""  # noqa: S608 - our own table name


def is_own(*, message: Message, user: User) -> bool:
    """Tell whether a person wrote a message, or what it answers."""
    said = message.parent if message.role == Message.Role.ASSISTANT else message
    return said is not None and said.author_id == user.pk


def remove_branch(*, message: Message, user: User) -> None:
    """Delete a message with all that came after it, for everyone; it can be undone.

    What runs in it is stopped and what waits is withdrawn, for good. Raises
    `RefusedError` where somebody else wrote below it, unless the conversation is the
    person's own; and where nothing would be left.
    """
    for _ in range(MOST_TRIES):
        _refuse_removing(message, user)
        _end_active(message, user)
        if _remove(message, user):
            start_next(message.conversation_id)
            return
    raise RefusedError("Somebody is writing here just now. Please try again.")


def restore_branch(*, message: Message, user: User) -> None:
    """Bring a deleted branch back, and let the person look at it.

    What was stopped or withdrawn stays so. Raises `RefusedError` where it is too late,
    and where what it comes after has been deleted too.
    """
    with transaction.atomic():
        version = next_version(message.conversation_id)
        message.refresh_from_db()
        if message.removed_at is None:
            return
        _refuse_restoring(message)
        with connection.cursor() as cursor:
            cursor.execute(_RESTORE, [as_parameter(message.pk), version])
        message.removed_at = None
        _mark_around(message, version)
        leaf = find_leaf_below(conversation=message.conversation, message=message.pk)
        assert leaf is not None
        show_branch(conversation=message.conversation, user=user, leaf=leaf)


def _refuse_restoring(message: Message) -> None:
    assert message.removed_at is not None
    if message.removed_at < find_undo_start():
        raise RefusedError("This was deleted too long ago to be brought back.")
    if message.parent is not None and message.parent.removed_at is not None:
        raise RefusedError(
            "What this came after has been deleted too. Bring that back first."
        )


def _active(message: Message) -> QuerySet[Generation]:
    rows = Generation.objects.filter(conversation=message.conversation_id)
    return rows.filter(state__in=ACTIVE, message__in=below(message.pk))


def _end_active(message: Message, user: User) -> None:
    """Withdraw what waits below, which would begin else, then stop what runs."""
    active = list(_active(message).order_by("state", "-pk"))
    for job in active:
        if job.state == State.QUEUED:
            withdraw(job, user)
        elif _active(message).filter(pk=job.pk).update(stopped_by=user):
            finish(job.pk, with_usage(job.pk, Ending(State.STOPPED)))
            get_hub().stop(job.pk)


def _remove(message: Message, user: User) -> bool:
    """Mark the branch; False where something below was asked for meanwhile."""
    with transaction.atomic():
        version = next_version(message.conversation_id)
        if _active(message).exists():
            return False
        _refuse_removing(message, user)
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_REMOVE, [as_parameter(message.pk), now, user.pk])
        _mark_around(message, version)
    return True


def _refuse_removing(message: Message, user: User) -> None:
    refuse_removed(message)
    conversation = message.conversation
    rows = Message.objects.filter(pk__in=below(message.pk), role=Message.Role.USER)
    if conversation.owner_id != user.pk and rows.exclude(author=user).exists():
        raise RefusedError(
            "Somebody else has written after this. "
            f"Only {conversation.owner.name} can delete it."
        )
    roots = conversation.messages.filter(parent=None).exclude(pk=message.pk)
    if message.parent_id is None and not roots.exists():
        raise RefusedError(
            "This is all there is here. Delete the whole conversation instead."
        )


def _mark_around(message: Message, version: int) -> None:
    """Let what is beside and above a branch be shown anew: the count has changed."""
    mark_siblings(message=message, version=version)
    waiting = waiting_messages(message.conversation_id)
    mark_changed(message.conversation_id, [message.parent_id, *waiting])
