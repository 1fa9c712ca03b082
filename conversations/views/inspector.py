"""What a model was shown for an answer: beside the transcript, or as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from conversations.models import Message
from conversations.services.errors import RefusedError
from conversations.services.inspection.reading import find_generation, inspect_context
from conversations.services.inspection.requests import (
    export_curl,
    export_json,
    read_request,
)
from conversations.views.requests import get_visible

if TYPE_CHECKING:
    from conversations.models import Generation
    from conversations.views.requests import MemberRequest

MOST_DIGITS = 6


@require_safe
def show(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """What was sent for an answer and why, attempt by attempt."""
    reply = _get_reply(request, pk, message_pk)
    shown = inspect_context(reply=reply, attempt=_attempt(request))
    if shown is None:
        raise Http404
    name = "_inspector" if request.htmx else "inspector"
    context = {"reply": reply, "shown": shown, "conversation": reply.conversation}
    return render(request, f"conversations/{name}.html", context)


@require_safe
def exact_request(request: MemberRequest, pk: UUID, message_pk: UUID) -> HttpResponse:
    """The request itself, made again and checked: to be read, or to be copied."""
    reply = _get_reply(request, pk, message_pk)
    generation = find_generation(reply=reply, attempt=_attempt(request))
    if generation is None:
        raise Http404
    if wanted := request.GET.get("as"):
        return _export(request, generation, wanted)
    context = {
        "reply": reply,
        "generation": generation,
        "exact": read_request(generation=generation),
        "conversation": reply.conversation,
    }
    name = "_inspector_request" if request.htmx else "inspector_request"
    return render(request, f"conversations/{name}.html", context)


def _export(
    request: MemberRequest, generation: Generation, wanted: str
) -> HttpResponse:
    try:
        if wanted == "json":
            body = export_json(generation=generation)
            return _as_file(body, "application/json; charset=utf-8", "request.json")
        if wanted == "curl":
            staff = request.user.is_staff
            command = export_curl(generation=generation, shows_address=staff)
            return _as_file(command, "text/plain; charset=utf-8", "request.sh")
    except RefusedError as error:
        plain = "text/plain; charset=utf-8"
        return HttpResponse(str(error), content_type=plain, status=409)
    raise Http404


def _as_file(content: bytes | str, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _get_reply(request: MemberRequest, pk: UUID, message_pk: UUID) -> Message:
    """Return a reply in a conversation the person may read, else 404."""
    messages = get_visible(request, pk).messages.select_related("conversation")
    return get_object_or_404(messages, pk=message_pk, role=Message.Role.ASSISTANT)


def _attempt(request: MemberRequest) -> int | None:
    raw = request.GET.get("attempt", "")
    if not raw:
        return None
    if not raw.isdecimal() or len(raw) > MOST_DIGITS:
        raise Http404
    return int(raw)
