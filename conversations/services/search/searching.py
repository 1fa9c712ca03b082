"""A search as a page shows it: titles, and messages with what was found in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Substr
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Message, SearchEntry
from conversations.services.search.finding import (
    Filters,
    find_entries,
    find_in_conversation,
    see,
)
from conversations.services.search.indexing import index_newest
from conversations.services.search.snippets import (
    Piece,
    cut_snippet,
    find_spans,
    mark_all,
)
from conversations.services.search.wanted import END
from conversations.services.search.words import read_query

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from conversations.models import User
    from conversations.services.search.sight import Sight
    from conversations.services.search.words import Query

# What of a text is looked at to rank it.
RANKED_LETTERS = 2_000
# After so long, what was written counts half as recent.
HALF_LIFE_DAYS = 30.0
MOST_IN_CONVERSATION = 1_000
_NAME = ("username", "first_name", "last_name")
_OF_CONVERSATION = (
    "conversation__title",
    "conversation__active_at",
    "conversation__team__name",
    *(f"conversation__owner__{field}" for field in _NAME),
)
_OF_MESSAGE = (
    "message__role",
    *(f"message__author__{field}" for field in _NAME),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A message in which something was found, or a title where there is none."""

    conversation: Conversation
    message: Message | None
    title: list[Piece]
    snippet: list[Piece]
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, best first; `next` is the cursor of what follows."""

    found: list[Found]
    next: str = ""


def search_all(
    *, user: User, typed: str, filters: Filters | None = None, titles: int
) -> tuple[list[Found], Page]:
    """Return the best titles, at most so many, and the first page of messages."""
    query, narrowed = read_query(typed), filters or Filters()
    if not query:
        return [], Page([])
    index_newest()
    sight = see(user=user, filters=narrowed)
    best = _find_titles(query, sight, narrowed, titles)
    return best, _find_messages(query, sight, narrowed)


def search_messages(
    *, user: User, typed: str, filters: Filters | None = None, cursor: str = ""
) -> Page:
    """Return a page of the messages that match, best first among the newest."""
    query, narrowed = read_query(typed), filters or Filters()
    if not query:
        return Page([])
    if not cursor:
        index_newest()
    return _find_messages(query, see(user=user, filters=narrowed), narrowed, cursor)


def _find_titles(
    query: Query, sight: Sight, filters: Filters, most: int
) -> list[Found]:
    ids = find_entries(
        query=query, sight=sight, filters=filters, before=END, titles=True
    )
    entries = (
        SearchEntry.objects.filter(pk__in=ids)
        .select_related("conversation__owner", "conversation__team")
        .only(*_OF_CONVERSATION)
    )
    now = timezone.now()
    best = _ranked(
        (
            _score(entry.conversation.title, now - entry.conversation.active_at, query),
            entry,
        )
        for entry in entries
    )
    return [_found_title(entry.conversation, query) for entry in best[:most]]


def _find_messages(
    query: Query, sight: Sight, filters: Filters, cursor: str = ""
) -> Page:
    before, offset = read_cursor(cursor)
    ids = find_entries(query=query, sight=sight, filters=filters, before=before)
    ranked = _rank(ids, query)
    shown = ranked[offset : offset + limits.SEARCH_PAGE]
    following = _next_cursor(ids, before, offset + limits.SEARCH_PAGE)
    return Page(_describe(shown, query), following)


def search_conversation(*, conversation: Conversation, typed: str) -> list[UUID]:
    """Return which messages of a conversation match, in its order."""
    query = read_query(typed)
    if not query:
        return []
    index_newest()
    return find_in_conversation(
        conversation=conversation, query=query, most=MOST_IN_CONVERSATION
    )


def read_cursor(cursor: str) -> tuple[int, int]:
    """Return before which entry a page begins, and how many are passed over."""
    before, _, offset = cursor.partition("~")
    if not (_is_number(before) and _is_number(offset)):
        return END, 0
    return int(before), int(offset)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _next_cursor(ids: Sequence[int], before: int, offset: int) -> str:
    """Go on in this block of entries, then in the one before it."""
    if offset < len(ids):
        # What is written meanwhile moves nothing.
        return f"{min(before, max(ids) + 1)}~{offset}"
    return f"{min(ids)}~0" if len(ids) >= limits.SEARCH_RANKED else ""


def _rank(ids: Sequence[int], query: Query) -> list[int]:
    """Return entries best first, by the beginnings of their texts."""
    entries = SearchEntry.objects.filter(pk__in=ids).values_list(
        "pk", "created_at", Substr("message__content", 1, RANKED_LETTERS)
    )
    # Of equals the newest; and by nothing that changes from one page to the next.
    rows = sorted(entries, reverse=True)
    newest = max(at for _, at, _ in rows) if rows else timezone.now()
    return _ranked(
        (_score(text or "", newest - at, query), pk) for pk, at, text in rows
    )


def _ranked(scored: Any) -> list[Any]:
    return [each for _, each in sorted(scored, key=lambda pair: -pair[0])]


def _score(text: str, age: timedelta, query: Query) -> float:
    """Say how well a text fits: all words together and often, early, and not long ago."""
    spans = find_spans(text, query)
    phrase = " ".join(query.parts)
    together = len(query.parts) > 1 and phrase in text.lower()
    often = math.log1p(len(spans)) / math.log1p(max(len(text), 100) / 50)
    early = 0.3 if spans and spans[0][0] < 100 else 0.0
    recent: float = 0.5 ** (age / timedelta(days=HALF_LIFE_DAYS))
    return 1.0 * together + often + early + recent


def _describe(pks: Sequence[int], query: Query) -> list[Found]:
    entries = (
        SearchEntry.objects.filter(pk__in=pks)
        .select_related("conversation__owner", "conversation__team", "message__author")
        .only("created_at", *_OF_CONVERSATION, *_OF_MESSAGE)
        .annotate(text=Substr("message__content", 1, limits.SEARCH_CHARACTERS))
    )
    by_pk: dict[int, Any] = {entry.pk: entry for entry in entries}
    return [_found_message(by_pk[pk], query) for pk in pks if pk in by_pk]


def _found_message(entry: Any, query: Query) -> Found:
    return Found(
        conversation=entry.conversation,
        message=entry.message,
        title=[Piece(entry.conversation.title)],
        snippet=cut_snippet(entry.text or "", query),
        at=entry.created_at,
    )


def _found_title(conversation: Conversation, query: Query) -> Found:
    title = mark_all(conversation.title, query)
    return Found(conversation, None, title, [], conversation.active_at)


def read_parts(typed: str) -> tuple[list[str], str]:
    """Return the folded words that are searched for, and the one only begun."""
    query = read_query(typed)
    return list(query.words), query.prefix
