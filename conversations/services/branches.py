"""Branches: the path from a leaf message to the root."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from conversations.models import Message

if TYPE_CHECKING:
    from conversations.models import Conversation

_TABLE = Message._meta.db_table  # noqa: SLF001 - the path needs SQL of its own

_PATH = f"""
WITH RECURSIVE path(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, path.depth + 1 FROM {_TABLE} m
    JOIN path ON m.id = path.parent_id WHERE path.depth + 1 < %s
)
SELECT id FROM path ORDER BY depth
"""  # noqa: S608 - our own table name

_COUNT_ASKED = f"""
WITH RECURSIVE path(id, parent_id, role) AS (
    SELECT id, parent_id, role FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, m.role FROM {_TABLE} m JOIN path ON m.id = path.parent_id
)
SELECT count(*) FROM path WHERE role = 'assistant'
"""  # noqa: S608 - our own table name


def find_leaf(*, conversation: Conversation) -> UUID | None:
    """Return the end of the newest branch, or None where nothing was said."""
    children = Message.objects.filter(parent=OuterRef("pk"))
    ends = conversation.messages.filter(~Exists(children)).order_by("-seq")
    return ends.values_list("pk", flat=True).first()


def list_path(*, leaf: UUID, limit: int) -> list[UUID]:
    """Return the newest `limit` message ids of a branch, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PATH, [_parameter(leaf), limit])
        return [UUID(str(row[0])) for row in cursor.fetchall()]


def count_turns(*, leaf: UUID) -> int:
    """Return how many turns a branch has down to and including `leaf`."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_ASKED, [_parameter(leaf)])
        return int(cursor.fetchone()[0])


def _parameter(pk: UUID) -> str:
    # SQLite keeps a UUID as 32 digits, PostgreSQL as what it is.
    return str(pk) if connection.features.has_native_uuid_field else pk.hex
