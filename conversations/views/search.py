from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from conversations.forms import SearchForm, WordsForm
from conversations.models import Conversation
from conversations.services.search.searching import (
    Found,
    Page,
    read_parts,
    search_all,
    search_conversation,
    search_messages,
)
from conversations.services.teams import list_full_teams
from conversations.views.rail import find_closed, read_rail
from conversations.views.requests import first_error, get_visible

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from conversations.models import User
    from conversations.services.search.finding import Filters
    from conversations.views.requests import MemberRequest

TITLES = 5
MESSAGES = 7


@require_safe
def search(request: MemberRequest) -> HttpResponse:
    """Titles and messages that match; what is asked for is in the address."""
    form = SearchForm(request.GET, user=request.user)
    context = {
        "form": form,
        "rail": read_rail(request.user, current="search", closed=find_closed(request)),
        **(_results(request, form) if form.is_valid() else {}),
        "error": first_error(form),
    }
    status = 422 if form.errors else 200
    return render(request, "conversations/search/search.html", context, status=status)


def _results(request: MemberRequest, form: SearchForm) -> dict[str, object]:
    typed, filters = form.cleaned_data["q"], form.filters
    cursor = request.GET.get("after", "")
    titles, page = _find(request.user, typed, filters, cursor)
    return {
        "typed": typed,
        "titles": titles,
        "found": page.found,
        "next_url": _next_url(request, page),
        "is_continued": bool(cursor),
        "is_narrowed": bool(filters),
        "place": _place(request, filters.conversation),
    }


def _find(
    user: User, typed: str, filters: Filters, cursor: str
) -> tuple[list[Found], Page]:
    """Return titles too, where these are the first results and not of one place."""
    if not cursor and filters.conversation is None:
        return search_all(user=user, typed=typed, filters=filters, titles=TITLES)
    return [], search_messages(user=user, typed=typed, filters=filters, cursor=cursor)


def _place(request: MemberRequest, pk: UUID | None) -> Conversation | None:
    """Return the conversation in which is searched, else 404."""
    if pk is None:
        return None
    rows = Conversation.objects.shared_with(request.user)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _next_url(request: MemberRequest, page: Page) -> str:
    if not page.next:
        return ""
    asked = request.GET.copy()
    asked["after"] = page.next
    return f"{reverse('search')}?{asked.urlencode()}"


@require_safe
def palette(request: MemberRequest) -> HttpResponse:
    """What the palette offers for what has been typed so far."""
    form = WordsForm(request.GET)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    titles, page = search_all(user=request.user, typed=typed, titles=TITLES)
    context = {
        "typed": typed,
        "titles": titles,
        "found": page.found[:MESSAGES],
        "teams": [
            team
            for team in list_full_teams(user=request.user)
            if typed.casefold() in team.name.casefold()
        ],
    }
    return render(request, "conversations/search/_palette_rows.html", context)


@require_safe
def find(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Which messages of a conversation match, in its order, and by what words."""
    conversation = get_visible(request, pk)
    form = WordsForm(request.GET)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    found = search_conversation(conversation=conversation, typed=typed)
    whole, begun = read_parts(typed)
    return JsonResponse({"found": found, "words": whole, "begun": begun})
