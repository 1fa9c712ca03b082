"""The request as our views see it, and the scoped look-up they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect

from conversations.models import Conversation, Message
from conversations.services.errors import RestartingError

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import BaseForm
    from django.http import HttpResponse
    from django_htmx.middleware import HtmxDetails

    from conversations.models import User
    from conversations.services.errors import RefusedError


class MemberRequest(HttpRequest):
    """A request past the login, with htmx's details."""

    htmx: HtmxDetails
    user: User


def get_visible(request: MemberRequest, pk: UUID) -> Conversation:
    """Return a conversation the person may read, else 404."""
    rows = Conversation.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("model__gateway", "prompt"), pk=pk)


def get_writable(request: MemberRequest, pk: UUID) -> Conversation:
    """Return a conversation the person may take part in, else 404."""
    rows = Conversation.objects.writable_by(request.user)
    return get_object_or_404(rows.select_related("model__gateway", "prompt"), pk=pk)


def get_reply(request: MemberRequest, pk: UUID, message_pk: UUID) -> Message:
    """Return a reply in a conversation the person may take part in, else 404.

    A question's id stands for the reply that waits for it.
    """
    messages = get_writable(request, pk).messages.select_related("conversation")
    message = get_object_or_404(messages, pk=message_pk)
    if message.role == Message.Role.USER:
        replies = messages.filter(parent=message).order_by("-seq")
        return get_object_or_404(replies[:1])
    return message


def redirect_to_latest(conversation: Conversation) -> HttpResponse:
    """Go to the end of a conversation, also where no script scrolls."""
    return redirect(f"{conversation.get_absolute_url()}#latest")


def refused_status(error: RefusedError) -> int:
    """Return 503 where the same request will do in a moment, else 409."""
    return 503 if isinstance(error, RestartingError) else 409


def first_error(form: BaseForm) -> str:
    """Return the first thing that is wrong with a form, in plain words."""
    for errors in form.errors.values():
        return str(errors[0])
    return ""
