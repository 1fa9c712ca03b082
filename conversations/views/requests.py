"""The request as our views see it, and the scoped look-up they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect

from conversations.models import Conversation, Membership, Message
from conversations.services.errors import RefusedError, RestartingError
from conversations.services.openings import note_opening

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import BaseForm
    from django.http import HttpResponse
    from django_htmx.middleware import HtmxDetails

    from conversations.models import User


class MemberRequest(HttpRequest):
    """A request past the login, with htmx's details."""

    htmx: HtmxDetails
    user: User


def get_visible(request: MemberRequest, pk: UUID) -> Conversation:
    """Return a conversation the person may read, else 404.

    An admin to whom it is not shared leaves a note for those to whom it is.
    """
    rows = Conversation.objects.visible_to(request.user)
    found = get_object_or_404(rows.select_related("model__gateway", "prompt"), pk=pk)
    try:
        note_opening(conversation_id=pk, user=request.user)
    except RefusedError:
        raise Http404 from None
    return found


def get_writable(request: MemberRequest, pk: UUID) -> Conversation:
    """Return a conversation the person may take part in, else 404.

    Who may only read it is told so, by 403.
    """
    found = Conversation.objects.writable_by(request.user).filter(pk=pk).first()
    return found or _refuse(request, pk, "You can read this. {} can let you write.")


def get_owned(request: MemberRequest, pk: UUID) -> Conversation:
    """Return a conversation of the person's own, else 404; 403 where they may see it."""
    found = Conversation.objects.owned_by(request.user).filter(pk=pk).first()
    return found or _refuse(
        request, pk, "Only {} can do this, whose conversation it is."
    )


def _refuse(request: MemberRequest, pk: UUID, sentence: str) -> NoReturn:
    owner = get_visible(request, pk).owner
    raise PermissionDenied(sentence.format(owner.name))


def get_reply(request: MemberRequest, pk: UUID, message_pk: UUID) -> Message:
    """Return a reply in a conversation the person may take part in, else 404.

    A question's id stands for the reply that waits for it.
    """
    messages = get_writable(request, pk).messages.select_related("conversation")
    message = get_object_or_404(messages, pk=message_pk)
    if message.role == Message.Role.USER:
        replies = messages.filter(parent=message, role=Message.Role.ASSISTANT)
        return get_object_or_404(replies.order_by("-seq")[:1])
    return message


def get_own_message(request: MemberRequest, pk: UUID, message_pk: UUID) -> Message:
    """Return what the person wrote in a conversation they may take part in, else 404."""
    rows = get_writable(request, pk).messages.select_related("conversation")
    own = rows.filter(role=Message.Role.USER, author=request.user)
    return get_object_or_404(own, pk=message_pk)


def get_membership(request: MemberRequest, team_pk: int) -> Membership:
    """Return what the person is in a team, with the team, else 404."""
    rows = Membership.objects.filter(user=request.user).select_related("team")
    return get_object_or_404(rows, team=team_pk)


def branch_url(message: Message, place: str) -> str:
    """Return the address of the branch through a message, at a place of its page."""
    return f"{message.conversation.get_absolute_url()}?at={message.pk}#{place}"


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
