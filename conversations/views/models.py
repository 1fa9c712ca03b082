"""Choosing the model that answers, for a conversation or for a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from conversations.forms import ModelForm
from conversations.services.conversations import choose_model
from conversations.services.errors import RefusedError
from conversations.services.gateways import find_default_model, model_for
from conversations.views.menu import read_choice, read_menu
from conversations.views.requests import (
    first_error,
    get_reply,
    get_writable,
    refused_status,
)

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.models import Conversation, Message
    from conversations.views.requests import MemberRequest


@require_safe
def models(request: MemberRequest) -> HttpResponse:
    """All models one can choose: what the menu shows; a page without htmx."""
    conversation = _conversation(request)
    if conversation is None:
        form = ModelForm(request.GET, user=request.user)
        chosen = form.cleaned_data.get("model") if form.is_valid() else None
        current = chosen or find_default_model(request.user)
        menu = read_menu(request.user, current=current)
    else:
        current = model_for(conversation, request.user)
        effort = conversation.effort
        menu = read_menu(request.user, current=current, effort=effort)
    context = {
        "menu": menu,
        "conversation": conversation,
        "again": _tried_again(request, conversation),
    }
    name = "_model_list" if request.htmx else "models"
    return render(request, f"conversations/{name}.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say which model answers from the next turn on; shows it as the composer does."""
    conversation = get_writable(request, pk)
    if request.method == "POST":
        form = ModelForm(request.POST, user=request.user)
        if not form.is_valid():
            return _refuse(request, first_error(form), status=422)
        try:
            choose_model(conversation=conversation, **form.cleaned_data)
        except RefusedError as error:
            return _refuse(request, str(error), status=refused_status(error))
    if not request.htmx:
        return redirect(conversation)
    model = model_for(conversation, request.user)
    choice = read_choice(model, conversation.effort, conversation)
    context = {"conversation": conversation, **choice}
    return render(request, "conversations/_chosen_model.html", context)


def _refuse(request: MemberRequest, sentence: str, *, status: int) -> HttpResponse:
    context = {"title": "Not chosen", "sentence": sentence}
    return render(request, "conversations/error.html", context, status=status)


def _tried_again(
    request: MemberRequest, conversation: Conversation | None
) -> Message | None:
    """Return the answer that is to be tried again with the model that is chosen."""
    raw = request.GET.get("again")
    if not raw or conversation is None:
        return None
    try:
        return get_reply(request, conversation.pk, UUID(raw))
    except ValueError:
        raise Http404 from None


def _conversation(request: MemberRequest) -> Conversation | None:
    raw = request.GET.get("conversation")
    try:
        return get_writable(request, UUID(raw)) if raw else None
    except ValueError:
        raise Http404 from None
