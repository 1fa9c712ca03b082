"""Branches: the path from a leaf message to the root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Exists, OuterRef

from conversations.models import Message

if TYPE_CHECKING:
    from uuid import UUID

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
    return [_as_uuid(row) for row in _rows(_PATH, [_parameter(leaf), limit])]


def count_turns(*, leaf: UUID) -> int:
    """Return how many turns a branch has down to and including `leaf`."""
    return int(_rows(_COUNT_ASKED, [_parameter(leaf)])[0])


def _rows(sql: str, parameters: list[object]) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


_ID = Message._meta.pk  # noqa: SLF001


def _parameter(pk: UUID) -> object:
    return _ID.get_db_prep_value(pk, connection)


def _as_uuid(value: object) -> UUID:
    return _ID.to_python(value)  # type: ignore[no-any-return]
