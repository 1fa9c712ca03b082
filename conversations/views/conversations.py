from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations import limits
from conversations.forms import MessageForm, RenameForm
from conversations.live.hub import get_hub
from conversations.services.conversations import (
    delete_conversation,
    rename_conversation,
)
from conversations.services.errors import RefusedError
from conversations.services.gateways import model_for
from conversations.services.transcript import read_window
from conversations.services.turns import send_message
from conversations.views.rail import read_rail
from conversations.views.requests import (
    first_error,
    get_visible,
    get_writable,
    redirect_to_latest,
    refused_status,
)

if TYPE_CHECKING:
    from conversations.models import Conversation
    from conversations.views.requests import MemberRequest


@require_safe
def show(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A conversation: the newest messages, or those before `?before=`."""
    return _page(request, get_visible(request, pk))


@require_POST
def send(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a message; what comes of it comes down the socket."""
    conversation = get_writable(request, pk)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _refuse(request, conversation, form, status=422)
    try:
        send_message(
            conversation=conversation, author=request.user, **form.cleaned_data
        )
    except RefusedError as error:
        form.add_error(None, str(error))
        return _refuse(request, conversation, form, status=refused_status(error))
    if not request.htmx:
        return redirect_to_latest(conversation)
    return render(request, "conversations/_composer.html", _composer(conversation))


@require_safe
def older(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The messages before one of the branch, for scrolling up."""
    conversation = get_visible(request, pk)
    context = _transcript(conversation, _before(request))
    return render(request, "conversations/_older.html", context)


@require_POST
def rename(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give a conversation a title of one's own."""
    conversation = get_writable(request, pk)
    form = RenameForm(request.POST)
    if form.is_valid():
        rename_conversation(conversation=conversation, title=form.cleaned_data["title"])
    if not request.htmx:
        return redirect(conversation)
    context = {"conversation": conversation, "form": form}
    status = 200 if form.is_valid() else 422
    return render(request, "conversations/_rail_row.html", context, status=status)


@require_POST
def delete(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Delete a conversation with all that was said in it."""
    delete_conversation(conversation=get_writable(request, pk))
    if not request.htmx:
        return redirect("home")
    response = HttpResponse(status=200)
    if str(pk) in (request.htmx.current_url or ""):
        response["HX-Redirect"] = reverse("home")
    return response


def _refuse(
    request: MemberRequest,
    conversation: Conversation,
    form: MessageForm,
    *,
    status: int,
) -> HttpResponse:
    if not request.htmx:
        return _page(request, conversation, form, status=status)
    context = _composer(conversation, form)
    return render(request, "conversations/_composer.html", context, status=status)


def _page(
    request: MemberRequest,
    conversation: Conversation,
    form: MessageForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        **_transcript(conversation, _before(request)),
        **_composer(conversation, form),
        "rail": read_rail(request.user, current=conversation.pk),
        "restarting": get_hub().draining,
    }
    return render(request, "conversations/conversation.html", context, status=status)


def _before(request: MemberRequest) -> UUID | None:
    raw = request.GET.get("before")
    try:
        return UUID(raw) if raw else None
    except ValueError:
        raise Http404 from None


def _transcript(conversation: Conversation, before: UUID | None) -> dict[str, object]:
    window = read_window(
        conversation=conversation, limit=limits.PAGE_MESSAGES, before=before
    )
    return {
        "conversation": conversation,
        "articles": window.articles,
        "has_older": window.older,
        "oldest_id": window.oldest_id,
        "busy": window.busy,
        "seen": conversation.version,
        "may": "read write",
        "before": before,
    }


def _composer(
    conversation: Conversation, form: MessageForm | None = None
) -> dict[str, object]:
    prompt = conversation.prompt
    return {
        "conversation": conversation,
        "form": form,
        "content": form.data.get("content", "") if form else "",
        "error": first_error(form) if form else "",
        "send_url": reverse("send", args=[conversation.pk]),
        "client_id": (form.data.get("client_id") if form else None) or uuid.uuid4(),
        "model": model_for(conversation),
        "prompt": prompt,
        "revision": prompt.newest if prompt else None,
    }
