"""The conversations of somebody's rail: of their teams, shared with them, their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    FilteredRelation,
    OuterRef,
    Q,
)

from conversations import limits
from conversations.models import Conversation, Folder, Share, View
from conversations.services.order import without_placed
from conversations.services.reading import with_unread
from conversations.services.teams import list_full_teams

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from conversations.models import Team, User
    from conversations.models.conversations import ConversationQuerySet

TEAM_CONVERSATIONS = 5
# A statement has no room for more.
MOST_TEAMS = 100
_TABLE = Conversation._meta.db_table  # noqa: SLF001 - a part for each team

_VIEWS = View._meta.db_table  # noqa: SLF001
_FOLDERS = Folder._meta.db_table  # noqa: SLF001

# One statement finds all that stands above the list by day: what kind it is, its id,
# and what it is in.
_FOLDERS_BY_NAME = f"""
SELECT 'folder', CAST(id AS VARCHAR), name FROM {_FOLDERS}
WHERE user_id = %s AND deleted_at IS NULL
"""  # noqa: S608 - our own table names, as below
_PINNED = f"""
SELECT 'pinned', CAST(conversation_id AS VARCHAR), '' FROM {_VIEWS}
WHERE user_id = %s AND pinned_at IS NOT NULL AND archived_at IS NULL
"""  # noqa: S608
_FILED = f"""
SELECT 'filed', CAST(conversation_id AS VARCHAR), CAST(folder_id AS VARCHAR) FROM (
    SELECT v.conversation_id, v.folder_id, ROW_NUMBER() OVER (
        PARTITION BY v.folder_id ORDER BY c.active_at DESC, c.id DESC
    ) AS place FROM {_FOLDERS} f
    JOIN {_VIEWS} v ON v.folder_id = f.id
    JOIN {_TABLE} c ON c.id = v.conversation_id AND c.deleted_at IS NULL
    WHERE f.user_id = %s AND f.deleted_at IS NULL AND v.user_id = f.user_id
    AND v.pinned_at IS NULL AND v.archived_at IS NULL AND f.id NOT IN ({{closed}})
) AS ranked WHERE place <= %s
"""  # noqa: S608
_NEWEST = f"""
SELECT 'team', CAST(id AS VARCHAR), '' FROM (
    SELECT id FROM {_TABLE} c WHERE team_id = %s AND deleted_at IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM {_VIEWS} v LEFT JOIN {_FOLDERS} f ON f.id = v.folder_id
        WHERE v.conversation_id = c.id AND v.user_id = %s AND (
            v.pinned_at IS NOT NULL OR v.archived_at IS NOT NULL
            OR (f.id IS NOT NULL AND f.deleted_at IS NULL)
        )
    )
    ORDER BY active_at DESC LIMIT {TEAM_CONVERSATIONS}
) AS newest
"""  # noqa: S608


@dataclass(slots=True)
class Filed:
    """A folder of a person, and the newest that are in it; `more` if there are others."""

    pk: int
    name: str
    rows: list[Conversation] = field(default_factory=list)
    more: bool = False


@dataclass(slots=True)
class Above:
    """What stands above the list by day: what is pinned, in folders, and of teams."""

    pinned: list[Conversation]
    folders: list[Filed]
    of_teams: dict[int, list[Conversation]]


def list_teams(*, user: User) -> list[Team]:
    """Return the teams whose conversations somebody sees as a member, by name."""
    return list(list_full_teams(user=user)[:MOST_TEAMS])


def list_above(
    *, user: User, teams: Sequence[Team], closed: Collection[int] = ()
) -> Above:
    """Return what stands above the list by day, by two statements.

    Pinned is in the order of pinning, folders by name, the rest newest first. Of
    folders that are `closed` only the name is read.
    """
    found = _find_above(user, teams, closed)
    ids = {UUID(pk): (kind, place) for kind, pk, place in found if kind != "folder"}
    rows = Conversation.objects.shared_with(user).filter(pk__in=ids)
    newest = for_rail(rows, user).order_by("-active_at", "-pk") if ids else ()
    folders = {pk: Filed(int(pk), name) for kind, pk, name in found if kind == "folder"}
    above = Above([], [], {team.pk: [] for team in teams})
    for row in newest:
        kind, place = ids[row.pk]
        if kind == "pinned":
            above.pinned.append(row)
        elif kind == "filed":
            folders[place].rows.append(row)
        else:
            above.of_teams.setdefault(row.team_id or 0, []).append(row)
    # Annotated as said below, which types do not know.
    above.pinned.sort(key=attrgetter("pinned_at"))
    above.folders = sorted(folders.values(), key=lambda one: one.name.casefold())
    # What may no longer be seen stands before what may: count what is there.
    filed = Counter(place for kind, _, place in found if kind == "filed")
    for one in above.folders:
        one.more = filed[str(one.pk)] > limits.FOLDER_CONVERSATIONS
        del one.rows[limits.FOLDER_CONVERSATIONS :]
    return above


def list_shared_singly(*, user: User, teams: Sequence[Team]) -> ConversationQuerySet:
    """Return what people share with somebody beside what they share with `teams`."""
    shares = Share.objects.filter(user=user)
    rows = Conversation.objects.filter(pk__in=shares.values("conversation"))
    elsewhere = rows.filter(deleted_at=None).exclude(owner=user)
    return for_rail(without_placed(_outside(elsewhere, teams), user), user)


def list_own(*, user: User, teams: Sequence[Team]) -> ConversationQuerySet:
    """Return somebody's own conversations beside what they share with `teams`.

    What they have put elsewhere is left out here too.
    """
    own = _outside(Conversation.objects.owned_by(user), teams)
    return for_rail(without_placed(own, user), user)


def for_rail(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    """Annotate conversations with what a row says: `is_unread`, `may_write` and more."""
    writable = Conversation.objects.writable_by(user).filter(pk=OuterRef("pk"))
    shares = Share.objects.filter(conversation=OuterRef("pk"))
    mine = FilteredRelation("views", condition=Q(views__user=user.pk))
    return with_unread(rows, user).annotate(
        may_write=Exists(writable),
        has_shares=Exists(shares),
        mine=mine,
        has_draft=ExpressionWrapper(Q(mine__draft__gt=""), BooleanField()),
        pinned_at=F("mine__pinned_at"),
    )


def _outside(rows: ConversationQuerySet, teams: Sequence[Team]) -> ConversationQuerySet:
    return rows.exclude(team__in=[team.pk for team in teams])


def _find_above(
    user: User, teams: Sequence[Team], closed: Collection[int]
) -> list[tuple[str, str, str]]:
    # At least one, as an empty list is no SQL; there is no folder 0.
    shut = [0, *closed]
    filed = _FILED.format(closed=", ".join(["%s"] * len(shut)))
    parts = [_FOLDERS_BY_NAME, _PINNED, filed, *[_NEWEST] * len(teams)]
    each = [value for team in teams for value in (team.pk, user.pk)]
    most = limits.FOLDER_CONVERSATIONS + 1
    with connection.cursor() as cursor:
        query = " UNION ALL ".join(parts)
        mine = [user.pk, user.pk, user.pk, *shut, most]
        cursor.execute(query, [*mine, *each])
        return list(cursor.fetchall())
