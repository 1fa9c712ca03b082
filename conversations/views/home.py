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
from conversations.views.requests import first_error, refused_status

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.models import LanguageModel, SystemPrompt
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
        return _page(request, form, status=refused_status(error))
    if request.htmx:
        return HttpResponseClientRedirect(conversation.get_absolute_url())
    return redirect(conversation)


def _page(
    request: MemberRequest, form: NewConversationForm, *, status: int = 200
) -> HttpResponse:
    model, prompt = _choices(form)
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


def _choices(
    form: NewConversationForm,
) -> tuple[LanguageModel | None, SystemPrompt | None]:
    """Return what was chosen; the defaults before that, or where it is gone."""
    if not form.is_bound:
        return find_default_model(), find_default_prompt()
    model = form.cleaned_data.get("model") or find_default_model()
    if "prompt" in form.cleaned_data:
        return model, form.cleaned_data["prompt"]
    return model, find_default_prompt()


@require_safe
def sidebar(request: MemberRequest) -> HttpResponse:
    """The next page of the list of one's conversations; by itself without htmx."""
    part = bool(request.htmx)
    before = request.GET.get("before", "")
    rail = read_rail(request.user, before=before, continued=part)
    name = "_rail_rows" if part else "earlier"
    return render(request, f"conversations/{name}.html", {"rail": rail})
