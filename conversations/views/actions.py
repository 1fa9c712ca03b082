"""What can be done with an answer. Each is a POST; the result comes by socket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations.services import turns
from conversations.services.errors import RefusedError
from conversations.views.requests import get_reply, redirect_to_latest, refused_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.models import Message
    from conversations.views.requests import MemberRequest


@require_POST
def stop(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Stop a running answer, or withdraw a turn that waits."""
    reply = get_reply(request, pk, message_pk)
    return _do(request, reply, lambda: turns.stop_reply(reply=reply, user=request.user))


@require_POST
def retry(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Ask for the newest answer again."""
    reply = get_reply(request, pk, message_pk)
    return _do(
        request, reply, lambda: turns.retry_reply(reply=reply, user=request.user)
    )


@require_POST
def go_on(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Continue an answer where it ended."""
    reply = get_reply(request, pk, message_pk)
    return _do(
        request, reply, lambda: turns.continue_reply(reply=reply, user=request.user)
    )


@require_POST
def start(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Let what waits begin."""
    reply = get_reply(request, pk, message_pk)
    conversation = reply.conversation
    return _do(request, reply, lambda: turns.release_queue(conversation=conversation))


def _do(
    request: MemberRequest, reply: Message, action: Callable[[], object]
) -> HttpResponse:
    try:
        action()
    except RefusedError as error:
        context = {"title": "Not now", "sentence": str(error)}
        status = refused_status(error)
        return render(request, "conversations/error.html", context, status=status)
    if request.htmx:
        return HttpResponse(status=204)
    return redirect_to_latest(reply.conversation)
