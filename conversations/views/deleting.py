"""Deleting a conversation, having it back, and the page of what one can have back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from conversations import limits
from conversations.services.audience import is_shared
from conversations.services.deleting import (
    delete_conversation,
    delete_for_good,
    list_deleted,
    restore_conversation,
)
from conversations.services.errors import RefusedError
from conversations.text import shorten
from conversations.views.rail import find_closed, read_rail
from conversations.views.requests import get_owned
from conversations.views.undoing import keep_undo, show_undo

if TYPE_CHECKING:
    from conversations.models import Conversation
    from conversations.views.requests import MemberRequest

# More at once would be a page to search, not to look through.
MOST_DELETED = 100
SAID_CHARACTERS = 60
# Said of the address to restore: whoever was in the conversation gets there again.
BACK = "back"


@require_POST
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a conversation with all that was said in it; it can be undone."""
    conversation = get_owned(request, pk)
    others = ", for everyone" if is_shared(conversation=conversation) else ""
    delete_conversation(conversation=conversation)
    said = f"{_name(conversation)} is deleted{others}."
    url = reverse("restore", args=[pk])
    if request.htmx and str(pk) not in (request.htmx.current_url or ""):
        return show_undo(request, said, url)
    keep_undo(request, said, f"{url}?{BACK}=1")
    if request.htmx:
        return HttpResponseClientRedirect(reverse("home"))
    return redirect("home")


@require_POST
def restore(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Bring a deleted conversation back, `?back=` going there again."""
    conversation = _get_deleted(request, pk)
    try:
        restore_conversation(conversation=conversation, user=request.user)
    except RefusedError:
        raise Http404 from None
    url = conversation.get_absolute_url()
    if not request.htmx:
        return redirect(url)
    if BACK in request.GET:
        return HttpResponseClientRedirect(url)
    return show_undo(request, f"{_name(conversation)} is back.", link=url)


@require_safe
def deleted(request: MemberRequest) -> HttpResponse:
    """What one deleted and can still have back."""
    found = list(list_deleted(user=request.user)[: MOST_DELETED + 1])
    context = {
        "rail": read_rail(request.user, current="deleted", closed=find_closed(request)),
        "deleted": found[:MOST_DELETED],
        "more": len(found) > MOST_DELETED,
        "hours": f"{limits.UNDO_HOURS:g}",
    }
    return render(request, "conversations/deleted.html", context)


@require_POST
def purge(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete for good what was deleted."""
    conversation = _get_deleted(request, pk)
    try:
        delete_for_good(conversation=conversation, user=request.user)
    except RefusedError:
        raise Http404 from None
    if not request.htmx:
        return redirect("deleted")
    return show_undo(request, f"{_name(conversation)} is gone for good.")


def _get_deleted(request: MemberRequest, pk: UUID) -> Conversation:
    return get_object_or_404(list_deleted(user=request.user), pk=pk)


def _name(conversation: Conversation) -> str:
    return f"“{shorten(conversation.title, SAID_CHARACTERS)}”"
