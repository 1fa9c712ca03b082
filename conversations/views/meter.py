"""What a message will take, while it is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from conversations.forms import DraftForm, FirstDraftForm, KeepForm
from conversations.services.attachments.attached import find_named, list_of
from conversations.services.meter.metering import meter_edit, meter_first, meter_message
from conversations.views.requests import first_error, get_own_message, get_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.forms import Form

    from conversations.models import Attachment, Conversation
    from conversations.services.meter.metering import Meter
    from conversations.views.requests import MemberRequest


@require_POST
def meter(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say what the draft of the next message would take."""
    conversation = get_writable(request, pk)
    form = DraftForm(request.POST)
    if not _is_written(form):
        return _show(request, form)
    found = meter_message(
        conversation=conversation,
        user=request.user,
        **form.cleaned_data | {"attachments": _find(request, form, conversation)},
    )
    return _show(request, form, found)


@require_POST
def first_meter(request: MemberRequest) -> HttpResponse:
    """Say what the draft of a new conversation would take."""
    form = FirstDraftForm(request.POST, user=request.user)
    if not _is_written(form):
        return _show(request, form)
    written = form.cleaned_data | {"attachments": _find(request, form, None)}
    return _show(request, form, meter_first(user=request.user, **written))


@require_POST
def edit_meter(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Say what a message would take that is sent anew, with another text."""
    message = get_own_message(request, pk, message_pk)
    form, files = DraftForm(request.POST), KeepForm(request.POST, of=list_of(message))
    kept = files.kept if files.is_valid() else []
    if message.is_post or not _is_written(form, kept):
        return _show(request, form)
    found = meter_edit(
        message=message,
        text=form.cleaned_data["content"],
        user=request.user,
        attachments=kept,
    )
    return _show(request, form, found)


def _is_written(form: Form, kept: Sequence[Attachment] = ()) -> bool:
    if not form.is_valid():
        return False
    written = form.cleaned_data
    return bool(written["content"].strip() or written["attachments"] or kept)


def _find(
    request: MemberRequest, form: Form, conversation: Conversation | None
) -> list[Attachment]:
    """Return the files of a draft, as far as they are still there."""
    ids = form.cleaned_data["attachments"]
    return find_named(user=request.user, conversation=conversation, ids=ids)


def _show(
    request: MemberRequest, form: Form, meter: Meter | None = None
) -> HttpResponse:
    problem = first_error(form)
    if meter is None and not problem:
        return HttpResponse(status=204)
    context = {"meter": meter, "problem": problem}
    return render(request, "conversations/_meter.html", context)
