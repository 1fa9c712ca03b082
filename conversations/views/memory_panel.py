"""The panel of what is remembered: how it is shown, and what follows a button in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from conversations.rendering.figures import name_expected_cost
from conversations.services.audience import read_rights
from conversations.services.errors import RefusedError
from conversations.services.memory.recollection import price_roll, read_recollection
from conversations.views.requests import first_error, get_visible, refused_status
from conversations.views.undoing import keep_undo, name_undo

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form

    from conversations.models import Conversation
    from conversations.views.requests import MemberRequest

# The element that holds it: what comes from elsewhere is not answered with a panel.
PANEL = "memory"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the panel something was typed, of which fact; what is wrong with it."""

    part: str = ""
    key: int = 0
    text: str | None = None
    error: str = ""
    # What is then done, in a sentence, and where it is undone.
    undo: tuple[str, str] | None = None


def do_in_panel(
    request: MemberRequest,
    conversation: Conversation,
    place: Place,
    action: Callable[[], object],
    form: Form | None = None,
) -> HttpResponse:
    """Do what a button says; answer with the panel, or where one was, anew."""
    if form is not None and not form.is_valid():
        wrong = replace(place, error=first_error(form))
        return _refuse(request, conversation, wrong, status=422)
    try:
        action()
    except RefusedError as error:
        wrong = replace(place, error=str(error))
        status = refused_status(error)
        return _refuse(request, conversation, wrong, status=status)
    return _done(request, conversation, place)


def _done(
    request: MemberRequest, conversation: Conversation, place: Place
) -> HttpResponse:
    if not request.htmx:
        if place.undo:
            keep_undo(request, *place.undo)
        return redirect(_back(request, conversation, place))
    if request.htmx.target != PANEL:
        return HttpResponse(status=204)
    shown = Place(undo=place.undo)
    return show_panel(request, get_visible(request, conversation.pk), shown)


def _refuse(
    request: MemberRequest, conversation: Conversation, wrong: Place, *, status: int
) -> HttpResponse:
    """Say in the panel what is wrong; outside it, in one sentence."""
    if request.htmx and request.htmx.target != PANEL:
        context = {"title": "Not now", "sentence": wrong.error}
        return render(request, "conversations/error.html", context, status=status)
    return show_panel(request, conversation, wrong, status=status)


def show_panel(
    request: MemberRequest,
    conversation: Conversation,
    place: Place,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "place": place,
        "may": read_rights(conversation=conversation, user=request.user),
        **(name_undo(*place.undo) if place.undo else {}),
        **_remembered(request, conversation),
    }
    name = "_memory" if request.htmx else "memory"
    return render(request, f"conversations/{name}.html", context, status=status)


def _remembered(
    request: MemberRequest, conversation: Conversation
) -> dict[str, object]:
    user, after = request.user, last_message(request)
    shown = read_recollection(conversation=conversation, user=user, after=after)
    wants_price = shown.has_news and not shown.is_asked
    price = price_roll(conversation, user, after) if wants_price else None
    return {
        "conversation": conversation,
        "memory": shown,
        "price": price,
        "price_words": name_expected_cost(price) if price else "",
    }


def last_message(request: MemberRequest) -> UUID | None:
    """Return the last message of the page beside the panel, where it says so."""
    raw = request.POST.get("after") or request.GET.get("after", "")
    try:
        return UUID(raw)
    except ValueError:
        return None


def _back(request: MemberRequest, conversation: Conversation, place: Place) -> str:
    """Return where a page without scripts goes on."""
    if place.part == "pins" and "panel" not in request.POST:
        return f"{conversation.get_absolute_url()}#{place.text}"
    return f"{reverse('memory', args=[conversation.pk])}#{place.part}"
