"""The index of each database: what it keeps of words, and how it finds them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

from conversations.models import SearchEntry
from conversations.services.search.postgresql import estimate, find_on_postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from conversations.services.search.wanted import Wanted

_TABLE = SearchEntry._meta.db_table  # noqa: SLF001 - SQL of its own, as in changes.py
_FETCHED = 250
# Of what fewer entries have, SQLite looks at all of them.
_FEW = 500
# The number of a lock of PostgreSQL's.
_INDEXING = 7_001
# What stands in so many entries is taken for a whole word: all that begins with it
# could not be looked through.
COMMON = 20_000
_CONVERSATION = "={}"
# From those that were found, newest first: in another order it would read far more.
_OF_THESE = f"""
SELECT entry.id FROM json_each(%s) AS found CROSS JOIN {_TABLE} AS entry
WHERE entry.id = found.value
    AND +entry.conversation_id IN (SELECT value FROM json_each(%s))
"""  # noqa: S608 - our own names

_MATCHES = """
SELECT rowid FROM conversations_searchindex
WHERE conversations_searchindex MATCH %s AND rowid >= %s AND rowid < %s
"""
_WRITTEN_BEFORE = f"""
AND EXISTS (
    SELECT 1 FROM {_TABLE} AS entry
    WHERE entry.id = conversations_searchindex.rowid AND entry.created_at < %s
)
"""  # noqa: S608 - our own names


class Entry(NamedTuple):
    """What is stored of a message, or of a title; its id is that of its note."""

    pk: int
    conversation: UUID
    message: UUID | None
    words: list[str]
    at: datetime
    is_late: bool


def wait_for_others() -> None:
    """Index one after the other, until this transaction ends."""
    # SQLite has one writer at a time anyway.
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_INDEXING])


def store(rows: Sequence[Entry]) -> None:
    """Insert entries."""
    sqlite = connection.vendor == "sqlite"
    words = "words" if sqlite else "words, vector"
    values = "%s" if sqlite else "'', array_to_tsvector(%s::text[])"
    sql = f"""
    INSERT INTO {_TABLE} (id, conversation_id, message_id, created_at, is_late, {words})
    VALUES (%s, %s, %s, %s, %s, {values})
    """  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.executemany(
            sql,
            [
                (
                    each.pk,
                    _id(each.conversation),
                    _id(each.message),
                    _adapt(each.at),
                    each.is_late,
                    _kept(each.words, each.conversation),
                )
                for each in rows
            ],
        )


def find(wanted: Wanted) -> Iterator[int]:
    """Yield the ids of the entries that are wanted, newest first, as they are read."""
    if connection.vendor == "sqlite":
        return _find_on_sqlite(wanted)
    return find_on_postgresql(wanted)


def is_common(word: str) -> bool:
    """Tell whether very many entries have this word; on PostgreSQL it is estimated."""
    if connection.vendor != "sqlite":
        return estimate(f"'{word}'") >= COMMON
    sql = """
    SELECT count(*) FROM (
        SELECT 1 FROM conversations_searchindex
        WHERE conversations_searchindex MATCH %s LIMIT %s
    )
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [f'"{word}"', COMMON])
        return bool(cursor.fetchone()[0] >= COMMON)


def _kept(words: list[str], conversation: UUID) -> str | list[str]:
    if connection.vendor != "sqlite":
        return words
    return " ".join([*words, _CONVERSATION.format(conversation.hex)])


def _adapt(at: datetime) -> str | None:
    return connection.ops.adapt_datetimefield_value(at)


def _id(value: UUID | None) -> UUID | str | None:
    if value is None or connection.vendor != "sqlite":
        return value
    return value.hex


def _find_on_sqlite(wanted: Wanted) -> Iterator[int]:
    places = wanted.conversations
    if places is None:
        yield from _matches(wanted)
        return
    anywhere = list(islice(_matches(replace(wanted, conversations=None)), _FEW))
    if len(anywhere) == _FEW:
        yield from _matches(wanted)
        return
    # To look where a few are is much quicker than to look up each conversation.
    hexes = [place.hex for place in places]
    with connection.cursor() as cursor:
        cursor.execute(_OF_THESE, [json.dumps(anywhere), json.dumps(hexes)])
        yield from (row[0] for row in cursor.fetchall())


def _matches(wanted: Wanted) -> Iterator[int]:
    sql = _MATCHES
    asked: list[str | int] = [_expression(wanted), wanted.after, wanted.before]
    if wanted.late_until is not None:
        sql += _WRITTEN_BEFORE
        asked.append(str(_adapt(wanted.late_until)))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ORDER BY rowid DESC", asked)
        while rows := cursor.fetchmany(_FETCHED):
            yield from (row[0] for row in rows)


def _expression(wanted: Wanted) -> str:
    """Write the query for FTS5, each word quoted: none of them is an operator."""
    if wanted.conversations is not None and not wanted.conversations:
        return '"=t" AND "=n"'
    needed = [f'"{word}"' for word in wanted.query.words]
    needed += [f'"{mark}"' for mark in wanted.marks]
    if wanted.query.prefix:
        needed.append(f'"{wanted.query.prefix}"*')
    if wanted.conversations is not None:
        places = (f'"{_CONVERSATION.format(pk.hex)}"' for pk in wanted.conversations)
        needed.append(f"({' OR '.join(places)})")
    return " AND ".join(needed)
