"""Turns that no model ever heard of: withdrawn before they began, or too large to send."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import Q

from conversations.models import Generation, Message
from conversations.services.endings import TOO_LARGE
from conversations.wire import State

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

_TABLE = Message._meta.db_table  # noqa: SLF001 - the way up needs SQL of its own
_ASKED = Generation._meta.db_table  # noqa: SLF001 - as above

_REPLY_ABOVE = f"""
WITH RECURSIVE above(id, depth) AS (
    SELECT previous_reply_id, 1 FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.previous_reply_id, above.depth + 1 FROM {_TABLE} m
    JOIN above ON m.id = above.id
    WHERE NOT EXISTS (
        SELECT 1 FROM {_ASKED} g
        WHERE g.message_id = above.id AND g.started_at IS NOT NULL
    )
)
SELECT id FROM above ORDER BY depth DESC LIMIT 1
"""  # noqa: S608 - our own table names


def find_asked_above(*, reply: UUID) -> UUID | None:
    """Return the newest reply above another one on its branch that a model was asked for.

    There may be many between them that were withdrawn.
    """
    pk = reply if connection.features.has_native_uuid_field else reply.hex
    with connection.cursor() as cursor:
        cursor.execute(_REPLY_ABOVE, [str(pk)])
        row = cursor.fetchone()
    return UUID(str(row[0])) if row and row[0] else None


def list_never_asked(*, beside: UUID) -> set[UUID]:
    """Return the empty replies of such turns in a message's conversation."""
    rows = _never_asked().filter(conversation__messages=beside)
    return set(rows.filter(message__content="").values_list("message", flat=True))


def find_never_asked(*, empty: Collection[UUID]) -> set[UUID]:
    """Return which replies without a word are those of such turns."""
    if not empty:
        return set()
    rows = _never_asked().filter(message__in=empty)
    return set(rows.values_list("message", flat=True))


def _never_asked() -> QuerySet[Generation]:
    withdrawn = Q(state=State.STOPPED, started_at=None)
    too_large = Q(state=State.CONTEXT_FULL, error_kind=TOO_LARGE)
    return Generation.objects.filter(withdrawn | too_large)
