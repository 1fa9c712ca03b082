from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from conversations.forms import ThemeForm
from conversations.services.themes import choose_theme

if TYPE_CHECKING:
    from conversations.views.requests import MemberRequest


@require_POST
def theme(request: MemberRequest) -> HttpResponse:
    """Light, dark, or as the machine has it, on all pages of this person."""
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    choose_theme(user=request.user, theme=form.cleaned_data["theme"])
    if request.htmx:
        return HttpResponse(status=204)
    return redirect(_page_before(request))


def _page_before(request: MemberRequest) -> str:
    """Return where the form was sent from, if that is here, else the first page."""
    address = request.headers.get("Referer", "")
    is_here = url_has_allowed_host_and_scheme(
        address, request.get_host(), require_https=request.is_secure()
    )
    return address if is_here else "/"
