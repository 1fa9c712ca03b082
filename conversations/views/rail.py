"""The rail: one's conversations, newest first, grouped by day, paged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations import limits
from conversations.models import Conversation

if TYPE_CHECKING:
    from conversations.models import User


@dataclass(frozen=True, slots=True)
class Rail:
    """A page of the list; `next` is the cursor of the page after it."""

    groups: list[tuple[str, list[Conversation]]]
    next: str
    current: object = None


def read_rail(user: User, *, before: str = "", current: object = None) -> Rail:
    rows = _after(Conversation.objects.visible_to(user), before)
    page = list(rows.order_by("-active_at", "-pk")[: limits.PAGE_CONVERSATIONS + 1])
    more = len(page) > limits.PAGE_CONVERSATIONS
    page = page[: limits.PAGE_CONVERSATIONS]
    today = timezone.localdate()
    groups = [
        (_heading(day, today), list(rows))
        for day, rows in groupby(page, lambda row: _day(row.active_at))
    ]
    return Rail(groups, _cursor(page[-1]) if more else "", current)


def _cursor(last: Conversation) -> str:
    return f"{last.active_at.isoformat()}~{last.pk}"


def _after(rows, before: str):  # type: ignore[no-untyped-def]
    stamp, _, pk = before.partition("~")
    try:
        moment = parse_datetime(stamp)
    except ValueError:
        moment = None
    if moment is None:
        return rows
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
