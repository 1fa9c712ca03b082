"""A team's conversations: a page of the list, and what it is filtered by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from conversations import limits
from conversations.forms import TeamListForm
from conversations.services.team_list import (
    describe,
    filter_conversations,
    list_conversations,
    list_models_in,
    list_people_in,
)
from conversations.views.paging import cursor_of, rows_after

if TYPE_CHECKING:
    from django.http import QueryDict

    from conversations.models import Membership
    from conversations.services.team_list import Line


@dataclass(frozen=True, slots=True)
class TeamList:
    """A page of the list; `next_url` is the address of the page after it."""

    form: TeamListForm
    lines: list[Line]
    next_url: str
    is_filtered: bool
    is_continued: bool


def read_team_list(membership: Membership, asked: QueryDict) -> TeamList:
    """Return the page of the list that an address asks for."""
    form = TeamListForm(
        asked,
        people=list_people_in(membership=membership),
        models=list_models_in(membership=membership),
    )
    wanted = form.cleaned_data if form.is_valid() else None
    before = asked.get("before", "")
    user = membership.user
    rows = list_conversations(membership=membership)
    rows = filter_conversations(rows, user=user, **wanted) if wanted else rows.none()
    rows = rows_after(rows, before).order_by("-active_at", "-pk")
    page = list(rows[: limits.PAGE_CONVERSATIONS + 1])
    more = len(page) > limits.PAGE_CONVERSATIONS
    page = page[: limits.PAGE_CONVERSATIONS]
    q = wanted["q"] if wanted else ""
    next_url = _url(membership, asked, cursor_of(page[-1])) if more else ""
    lines = describe(page, user=user, q=q)
    is_filtered = wanted is None or any(wanted.values())
    return TeamList(form, lines, next_url, is_filtered, bool(before))


def _url(membership: Membership, asked: QueryDict, before: str) -> str:
    asked = asked.copy()
    asked["before"] = before
    query = asked.urlencode()
    return f"{reverse('team', args=[membership.team_id])}?{query}"
