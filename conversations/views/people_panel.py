"""The sentence of who can see a conversation, and the panel that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from conversations.forms import PersonSearchForm
from conversations.models import Access
from conversations.services.audience import (
    OWN,
    describe_audience,
    is_shared,
    read_audience,
    read_rights,
)
from conversations.services.expenses import add_up, list_expenses
from conversations.services.openings import find_newest_opening, list_openings
from conversations.services.sharing import find_sharable_people, list_sharable_teams
from conversations.views.undoing import name_undo

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.models import Conversation, User
    from conversations.views.requests import MemberRequest


def read_audience_line(conversation: Conversation, user: User) -> dict[str, object]:
    """Return what the page says under the title, and what it lets a person do."""
    return {
        "conversation": conversation,
        "may": read_rights(conversation=conversation, user=user),
        "audience": describe_audience(conversation=conversation, reader=user),
        "shared": is_shared(conversation=conversation),
        "opening": find_newest_opening(conversation=conversation),
    }


def show_people(
    request: MemberRequest,
    conversation: Conversation,
    problem: dict[str, str] | None = None,
    *,
    undo: tuple[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Answer with the panel, or with its page.

    `problem` names a part and its error, `undo` what was done and where it is undone.
    """
    line = read_audience_line(conversation, request.user)
    context = {
        **line,
        **_read_expenses(conversation),
        **(name_undo(*undo) if undo else {}),
        **(_read_choices(request, conversation) if line["may"] == OWN else {}),
        "problem": problem or {},
        "who": read_audience(conversation=conversation, reader=request.user),
        "openings": list_openings(conversation=conversation),
    }
    name = "_people" if request.htmx else "people"
    return render(request, f"conversations/{name}.html", context, status=status)


def _read_expenses(conversation: Conversation) -> dict[str, object]:
    expenses = list_expenses(conversation=conversation)
    return {"expenses": expenses, "total": add_up(expenses)}


def _read_choices(
    request: MemberRequest, conversation: Conversation
) -> dict[str, object]:
    """Return with whom its owner can share it; as many people as one can look at."""
    form = PersonSearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    found, is_more = find_sharable_people(conversation=conversation, query=query)
    return {
        "teams": list_sharable_teams(conversation=conversation),
        "accesses": Access,
        "query": query,
        "found": found,
        "is_more": is_more,
    }
