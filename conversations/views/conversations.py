from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations.forms import MessageForm, NextMessageForm, RenameForm
from conversations.live.hub import get_hub
from conversations.models import Message
from conversations.services.attachments.attached import find_named
from conversations.services.conversations import rename_conversation
from conversations.services.drafts import NO_DRAFT, read_draft
from conversations.services.errors import RefusedError
from conversations.services.gateways import model_for
from conversations.services.meter.refusing import refuse_too_large
from conversations.services.reading import mark_read
from conversations.services.turns import send_written
from conversations.views.branches import read_source
from conversations.views.faces import read_faces
from conversations.views.file_list import read_files
from conversations.views.menu import read_choice
from conversations.views.people_panel import read_audience_line
from conversations.views.rail import find_closed, read_rail, read_row
from conversations.views.requests import (
    first_error,
    get_visible,
    get_writable,
    redirect_to_latest,
    refused_status,
)
from conversations.views.windows import choose, read_id, read_transcript

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from conversations.models import Conversation, User
    from conversations.services.drafts import Draft
    from conversations.views.requests import MemberRequest


@require_safe
def show(request: MemberRequest, pk: UUID) -> HttpResponse:
    """A conversation: its newest messages, or those `?before=` or `?after=` one.

    `?at=` shows those around a message, and chooses its branch from now on.
    """
    conversation = get_visible(request, pk)
    if at := read_id(request, "at"):
        choose(request, conversation, at)
    return _page(request, conversation)


@require_POST
def send(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Take a message; what comes of it comes down the socket."""
    conversation = get_writable(request, pk)
    form = NextMessageForm(request.POST)
    if not form.is_valid():
        return _refuse(request, conversation, form, status=422)
    try:
        said = _send(request, conversation, form)
    except RefusedError as error:
        form.add_error(None, str(error))
        return _refuse(request, conversation, form, status=refused_status(error))
    if not request.htmx:
        return redirect_to_latest(conversation)
    context = _composer(request, conversation, draft=NO_DRAFT)
    context["people_only"] = form.cleaned_data["people_only"]
    context["said"] = said.pk
    return render(request, "conversations/_composer.html", context)


def _send(
    request: MemberRequest, conversation: Conversation, form: NextMessageForm
) -> Message:
    user = request.user
    if form.meant_for != Message.MeantFor.PEOPLE:
        _refuse_too_large(user, conversation, form.cleaned_data)
    said = send_written(
        conversation=conversation,
        author=user,
        written=form.written,
        meant_for=form.meant_for,
        after=form.cleaned_data["after"],
    )
    if not request.htmx:
        # Without scripts a page does not say what it has shown.
        mark_read(user=user, conversation=conversation, message=said.pk)
    get_hub().give_way()
    return said


def _refuse_too_large(
    user: User, conversation: Conversation, typed: Mapping[str, Any]
) -> None:
    ids = typed["attachments"]
    refuse_too_large(
        conversation=conversation,
        user=user,
        content=typed["content"],
        after=typed["after"],
        attachments=find_named(user=user, conversation=conversation, ids=ids),
    )


@require_POST
def rename(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Give a conversation a title of one's own."""
    conversation = get_writable(request, pk)
    form = RenameForm(request.POST)
    if form.is_valid():
        rename_conversation(conversation=conversation, title=form.cleaned_data["title"])
    if not request.htmx:
        return redirect(conversation)
    row = read_row(request.user, conversation)
    context = {"conversation": row, "form": form}
    status = 200 if form.is_valid() else 422
    return render(request, "conversations/_rail_row.html", context, status=status)


def _refuse(
    request: MemberRequest,
    conversation: Conversation,
    form: MessageForm,
    *,
    status: int,
) -> HttpResponse:
    if not request.htmx:
        return _page(request, conversation, form, status=status)
    context = _composer(request, conversation, form)
    return render(request, "conversations/_composer.html", context, status=status)


def _page(
    request: MemberRequest,
    conversation: Conversation,
    form: MessageForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        **_composer(request, conversation, form),
        **read_transcript(request, conversation),
        **read_audience_line(conversation, request.user),
        **read_faces(conversation, request.user),
        **read_source(conversation, request.user),
        "rail": read_rail(
            request.user, current=conversation.pk, closed=find_closed(request)
        ),
        "restarting": get_hub().draining,
    }
    return render(request, "conversations/conversation.html", context, status=status)


def _composer(
    request: MemberRequest,
    conversation: Conversation,
    form: MessageForm | None = None,
    draft: Draft | None = None,
) -> dict[str, object]:
    prompt, user = conversation.prompt, request.user
    model = model_for(conversation, user)
    return {
        "conversation": conversation,
        **_written(user, conversation, form, draft),
        **read_files(user, conversation, is_sent=draft is not None),
        "error": first_error(form) if form else "",
        "people_only": bool(form and form.data.get("people_only")),
        "send_url": reverse("send", args=[conversation.pk]),
        **read_choice(model, conversation.effort, conversation),
        "prompt": prompt,
        "revision": prompt.newest if prompt else None,
    }


def _written(
    user: User,
    conversation: Conversation,
    form: MessageForm | None,
    draft: Draft | None,
) -> dict[str, object]:
    draft = draft or read_draft(user=user, conversation=conversation)
    typed = form.data if form else {}
    return {
        "form": form,
        "content": typed.get("content", "") if form else draft.text,
        "draft": draft,
        "draft_url": reverse("draft", args=[conversation.pk]),
        "client_id": typed.get("client_id") or uuid.uuid4(),
    }
