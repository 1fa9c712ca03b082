"""What can be done with an answer. Each is a POST; the result comes by socket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations.forms import RetryForm
from conversations.services import turns
from conversations.services.attachments.showing import show_file
from conversations.services.branching.retrying import retry_reply
from conversations.services.errors import RefusedError
from conversations.services.taking_back import take_back, take_back_files
from conversations.views.requests import (
    first_error,
    get_reply,
    redirect_to_latest,
    refused_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.models import Attachment, Message
    from conversations.views.requests import MemberRequest


@require_POST
def stop(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Stop a running answer, or withdraw a turn that waits: its author has it back."""
    reply, user = get_reply(request, pk, message_pk), request.user
    back: list[Attachment] = []

    def act() -> None:
        if not turns.stop_reply(reply=reply, user=user):
            return
        if not request.htmx:
            take_back(reply=reply, user=user)
        elif "back" in request.POST:
            back.extend(take_back_files(reply=reply, user=user))

    done = _do(request, reply, act)
    context = {"files": [show_file(row) for row in back]}
    page = "conversations/_files_back.html"
    return render(request, page, context) if back else done


@require_POST
def retry(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Ask for the newest answer again, of another model where one is named."""
    reply = get_reply(request, pk, message_pk)
    form = RetryForm(request.POST, user=request.user)
    if not form.is_valid():
        return _refuse(request, first_error(form), status=422)
    wanted = form.cleaned_data
    return _do(
        request, reply, lambda: retry_reply(reply=reply, user=request.user, **wanted)
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
    return _do(request, reply, lambda: turns.release_queue(reply=reply))


def _do(
    request: MemberRequest, reply: Message, action: Callable[[], object]
) -> HttpResponse:
    try:
        action()
    except RefusedError as error:
        return _refuse(request, str(error), status=refused_status(error))
    if request.htmx:
        return HttpResponse(status=204)
    return redirect_to_latest(reply.conversation)


def _refuse(request: MemberRequest, sentence: str, *, status: int) -> HttpResponse:
    context = {"title": "Not now", "sentence": sentence}
    return render(request, "conversations/error.html", context, status=status)
