"""A list of conversations, newest first, page by page: each begins after a cursor."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from conversations import limits

if TYPE_CHECKING:
    from conversations.models import Conversation
    from conversations.models.conversations import ConversationQuerySet


def cursor_of(last: Conversation) -> str:
    """Return the cursor of the page after the one that ends with `last`."""
    return f"{last.active_at.isoformat()}~{last.pk}"


def read_cursor(before: str) -> tuple[datetime, UUID] | None:
    """Return what a cursor says, None where it is none."""
    stamp, _, pk = before.partition("~")
    try:
        # At either end of time a date may have no place in another time zone.
        moment = datetime.fromisoformat(stamp)
        is_moment = moment.tzinfo and MINYEAR < moment.year < MAXYEAR
        return (moment, UUID(pk)) if is_moment else None
    except ValueError:
        return None


def cut_page(rows: ConversationQuerySet, before: str) -> tuple[list[Conversation], str]:
    """Return a page of rows, newest first, and the cursor of the next, "" for none."""
    newest = rows_after(rows, before).order_by("-active_at", "-pk")
    page = list(newest[: limits.PAGE_CONVERSATIONS + 1])
    more = len(page) > limits.PAGE_CONVERSATIONS
    page = page[: limits.PAGE_CONVERSATIONS]
    return page, cursor_of(page[-1]) if more else ""


def rows_after(rows: ConversationQuerySet, before: str) -> ConversationQuerySet:
    """Return the rows after a cursor, all of them where it is none."""
    cursor = read_cursor(before)
    if cursor is None:
        return rows
    moment, pk = cursor
    return rows.filter(Q(active_at__lt=moment) | Q(active_at=moment, pk__lt=pk))
