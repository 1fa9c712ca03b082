from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render
from django.views.decorators.http import require_safe

from conversations.forms import PersonSearchForm
from conversations.services.mentions import suggest_people
from conversations.views.requests import get_visible

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpResponse

    from conversations.views.requests import MemberRequest


@require_safe
def names(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Who can be named in a conversation, for the beginning `?q=` of a name."""
    conversation, form = get_visible(request, pk), PersonSearchForm(request.GET)
    people: list[tuple[str, str]] = []
    if form.is_valid():
        people = suggest_people(
            conversation=conversation, user=request.user, query=form.cleaned_data["q"]
        )
    return render(request, "conversations/_names.html", {"people": people})
