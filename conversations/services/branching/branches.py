"""Branches: the path from a leaf message to the root."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min
from django.db.models.expressions import RawSQL

from conversations.models import Attachment, Message
from conversations.services.branching.withdrawn import list_never_asked

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from conversations.live.room import Branch
    from conversations.models import Conversation

    # A message's id, role, content, tokens, the number of its newest attempt, whom it
    # is meant for, its author's name where the model sees that, and whether it has files.
    Row = tuple[UUID, str, str, int | None, int, str, str, bool]

# No message has this id: a list of ids must not be empty.
NOBODY = UUID(int=0)
_TABLE = Message._meta.db_table  # noqa: SLF001 - the path needs SQL of its own
# On the way down. Of a condition on the messages alone SQLite makes a filter, for which
# it reads all messages there are.
NOT_REMOVED = "(m.removed_at IS NULL OR below.id IS NULL)"
_FILES = Attachment._meta.db_table  # noqa: SLF001 - as above

_PATH = f"""
WITH RECURSIVE path(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, path.depth + 1 FROM {_TABLE} m
    JOIN path ON m.id = path.parent_id WHERE path.depth + 1 < %s
)
SELECT id FROM path ORDER BY depth
"""  # noqa: S608 - our own table name

_PATH_AND_BESIDE = f"""
WITH RECURSIVE path(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, path.depth + 1 FROM {_TABLE} m
    JOIN path ON m.id = path.parent_id WHERE path.depth + 1 < %s
)
SELECT id FROM path UNION ALL
SELECT id FROM {_TABLE} WHERE parent_id = %s AND removed_at IS NULL
"""  # noqa: S608 - our own table name

_COUNT_ASKED = f"""
WITH RECURSIVE path(id, parent_id, role) AS (
    SELECT id, parent_id, role FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, m.role FROM {_TABLE} m JOIN path ON m.id = path.parent_id
)
SELECT count(*) FROM path WHERE role = 'assistant' AND id NOT IN ({{never}})
"""  # noqa: S608 - our own table name

# A message comes after those before it: the newest of all is an end.
_NEWEST_END = f"""
WITH RECURSIVE below(id, seq) AS (
    SELECT id, seq FROM {_TABLE}
    WHERE id = %s AND conversation_id = %s AND removed_at IS NULL
    UNION ALL
    SELECT m.id, m.seq FROM {_TABLE} m JOIN below ON m.parent_id = below.id
    WHERE {NOT_REMOVED}
)
SELECT id FROM below ORDER BY seq DESC LIMIT 1
"""  # noqa: S608 - our own table name

_BELOW = f"""
WITH RECURSIVE below(id) AS (
    SELECT id FROM {_TABLE} WHERE id = %s AND removed_at IS NULL
    UNION ALL
    SELECT m.id FROM {_TABLE} m JOIN below ON m.parent_id = below.id
    WHERE {NOT_REMOVED}
)
SELECT id FROM below
"""  # noqa: S608 - our own table name

# With what was deleted: it goes where they go.
_BEHIND = f"""
WITH RECURSIVE behind(id) AS (
    SELECT id FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id FROM {_TABLE} m JOIN behind ON m.parent_id = behind.id
)
SELECT id FROM behind
"""  # noqa: S608 - our own table name

# All below a message that was deleted is deleted too, and nothing above it need be.
_TOP_REMOVED = f"""
WITH RECURSIVE path(id, parent_id) AS (
    SELECT id, parent_id FROM {_TABLE}
    WHERE id = %s AND conversation_id = %s AND removed_at IS NOT NULL
    UNION ALL
    SELECT m.id, m.parent_id FROM {_TABLE} m
    JOIN path ON m.id = path.parent_id WHERE m.removed_at IS NOT NULL
)
SELECT id FROM path WHERE parent_id IS NULL OR EXISTS (
    SELECT 1 FROM {_TABLE} p WHERE p.id = path.parent_id AND p.removed_at IS NULL
)
"""  # noqa: S608 - our own table name

# A message comes after those before it, so the walk may end at the oldest one wanted.
_WANTED = f"""
WITH RECURSIVE path(id, parent_id, depth) AS (
    SELECT id, parent_id, 0 FROM {_TABLE} WHERE id = %s
    UNION ALL
    SELECT m.id, m.parent_id, path.depth + 1 FROM {_TABLE} m
    JOIN path ON m.id = path.parent_id WHERE m.seq >= %s
)
SELECT id FROM path WHERE id IN ({{wanted}}) ORDER BY depth
"""  # noqa: S608 - our own table name

_MESSAGES = f"""
SELECT id, role, content, tokens, attempt, meant_for, sent_as,
    EXISTS (SELECT 1 FROM {_FILES} f WHERE f.message_id = {_TABLE}.id)
FROM {_TABLE}
WHERE id IN ({{wanted}}) AND meant_for <> 'people'
"""  # noqa: S608 - our own table name

# What has been counted meanwhile may be of a longer text.
_STORE_TOKENS = f"""
UPDATE {_TABLE} SET tokens = %s WHERE id = %s AND tokens IS NULL
"""  # noqa: S608 - our own table name


def find_leaf(*, conversation: Conversation) -> UUID | None:
    """Return the end of the newest branch, or None where nothing was said.

    It is the newest message: one comes after those before it.
    """
    newest = conversation.messages.order_by("-seq")
    return newest.values_list("pk", flat=True).first()


def find_leaf_below(*, conversation: Conversation, message: UUID) -> UUID | None:
    """Return the end of the newest branch through a message; None where it is not here.

    What is added to a conversation is always the newest: this is also where the branch
    went on last.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _NEWEST_END, [as_parameter(message), as_parameter(conversation.pk)]
        )
        row = cursor.fetchone()
    return UUID(str(row[0])) if row else None


def find_end(*, conversation: Conversation, message: UUID) -> UUID | None:
    """Return the end of the newest branch through a message, or nearest to it.

    Nearest to one that was deleted is the next version, or the one before it, or what
    it came after. None where there never was such a message.
    """
    leaf = find_leaf_below(conversation=conversation, message=message)
    if leaf is not None:
        return leaf
    with connection.cursor() as cursor:
        given = [as_parameter(message), as_parameter(conversation.pk)]
        cursor.execute(_TOP_REMOVED, given)
        row = cursor.fetchone()
    return _find_nearest(conversation, UUID(str(row[0]))) if row else None


def _find_nearest(conversation: Conversation, removed: UUID) -> UUID | None:
    gone = Message.everything.only("parent", "role", "seq").get(pk=removed)
    beside = conversation.messages.filter(parent=gone.parent_id, role=gone.role)
    beside = beside.only("pk")
    after = beside.filter(seq__gt=gone.seq).order_by("seq").first()
    nearest = after or beside.order_by("-seq").first()
    goes_on = nearest.pk if nearest else gone.parent_id
    if goes_on is None:
        return find_leaf(conversation=conversation)
    return find_leaf_below(conversation=conversation, message=goes_on)


def follow_branch(*, conversation: Conversation, branch: Branch) -> UUID | None:
    """Return where the branch of a page ends by now.

    An answer at its end that was tried again gives way to the newest try, unless the
    page stays. Where it was deleted, that is the branch nearest to it; a page that shows
    nothing of the conversation gets its newest branch.
    """
    at = branch.at
    leaf = find_end(conversation=conversation, message=at) if at else None
    if leaf is None:
        return find_leaf(conversation=conversation)
    if leaf == at and not branch.stays:
        newer = _find_newer_try(conversation, leaf)
        if newer is not None:
            return find_leaf_below(conversation=conversation, message=newer)
    return leaf


def _find_newer_try(conversation: Conversation, reply: UUID) -> UUID | None:
    row = conversation.messages.filter(pk=reply, role=Message.Role.ASSISTANT)
    tries = conversation.messages.filter(
        role=Message.Role.ASSISTANT,
        parent__in=row.values("parent"),
        seq__gt=row.values("seq"),
    )
    return tries.order_by("-seq").values_list("pk", flat=True).first()


def list_behind(*, message: UUID) -> list[UUID]:
    """Return a message and all that came of it, also what was deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, [as_parameter(message)])
        return [UUID(str(row[0])) for row in cursor.fetchall()]


def below(message: UUID) -> RawSQL:
    """Return a message and all that came of it as SQL, for a filter."""
    return RawSQL(_BELOW, [as_parameter(message)])  # noqa: S611 - our own SQL


def list_path(*, leaf: UUID, limit: int) -> list[UUID]:
    """Return the newest `limit` message ids of a branch, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PATH, [as_parameter(leaf), limit])
        return [UUID(str(row[0])) for row in cursor.fetchall()]


def read_messages(ids: Sequence[UUID]) -> list[Row]:
    """Return messages as plain values, in no order: there may be many.

    What is for people only is left out: no model sees it.
    """
    keys = {as_parameter(pk): pk for pk in ids}
    query = _MESSAGES.format(wanted=", ".join(["%s"] * len(keys)))
    with connection.cursor() as cursor:
        cursor.execute(query, list(keys))
        return [(keys[str(key)], *row) for key, *row in cursor.fetchall()]


def store_tokens(counts: Mapping[UUID, int]) -> None:
    """Keep how many tokens messages have, by our count."""
    rows = [(tokens, as_parameter(pk)) for pk, tokens in counts.items()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_STORE_TOKENS, rows)


def on_path_or_beside(*, leaf: UUID, limit: int, of: UUID) -> RawSQL:
    """Return the newest `limit` ids of a branch and all children `of` a message, as SQL.

    For a filter: to hand so many ids to the database takes longer than to find them.
    """
    given = [as_parameter(leaf), limit, as_parameter(of)]
    return RawSQL(_PATH_AND_BESIDE, given)  # noqa: S611 - our own SQL


def find_on_branch(*, leaf: UUID, wanted: Collection[UUID]) -> list[UUID]:
    """Return those of `wanted` that are on a branch, newest first."""
    rows = Message.objects.filter(pk__in=wanted)
    oldest = rows.aggregate(oldest=Min("seq"))["oldest"]
    if oldest is None:
        return []
    ids = [as_parameter(pk) for pk in wanted]
    query = _WANTED.format(wanted=", ".join(["%s"] * len(ids)))
    with connection.cursor() as cursor:
        cursor.execute(query, [as_parameter(leaf), oldest, *ids])
        return [UUID(str(row[0])) for row in cursor.fetchall()]


def count_turns(*, leaf: UUID) -> int:
    """Return how many turns a branch has down to and including `leaf`.

    Those that no model ever heard of are not among them.
    """
    never = [as_parameter(pk) for pk in (NOBODY, *list_never_asked(beside=leaf))]
    query = _COUNT_ASKED.format(never=", ".join(["%s"] * len(never)))
    with connection.cursor() as cursor:
        cursor.execute(query, [as_parameter(leaf), *never])
        return int(cursor.fetchone()[0])


def as_parameter(pk: UUID) -> str:
    """Return a key as SQL of our own takes it."""
    # SQLite keeps a UUID as 32 digits, PostgreSQL as what it is.
    return str(pk) if connection.features.has_native_uuid_field else pk.hex
