"""What the newest turns of a branch take, by one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from conversations.models import Message
from conversations.services.branching.branches import as_parameter

if TYPE_CHECKING:
    from uuid import UUID

_TABLE = Message._meta.db_table  # noqa: SLF001 - the path needs SQL of its own

_WEIGHT = """CASE WHEN m.meant_for = 'people' THEN 0
    ELSE coalesce(m.tokens, length(m.content) / 4) + %s END"""
_WEIGH = f"""
WITH RECURSIVE path(parent_id, role, turns, weight) AS (
    SELECT m.parent_id, m.role, 0, {_WEIGHT} FROM {_TABLE} m WHERE m.id = %s
    UNION ALL
    SELECT m.parent_id, m.role, path.turns + CASE
        WHEN path.role = 'user' AND m.role = 'assistant' THEN 1 ELSE 0 END,
    path.weight + {_WEIGHT} FROM {_TABLE} m JOIN path ON m.id = path.parent_id
    WHERE path.weight <= %s
)
SELECT max(weight) FROM path WHERE turns < %s
"""  # noqa: S608 - our own table name


def weigh_path(
    *, leaf: UUID, most_tokens: int, most_turns: int | None, a_message: int
) -> int:
    """Return what a branch's newest turns take, in tokens of ours.

    `a_message` is what each message takes beside its text. What goes beyond
    `most_tokens` is not looked at; what nobody has counted yet is estimated.
    """
    turns = 1_000_000 if most_turns is None else most_turns
    given = (a_message, as_parameter(leaf), a_message, most_tokens, turns)
    with connection.cursor() as cursor:
        cursor.execute(_WEIGH, given)
        return int(cursor.fetchone()[0] or 0)
