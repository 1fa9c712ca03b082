"""The conversation's version: how pages find out what they have missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from conversations.live.hub import get_hub
from conversations.models import Conversation, Generation, Message
from conversations.services.branching.branches import as_parameter
from conversations.services.errors import RefusedError
from conversations.wire import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

_TABLE = Conversation._meta.db_table  # noqa: SLF001 - SQL of its own, as below

# Every change takes a version: through models it would take ten times as long.
_NEXT = f"""
UPDATE {_TABLE} SET version = version + 1, active_at = coalesce(%s, active_at)
WHERE id = %s AND deleted_at IS NULL
"""  # noqa: S608 - our own table name
_VERSION = f"""
SELECT version FROM {_TABLE} WHERE id = %s AND deleted_at IS NULL
"""  # noqa: S608 - our own table name


def next_version(
    conversation_id: UUID, *, active_at: datetime | None = None, **also: object
) -> int:
    """Take the next version; the row stays locked until the transaction ends.

    `active_at` is when somebody last asked something here, None leaves it; `also` are
    other fields of the conversation to set. Raises `RefusedError` where the
    conversation has been deleted meanwhile.
    """
    pk = as_parameter(conversation_id)
    when = connection.ops.adapt_datetimefield_value(active_at)
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [when, pk])
        cursor.execute(_VERSION, [pk])
        row = cursor.fetchone()
    if row is None:
        raise RefusedError("This conversation has been deleted.")
    if also:
        Conversation.objects.filter(pk=conversation_id).update(**also)
    return int(row[0])


def mark_changed(conversation_id: UUID, message_ids: Iterable[UUID | None]) -> int:
    """Say that messages changed: a new version, announced after the commit."""
    version = next_version(conversation_id)
    wanted = [pk for pk in message_ids if pk is not None]
    Message.objects.filter(pk__in=wanted).update(changed=version)
    announce_after_commit(conversation_id)
    return version


def waiting_messages(conversation_id: UUID) -> list[UUID | None]:
    """The questions and replies of turns that wait; they show what they wait for."""
    rows = Generation.objects.filter(
        conversation=conversation_id, state=State.QUEUED, attempt=1
    ).values_list("message_id", "message__parent_id")
    return [pk for row in rows for pk in row]


def announce_after_commit(conversation_id: UUID, *, by: int | None = None) -> None:
    """Tell open pages, once the transaction has committed.

    `by` is the person who has written a message; they no longer count as typing.
    """
    transaction.on_commit(lambda: get_hub().announce(conversation_id, by))


def tell_people_after_commit(
    user_ids: Iterable[int], *, besides: UUID | None = None
) -> None:
    """Let open pages of those people refresh their lists, once it is committed.

    For those who gain or lose something; a change of a conversation is told anyway.
    The pages that show the conversation `besides` are left out.
    """
    told = frozenset(user_ids)
    transaction.on_commit(lambda: get_hub().tell(told, besides))
