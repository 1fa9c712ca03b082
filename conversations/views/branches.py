"""Branches of a conversation: deleted, brought back, gone on with elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from conversations.models import Conversation, Message
from conversations.services.branching.forking import fork_conversation
from conversations.services.branching.removing import (
    is_own,
    remove_branch,
    restore_branch,
)
from conversations.services.errors import RefusedError
from conversations.views.requests import (
    branch_url,
    get_visible,
    get_writable,
    redirect_to_latest,
    refused_status,
)
from conversations.views.undoing import keep_undo, show_undo

if TYPE_CHECKING:
    from conversations.models import User
    from conversations.views.requests import MemberRequest

SAID = "The message and what came after it are deleted."


@require_POST
def remove(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Delete a message with all that came after it; it can be undone."""
    conversation = get_writable(request, pk)
    rows = conversation.messages.select_related("conversation__owner", "parent")
    message = get_object_or_404(rows, pk=message_pk)
    owner = conversation.owner
    if owner != request.user and not is_own(message=message, user=request.user):
        raise PermissionDenied(f"Only who wrote this, or {owner.name}, can delete it.")
    try:
        remove_branch(message=message, user=request.user)
    except RefusedError as error:
        return _refuse(request, "Not deleted", error)
    url = reverse("restore_branch", args=[pk, message_pk])
    if request.htmx:
        return show_undo(request, SAID, url)
    keep_undo(request, SAID, url)
    return redirect_to_latest(conversation)


@require_POST
def restore(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Bring a deleted branch back, and go there."""
    conversation = get_writable(request, pk)
    rows = Message.everything.filter(conversation=conversation)
    rows = rows.exclude(removed_at=None).select_related("conversation", "parent")
    message = get_object_or_404(rows, pk=message_pk)
    if request.user.pk not in (conversation.owner_id, message.removed_by_id):
        raise PermissionDenied("Only who deleted this can bring it back.")
    try:
        restore_branch(message=message, user=request.user)
    except RefusedError as error:
        return _refuse(request, "Not brought back", error)
    return _go(request, branch_url(message, f"m-{message.pk}"))


@require_POST
def fork(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Begin a conversation of one's own with a copy of the branch to a message."""
    rows = get_visible(request, pk).messages.select_related("conversation")
    message = get_object_or_404(rows, pk=message_pk)
    try:
        made = fork_conversation(message=message, user=request.user)
    except RefusedError as error:
        return _refuse(request, "Not forked", error)
    return _go(request, f"{made.get_absolute_url()}#latest")


def read_source(conversation: Conversation, user: User) -> dict[str, object]:
    """Return what a page shows of where a conversation was forked from."""
    forked_from = conversation.forked_from_id
    if forked_from is None:
        return {}
    message = Message.objects.filter(pk=forked_from).only("conversation").first()
    seen = Conversation.objects.visible_to(user)
    source = message and seen.filter(pk=message.conversation_id).first()
    url = branch_url(message, f"m-{message.pk}") if message and source else ""
    return {"is_fork": True, "source": source, "source_url": url}


def _go(request: MemberRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _refuse(request: MemberRequest, title: str, error: RefusedError) -> HttpResponse:
    context = {"title": title, "sentence": str(error)}
    status = refused_status(error)
    return render(request, "conversations/error.html", context, status=status)
