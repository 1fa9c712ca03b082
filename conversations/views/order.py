"""Keeping conversations in order: pinned, archived, unread, in folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_safe,
)

from conversations.forms import PlaceForm
from conversations.services import order
from conversations.services.errors import RefusedError
from conversations.services.folders import create_folder, list_folders
from conversations.services.lists import for_rail
from conversations.views.paging import cut_page
from conversations.views.rail import find_closed, read_rail
from conversations.views.requests import first_error, get_visible
from conversations.views.undoing import keep_undo

if TYPE_CHECKING:
    from conversations.models import Conversation
    from conversations.views.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
def place(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Where a conversation is in one's own lists, and putting it elsewhere."""
    conversation = get_visible(request, pk)
    if request.method != "POST":
        return _show_ways(request, conversation)
    # An address that undoes something says in itself what to do.
    asked = request.POST if "do" in request.POST else request.GET
    form = PlaceForm(asked, user=request.user)
    if not form.is_valid():
        return _show_ways(request, conversation, first_error(form), status=422)
    try:
        _do(request, conversation, **form.cleaned_data)
    except RefusedError as error:
        return _show_ways(request, conversation, str(error), status=409)
    return _answer(request, conversation, form.cleaned_data["do"])


def _do(
    request: MemberRequest,
    conversation: Conversation,
    *,
    do: str,
    folder: Any,
    new_folder: str,
) -> None:
    it: dict[str, Any] = {"user": request.user, "conversation": conversation}
    if do == "move":
        if new_folder:
            folder = create_folder(user=request.user, name=new_folder)
        order.move_to_folder(**it, folder=folder)
    elif do in ("pin", "unpin"):
        order.pin_conversation(**it, pinned=do == "pin")
    elif do in ("archive", "unarchive"):
        order.archive_conversation(**it, archived=do == "archive")
    else:
        order.mark_unread(**it, unread=do == "unread")


def _answer(
    request: MemberRequest, conversation: Conversation, do: str
) -> HttpResponse:
    url = f"{reverse('place', args=[conversation.pk])}?do=unarchive"
    said = f"“{conversation.title}” is archived."
    if not request.htmx:
        if do == "archive":
            keep_undo(request, said, url)
        return redirect("home" if do == "archive" else conversation)
    context: dict[str, object] = {
        "rail": read_rail(request.user, closed=find_closed(request))
    }
    if do == "archive":
        context |= {"undo_said": said, "undo_url": url}
    return render(request, "conversations/_placed.html", context)


def _show_ways(
    request: MemberRequest,
    conversation: Conversation,
    error: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    user = request.user
    context = {
        "conversation": conversation,
        "view": conversation.views.filter(user=user).first(),
        "folders": list_folders(user=user),
        "error": error,
    }
    name = "_place" if request.htmx else "place"
    response = render(request, f"conversations/{name}.html", context, status=status)
    if error:
        response["HX-Retarget"] = f"#place-{conversation.pk}"
        response["HX-Reswap"] = "outerHTML"
    return response


@require_safe
def archived(request: MemberRequest) -> HttpResponse:
    """What one has put away, newest first."""
    user = request.user
    rows = for_rail(order.list_archived(user=user), user)
    page, following = cut_page(rows, request.GET.get("before", ""))
    rail = read_rail(user, current="archived", closed=find_closed(request))
    context = {"archived": page, "following": following, "rail": rail}
    return render(request, "conversations/archived.html", context)
