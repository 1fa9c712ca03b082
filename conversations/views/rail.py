"""The rail: one's teams' conversations, those shared with one, and one's own by day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation
from conversations.services.lists import (
    for_rail,
    list_above,
    list_own,
    list_shared_singly,
    list_teams,
)
from conversations.services.order import list_in_folder
from conversations.views.paging import cursor_of, cut_page, read_cursor

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from django.http import HttpRequest

    from conversations.models import Team, User
    from conversations.services.lists import Filed

SHARED = "Shared with you"
PINNED = "Pinned"
# What the cursors of that list begin with: it is paged by itself.
SHARED_CURSOR = "shared~"
# Likewise, with the number of a folder.
FOLDER_CURSOR = re.compile(r"folder([0-9]{1,18})~(.*)")
# The folders that are closed in a browser, as it says.
CLOSED_COOKIE = "closed_folders"
_CLOSED = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations under a heading, which may be a link; `next` is as in `Rail`."""

    heading: str
    rows: Sequence[Conversation]
    url: str = ""
    next: str = ""
    # Whether others write in it.
    is_shared: bool = False
    # Of a folder its number, and whether it is open in this browser.
    folder: int = 0
    is_open: bool = True
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Rail:
    """A page of the list; `next` is the cursor of the page after it."""

    groups: list[Group]
    next: str
    current: object = None


def read_rail(
    user: User,
    *,
    before: str = "",
    current: object = None,
    continued: bool = True,
    closed: Collection[int] = (),
) -> Rail:
    """Return a page of the list, `continued` where it stands under the one before.

    Folders that are `closed` are not opened.
    """
    if found := FOLDER_CURSOR.fullmatch(before):
        return Rail(_in_folder(user, int(found[1]), found[2]), "", current)
    teams = list_teams(user=user)
    if before.startswith(SHARED_CURSOR):
        cursor = before.removeprefix(SHARED_CURSOR)
        return Rail(_shared(user, teams, cursor, continued=continued), "", current)
    first = [] if before else [*_above(user, teams, closed), *_shared(user, teams)]
    page, next_cursor = cut_page(list_own(user=user, teams=teams), before)
    # The page before ended on this day: its heading is there already.
    told = _cursor_day(before) if continued else None
    return Rail([*first, *_by_day(page, told)], next_cursor, current)


def find_closed(request: HttpRequest) -> set[int]:
    """Return the folders that are closed in this browser, as it says."""
    said = _CLOSED.findall(request.COOKIES.get(CLOSED_COOKIE, ""))
    return {int(one) for one in said[: limits.FOLDERS_PER_USER]}


def read_row(user: User, conversation: Conversation) -> Conversation:
    """Return a conversation as a row of the rail."""
    return for_rail(Conversation.objects.filter(pk=conversation.pk), user).get()


def _above(user: User, teams: Sequence[Team], closed: Collection[int]) -> list[Group]:
    above = list_above(user=user, teams=teams, closed=closed)
    pinned = [Group(PINNED, above.pinned, is_pinned=True)] if above.pinned else []
    of_teams = [
        Group(
            team.name,
            above.of_teams[team.pk],
            reverse("team", args=[team.pk]),
            is_shared=True,
        )
        for team in teams
    ]
    folders = [_folder(one, is_open=one.pk not in closed) for one in above.folders]
    return [*pinned, *folders, *of_teams]


def _folder(one: Filed, *, is_open: bool) -> Group:
    cursor = cursor_of(one.rows[-1]) if one.more and one.rows else ""
    following = f"folder{one.pk}~{cursor}" if one.more or not is_open else ""
    return Group(one.name, one.rows, next=following, folder=one.pk, is_open=is_open)


def _in_folder(user: User, pk: int, before: str) -> list[Group]:
    rows = for_rail(list_in_folder(user=user, folder_pk=pk), user)
    page, cursor = cut_page(rows, before)
    following = f"folder{pk}~{cursor}" if cursor else ""
    return [Group("", page, next=following)]


def _shared(
    user: User, teams: Sequence[Team], before: str = "", *, continued: bool = False
) -> list[Group]:
    page, cursor = cut_page(list_shared_singly(user=user, teams=teams), before)
    heading = "" if continued else SHARED
    following = f"{SHARED_CURSOR}{cursor}" if cursor else ""
    group = Group(heading, page, next=following, is_shared=True)
    return [group] if page else []


def _by_day(page: Sequence[Conversation], told: date | None) -> list[Group]:
    today = timezone.localdate()
    return [
        Group("" if day == told else _heading(day, today), list(rows))
        for day, rows in groupby(page, lambda row: _day(row.active_at))
    ]


def _cursor_day(before: str) -> date | None:
    cursor = read_cursor(before)
    return _day(cursor[0]) if cursor else None


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


def _heading(day: date, today: date) -> str:
    age = (today - day).days
    if age <= 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    if age < 7:
        return day.strftime("%A")
    return f"{day.day} {day:%B}" if day.year == today.year else f"{day.day} {day:%B %Y}"
