"""Stretches of a branch: what comes after a message, as far as one wants to see."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from conversations.models import Message
from conversations.services.branching.branches import (
    NOT_REMOVED,
    as_parameter,
    find_on_branch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TABLE = Message._meta.db_table  # noqa: SLF001 - as for the paths up

_FOLLOWING = f"""
WITH RECURSIVE below(id, parent_id, seq, depth) AS (
    SELECT id, parent_id, seq, 0 FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, m.seq, below.depth + 1 FROM {_TABLE} m
    JOIN below ON m.parent_id = below.id
    WHERE below.depth < %s AND {NOT_REMOVED}
)
SELECT id, parent_id FROM below WHERE depth > 0 ORDER BY depth, seq
"""  # noqa: S608 - our own table name


def list_following(*, message: UUID, end: UUID | None, limit: int) -> list[UUID]:
    """Return the next `limit` message ids after a message, oldest first.

    Where branches part, on the one to `end`; on the newest where none leads there.
    """
    after = _list_children(message, limit)
    parting = [pk for group in after.values() if len(group) > 1 for pk in group]
    ways = set(find_on_branch(leaf=end, wanted=parting)) if end and parting else set()
    found: list[UUID] = []
    group = after.get(message, ())
    while group:
        found.append(next((pk for pk in group if pk in ways), group[-1]))
        group = after.get(found[-1], ())
    return found


def _list_children(message: UUID, depth: int) -> Mapping[UUID, Sequence[UUID]]:
    """Return what comes directly after which message, by age, `depth` messages down."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOWING, [as_parameter(message), depth])
        rows = [(UUID(str(pk)), UUID(str(parent))) for pk, parent in cursor.fetchall()]
    children: dict[UUID, list[UUID]] = defaultdict(list)
    for pk, parent in rows:
        children[parent].append(pk)
    return dict(children)
