from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from conversations.forms import NewConversationForm
from conversations.services.errors import RefusedError
from conversations.services.gateways import find_default_model, list_models
from conversations.services.prompts import find_default_prompt, list_prompts
from conversations.services.turns import start_conversation
from conversations.views.rail import read_rail
from conversations.views.requests import first_error

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.views.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: MemberRequest) -> HttpResponse:
    """A new conversation: the composer, ready to type."""
    if request.method != "POST":
        return _page(request, NewConversationForm.empty())
    form = NewConversationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        conversation = start_conversation(owner=request.user, **form.cleaned_data)
    except RefusedError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=503)
    if request.htmx:
        return HttpResponseClientRedirect(conversation.get_absolute_url())
    return redirect(conversation)


def _page(
    request: MemberRequest, form: NewConversationForm, *, status: int = 200
) -> HttpResponse:
    model, prompt = find_default_model(), find_default_prompt()
    context = {
        "form": form,
        "error": first_error(form),
        "content": form.data.get("content", ""),
        "client_id": form.data.get("client_id") or uuid.uuid4(),
        "models": list_models(),
        "chosen_model": model,
        "prompts": list_prompts(),
        "chosen_prompt": prompt,
        "revision": prompt.newest if prompt else None,
        "is_demo": bool(model and model.gateway.is_demo),
        "rail": read_rail(request.user),
    }
    return render(request, "conversations/home.html", context, status=status)


@require_safe
def sidebar(request: MemberRequest) -> HttpResponse:
    """The next page of the list of one's conversations."""
    rail = read_rail(request.user, before=request.GET.get("before", ""))
    return render(request, "conversations/_rail_rows.html", {"rail": rail})
