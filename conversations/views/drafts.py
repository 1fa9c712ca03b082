"""Keeping what somebody is writing: pages say it as one types, and when they close."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import JsonResponse
from django.views.decorators.http import require_POST

from conversations.forms import KeptDraftForm
from conversations.services.drafts import NewerDraftError, save_draft
from conversations.views.requests import first_error, get_writable

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.models import Conversation
    from conversations.views.requests import MemberRequest


@require_POST
def draft(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Keep what is written in a conversation; 409 says what is newer."""
    return _save(request, get_writable(request, pk))


@require_POST
def first_draft(request: MemberRequest) -> HttpResponse:
    """Keep what is written for a new conversation."""
    return _save(request, None)


def _save(request: MemberRequest, conversation: Conversation | None) -> HttpResponse:
    form = KeptDraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": first_error(form)}, status=422)
    text, version = form.cleaned_data["content"], form.cleaned_data["version"]
    try:
        kept = save_draft(
            user=request.user, conversation=conversation, text=text, version=version
        )
    except NewerDraftError as error:
        newer = error.draft
        return JsonResponse({"draft": newer.text, "version": newer.version}, status=409)
    return JsonResponse({"version": kept})
