"""The rail: one's conversations, newest first, grouped by day, paged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation

if TYPE_CHECKING:
    from conversations.models import User
    from conversations.models.conversations import ConversationQuerySet


@dataclass(frozen=True, slots=True)
class Rail:
    """A page of the list; `next` is the cursor of the page after it."""

    groups: list[tuple[str, list[Conversation]]]
    next: str
    current: object = None


def read_rail(
    user: User, *, before: str = "", current: object = None, continued: bool = True
) -> Rail:
    """Return a page of the list, `continued` where it stands under the one before."""
    rows = _after(Conversation.objects.visible_to(user), before)
    page = list(rows.order_by("-active_at", "-pk")[: limits.PAGE_CONVERSATIONS + 1])
    more = len(page) > limits.PAGE_CONVERSATIONS
    page = page[: limits.PAGE_CONVERSATIONS]
    today = timezone.localdate()
    # The page before ended on this day: its heading is there already.
    told = _cursor_day(before) if continued else None
    groups = [
        ("" if day == told else _heading(day, today), list(rows))
        for day, rows in groupby(page, lambda row: _day(row.active_at))
    ]
    return Rail(groups, _cursor(page[-1]) if more else "", current)


def _cursor(last: Conversation) -> str:
    return f"{last.active_at.isoformat()}~{last.pk}"


def _read_cursor(before: str) -> tuple[datetime, UUID] | None:
    stamp, _, pk = before.partition("~")
    try:
        moment = datetime.fromisoformat(stamp)
        return (moment, UUID(pk)) if moment.tzinfo else None
    except ValueError:
        return None


def _cursor_day(before: str) -> date | None:
    cursor = _read_cursor(before)
    return _day(cursor[0]) if cursor else None


def _after(rows: ConversationQuerySet, before: str) -> ConversationQuerySet:
    cursor = _read_cursor(before)
    if cursor is None:
        return rows
    moment, pk = cursor
    return rows.filter(Q(active_at__lt=moment) | Q(active_at=moment, pk__lt=pk))


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
