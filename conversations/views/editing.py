"""Editing a message: the text in place while it waits, else a branch that comes of it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from conversations.forms import EditForm
from conversations.services.attachments.attached import list_of
from conversations.services.attachments.showing import show_file
from conversations.services.branching.editing import (
    change_waiting,
    edit_message,
    is_waiting,
)
from conversations.services.errors import RefusedError
from conversations.services.meter.metering import meter_edit
from conversations.services.meter.refusing import refuse_too_large_edit
from conversations.views.requests import (
    branch_url,
    first_error,
    get_own_message,
    refused_status,
)

if TYPE_CHECKING:
    from conversations.models import Message, User
    from conversations.services.meter.metering import Meter
    from conversations.views.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """Write a message of one's own anew: in its place, or on a branch of its own."""
    message = get_own_message(request, pk, message_pk)
    if request.method != "POST":
        return _show(request, message)
    form = EditForm(request.POST, of=list_of(message))
    if not form.is_valid():
        return _show(request, message, form, status=422)
    try:
        if "waits" in request.POST:
            return _change(request, message, form)
        url = branch_url(_send(request, message, form), "latest")
    except RefusedError as error:
        form.add_error(None, str(error))
        return _show(request, message, form, status=refused_status(error))
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _change(request: MemberRequest, message: Message, form: EditForm) -> HttpResponse:
    """What waits says something else; the new words come down the socket."""
    written = form.written
    _refuse_too_large(request, message, form)
    change_waiting(message=message, content=written.content, keeps=written.keeps)
    if request.htmx:
        return HttpResponse(status=204)
    return redirect(branch_url(message, f"m-{message.pk}"))


def _send(request: MemberRequest, message: Message, form: EditForm) -> Message:
    written = form.written
    if not message.is_for_people:
        _refuse_too_large(request, message, form)
    return edit_message(
        message=message,
        author=request.user,
        content=written.content,
        client_id=written.client_id,
        keeps=written.keeps,
    )


def _refuse_too_large(request: MemberRequest, message: Message, form: EditForm) -> None:
    refuse_too_large_edit(
        message=message,
        user=request.user,
        content=form.written.content,
        attachments=form.kept,
    )


def _edited(message: Message, form: EditForm | None) -> dict[str, object]:
    """Return the message, its files, and which of them it keeps."""
    files = list_of(message)
    kept = form.kept if form else files
    return {
        "conversation": message.conversation,
        "message": message,
        "waits": is_waiting(message=message),
        "files": [(show_file(one), one in kept) for one in files],
    }


def _meter(
    message: Message, text: str, user: User, form: EditForm | None
) -> Meter | None:
    """What is posted takes nothing by itself."""
    if message.is_post:
        return None
    kept = form.kept if form else list_of(message)
    return meter_edit(message=message, text=text, user=user, attachments=kept)


def _show(
    request: MemberRequest,
    message: Message,
    form: EditForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    typed = form.data if form else {"content": message.content}
    text = typed.get("content", "")
    context = {
        **_edited(message, form),
        "content": text,
        "client_id": typed.get("client_id") or uuid.uuid4(),
        "error": first_error(form) if form else "",
        "back_url": branch_url(message, f"m-{message.pk}"),
        "meter": _meter(message, text, request.user, form),
    }
    return render(request, _page_for(request), context, status=status)


def _page_for(request: MemberRequest) -> str:
    return f"conversations/{'_edit' if request.htmx else 'edit'}.html"
