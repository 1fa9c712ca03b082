from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from conversations.forms import FirstChoiceForm, NewConversationForm
from conversations.services.attachments.attached import find_named
from conversations.services.beginning import Beginning, start_written
from conversations.services.drafts import Draft
from conversations.services.errors import RefusedError
from conversations.services.gateways import find_default_model
from conversations.services.meter.refusing import refuse_first_too_large
from conversations.services.openings import admins_may_read
from conversations.services.passwords import list_password_news
from conversations.services.prompts import find_default_prompt, list_prompts
from conversations.services.teams import find_defaults, list_full_teams
from conversations.views.file_list import read_files
from conversations.views.menu import read_choice
from conversations.views.rail import find_closed, read_rail
from conversations.views.requests import first_error, refused_status

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.models import Conversation, LanguageModel, SystemPrompt
    from conversations.views.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: MemberRequest) -> HttpResponse:
    """A new conversation: the composer, ready to type; `?model=`, `?team=` choose."""
    if request.method != "POST":
        choice = FirstChoiceForm(request.GET or None, user=request.user)
        return _page(request, choice, status=422 if choice.errors else 200)
    form = NewConversationForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        conversation = _start(request, form)
    except RefusedError as error:
        form.add_error(None, str(error))
        return _page(request, form, status=refused_status(error))
    if request.htmx:
        return HttpResponseClientRedirect(conversation.get_absolute_url())
    return redirect(conversation)


def _start(request: MemberRequest, form: NewConversationForm) -> Conversation:
    said, user = dict(form.cleaned_data), request.user
    first = {name: said[name] for name in ("model", "prompt", "content")}
    files = find_named(user=user, conversation=None, ids=said["attachments"])
    refuse_first_too_large(user=user, attachments=files, **first)
    for name in ("content", "client_id", "attachments"):
        del said[name]
    return start_written(owner=user, written=form.written, beginning=Beginning(**said))


def _page(
    request: MemberRequest, form: FirstChoiceForm, *, status: int = 200
) -> HttpResponse:
    chosen = form.cleaned_data if form.is_bound else {}
    model, prompt = _choices(request, form, chosen)
    context = {
        "form": form,
        "error": first_error(form),
        **_written(request, form),
        "prompts": list_prompts(),
        "chosen_prompt": prompt,
        "teams": list_full_teams(user=request.user),
        "chosen_team": chosen.get("team"),
        "revision": prompt.newest if prompt else None,
        "is_demo": bool(model and model.gateway.is_demo),
        **_of_oneself(request),
        **read_choice(model, _typed(form, "effort")),
    }
    return render(request, "conversations/home.html", context, status=status)


def _written(request: MemberRequest, form: FirstChoiceForm) -> dict[str, Any]:
    user = request.user
    draft = Draft(user.draft, user.draft_version)
    return {
        "content": _typed(form, "content") or draft.text,
        "draft": draft,
        "draft_url": reverse("first_draft"),
        "client_id": _typed(form, "client_id") or uuid.uuid4(),
        **read_files(user, None),
    }


def _of_oneself(request: MemberRequest) -> dict[str, Any]:
    user = request.user
    news = list_password_news(user=user)
    return {
        "rail": read_rail(user, closed=find_closed(request)),
        "password_news": news,
        "admins_may_read": admins_may_read(),
    }


def _typed(form: FirstChoiceForm, name: str) -> str:
    return form.data.get(name, "") if name in form.fields else ""


def _choices(
    request: MemberRequest, form: FirstChoiceForm, chosen: dict[str, Any]
) -> tuple[LanguageModel | None, SystemPrompt | None]:
    """Return what was chosen; the defaults before that, or where it is gone."""
    user, team = request.user, chosen.get("team")
    own = find_defaults(team=team, user=user) if team else (None, None)
    model, prompt = chosen.get("model"), chosen.get("prompt")
    # Where somebody has just turned to a team, what it begins with comes first.
    if request.htmx and request.htmx.trigger_name == "team":
        model, prompt = own[0] or model, own[1] or prompt
    model = model or own[0] or find_default_model(user)
    # None is a choice as well, where there was one.
    if prompt or ("prompt" in form.data and "prompt" in chosen):
        return model, prompt
    return model, own[1] or find_default_prompt()


@require_safe
def sidebar(request: MemberRequest) -> HttpResponse:
    """A page of the list of one's conversations; by itself without htmx."""
    part = bool(request.htmx)
    before = request.GET.get("before", "")
    rail = read_rail(
        request.user, before=before, continued=part, closed=find_closed(request)
    )
    name = ("_rail_rows" if before else "_rail_lists") if part else "earlier"
    return render(request, f"conversations/{name}.html", {"rail": rail})
