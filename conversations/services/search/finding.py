"""Finding titles and messages: only what a person may see, and within bounds.

Of what matches, the newest is taken, as much as can be ranked at once; what is older
follows page by page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import Q

from conversations import limits
from conversations.models import SearchEntry
from conversations.services.search.databases import find, is_common
from conversations.services.search.indexing import LONGEST_ANSWER
from conversations.services.search.sight import Sight
from conversations.services.search.wanted import END, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from uuid import UUID

    from conversations.models import Conversation, LanguageModel, Team, User
    from conversations.services.search.words import Query

# Ids of a slice that is looked through: one statement.
SLICE_IDS = 100
# So far apart, ids follow dates, but for what was noted late; clocks may differ a little.
APART = LONGEST_ANSWER + timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to; `until` is not in it."""

    person: User | None = None
    team: Team | None = None
    model: LanguageModel | None = None
    conversation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, name) is not None for name in self.__slots__)


def see(*, user: User, filters: Filters) -> Sight:
    """Return the conversations that a person searches in."""
    sight = Sight(user)
    if filters.team is not None:
        sight.narrow(team=filters.team)
    if filters.model is not None:
        sight.narrow(model=filters.model)
    if filters.conversation is not None:
        sight.narrow(pk=filters.conversation)
    return sight


def find_entries(
    *,
    query: Query,
    sight: Sight,
    filters: Filters,
    before: int,
    titles: bool = False,
) -> list[int]:
    """Return the ids of the newest entries in `sight` that match, at most SEARCH_RANKED.

    Whole words first. What only begins with the last one is looked for where these are
    few, and where that word is none that stands everywhere.
    """
    author = filters.person.pk if filters.person else None
    after = _find_start(filters.since)
    wanted = Wanted(query.whole, titles, author, after=after, before=before)
    late_from = _find_end(filters.until)
    found = _find_of_dates(wanted, sight, filters, late_from)
    if (
        len(found) == limits.SEARCH_RANKED
        or not query.prefix
        or is_common(query.prefix)
    ):
        return found
    return _find_of_dates(replace(wanted, query=query), sight, filters, late_from)


def _find_of_dates(
    wanted: Wanted, sight: Sight, filters: Filters, late_from: int
) -> list[int]:
    """Find what ids bound, and of what was noted from `late_from` on the late."""
    in_time = replace(wanted, before=min(wanted.before, late_from))
    found = _find_newest(in_time, sight, filters)
    after = max(wanted.after, late_from)
    if after >= wanted.before:
        return found
    late = replace(wanted, after=after, late_until=filters.until)
    # What comes late has the newer ids.
    return [*_find_newest(late, sight, filters), *found][: limits.SEARCH_RANKED]


def _find_newest(wanted: Wanted, sight: Sight, filters: Filters) -> list[int]:
    """Look through what matches anywhere; where that is too much, through one's own."""
    if (few := sight.list_all()) is not None:
        return _newest(find(replace(wanted, conversations=few)), wanted, filters)
    found: list[int] = []
    if not sight.is_narrow:
        matches = find(wanted)
        near = islice(matches, limits.SEARCH_WALKED)
        seen = sight.look(near, _not_gone(wanted, filters))
        found = list(islice(seen, limits.SEARCH_RANKED))
        if len(found) == limits.SEARCH_RANKED or next(matches, None) is None:
            return found
        # The late are few, and tell nothing of the others.
        sight.is_narrow = wanted.late_until is None
    own = replace(wanted, conversations=sight.list_active())
    older = _newest(find(own), wanted, filters)
    return sorted({*found, *older}, reverse=True)[: limits.SEARCH_RANKED]


def find_in_conversation(
    *, conversation: Conversation, query: Query, most: int
) -> list[UUID]:
    """Return the messages of a conversation that match, at most `most`, in its order."""
    if conversation.deleted_at is not None:
        return []
    asked = query.whole if query.prefix and is_common(query.prefix) else query
    wanted = Wanted(query=asked, conversations=[conversation.pk])
    found = list(islice(_left(find(wanted), wanted, Filters()), most))
    entries = SearchEntry.objects.filter(pk__in=found).order_by("message__seq")
    return list(entries.values_list("message__pk", flat=True))


def _find_start(since: datetime | None) -> int:
    """Return an id that all entries of what was written since then have, or more."""
    if since is None:
        return 0
    rows = SearchEntry.objects.filter(is_late=False, created_at__lt=since - APART)
    found = rows.order_by("-created_at").values_list("pk", flat=True)[:1]
    return max(found, default=0)


def _find_end(until: datetime | None) -> int:
    """Return an id from which on only the late were written before then."""
    if until is None:
        return END
    rows = SearchEntry.objects.filter(is_late=False, created_at__gte=until + APART)
    found = rows.order_by("created_at").values_list("pk", flat=True)[:1]
    return min(found, default=END)


def _newest(found: Iterable[int], wanted: Wanted, filters: Filters) -> list[int]:
    return list(islice(_left(found, wanted, filters), limits.SEARCH_RANKED))


def _left(found: Iterable[int], wanted: Wanted, filters: Filters) -> Iterator[int]:
    """Yield those of `found` that have not been deleted and are of the dates."""
    ids, left = iter(found), _not_gone(wanted, filters)
    while some := list(islice(ids, SLICE_IDS)):
        entries = SearchEntry.objects.filter(left, pk__in=some)
        yield from entries.order_by("-pk").values_list("pk", flat=True)


def _not_gone(wanted: Wanted, filters: Filters) -> Q:
    """Say which entries are of what has not been deleted, and of the dates."""
    left = Q(message__isnull=wanted.titles, message__removed_at=None)
    if filters.since is not None:
        left &= Q(created_at__gte=filters.since)
    if filters.until is not None:
        left &= Q(created_at__lt=filters.until)
    return left
