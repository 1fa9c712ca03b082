from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from chatsite.long import LongResponse
from conversations.services.exporting.exports import export_conversation
from conversations.services.exporting.markdown import write_message
from conversations.views.requests import get_visible

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.views.requests import MemberRequest


@require_safe
def export(request: MemberRequest, pk: UUID, form: str) -> LongResponse:
    """A conversation as a file; with `?all=1` all its branches, as JSON."""
    taken = export_conversation(
        conversation=get_visible(request, pk),
        user=request.user,
        form=form,
        everything=request.GET.get("all") == "1",
    )
    response = LongResponse(taken.pieces, content_type=taken.media_type)
    disposition = content_disposition_header(as_attachment=True, filename=taken.name)
    response["Content-Disposition"] = disposition or "attachment"
    return response


@require_safe
def source(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """A message as it was written, to be copied."""
    messages = get_visible(request, pk).messages.select_related("author")
    message = get_object_or_404(messages, pk=message_pk)
    text = write_message(message=message)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
