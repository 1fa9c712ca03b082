"""Finding with PostgreSQL, whose planner knows how common a word is, not where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import connection

from conversations.models import SearchEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any
    from uuid import UUID

    from conversations.services.search.wanted import Wanted

_TABLE = SearchEntry._meta.db_table  # noqa: SLF001 - SQL of its own, as in changes.py
# More than are walked at once: whether there are others is then known.
_FETCHED = 250
# What fewer entries have is found by the index; of what more have, one's own newest
# entries are read first: there are some among them.
_MANY = 50_000
_NEWEST = 2_000
# Of these at first so many.
_FIRST = 500

_ANYWHERE = f"""
SELECT id FROM {_TABLE}
WHERE vector @@ %s::tsquery AND id >= %s AND id < %s AND {{kind}}
ORDER BY id DESC LIMIT {_FETCHED}
"""  # noqa: S608 - our own names
# All of one's own, and then the newest: else planners would go through what everybody
# wrote until they have enough of it, and where it is none, through all.
_OWN = f"""
WITH own AS MATERIALIZED (
    SELECT id FROM {_TABLE}
    WHERE {{match}} AND id >= %s AND id < %s AND conversation_id = ANY(%s) AND {{kind}}
)
SELECT id FROM own ORDER BY id DESC LIMIT {_FETCHED}
"""  # noqa: S608 - our own names
_NEWEST_OWN = f"""
SELECT id FROM {_TABLE} WHERE conversation_id = ANY(%s) AND id >= %s AND id < %s
ORDER BY id DESC LIMIT {_NEWEST}
"""  # noqa: S608 - our own names
# So written, the index of words is left aside.
_READ = "(vector @@ %s::tsquery) IS TRUE"
_OF_THESE = f"""
SELECT id FROM {_TABLE} WHERE {_READ} AND id = ANY(%s) AND {{kind}} ORDER BY id DESC
"""  # noqa: S608 - our own names


def find_on_postgresql(wanted: Wanted) -> Iterator[int]:
    """Yield the ids of the entries that are wanted, newest first, as they are read."""
    words = _expression(wanted)
    if wanted.conversations is None:
        yield from _in_pieces(_ANYWHERE, wanted, words)
    elif wanted.titles or estimate(words) < _MANY:
        indexed = _OWN.replace("{match}", "vector @@ %s::tsquery")
        yield from _in_pieces(indexed, wanted, words, wanted.conversations)
    else:
        yield from _newest_first(wanted, words, wanted.conversations)


def estimate(words: str) -> int:
    """Return how many entries the planner takes to have these words."""
    sql = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {_TABLE} WHERE vector @@ %s::tsquery"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [words])
        return int(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])


def _newest_first(wanted: Wanted, words: str, places: Sequence[UUID]) -> Iterator[int]:
    newest = _ids(_NEWEST_OWN, [list(places), wanted.after, wanted.before])
    some = newest[:_FIRST]
    sql = _OF_THESE.format(kind=_kind(wanted))
    found = _ids(sql, [words, some])
    yield from found
    # Where the first have none of it, all that is left is read at once.
    if found and len(newest) > _FIRST:
        some = newest
        yield from _ids(sql, [words, newest[_FIRST:]])
    if len(newest) == _NEWEST or len(some) < len(newest):
        rest = replace(wanted, before=some[-1])
        yield from _in_pieces(_OWN.replace("{match}", _READ), rest, words, places)


def _in_pieces(
    sql: str, wanted: Wanted, words: str, places: Sequence[UUID] | None = None
) -> Iterator[int]:
    """Read piece by piece: the planner is to choose for a piece, not for all."""
    before = wanted.before
    within = [] if places is None else [list(places)]
    while True:
        asked = [words, wanted.after, before, *within]
        found = _ids(sql.format(kind=_kind(wanted)), asked)
        yield from found
        if len(found) < _FETCHED:
            return
        before = found[-1]


def _ids(sql: str, parameters: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


def _kind(wanted: Wanted) -> str:
    kind = "message_id IS NULL" if wanted.titles else "message_id IS NOT NULL"
    if wanted.late_until is not None:
        kind += f" AND created_at < '{wanted.late_until.isoformat()}'::timestamptz"
    return kind


def _expression(wanted: Wanted) -> str:
    """Write the query, each word quoted: none of them is an operator."""
    needed = [f"'{word}'" for word in (*wanted.query.words, *wanted.marks)]
    if wanted.query.prefix:
        needed.append(f"'{wanted.query.prefix}':*")
    return " & ".join(needed)
