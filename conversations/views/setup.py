"""The first admin, by a one-time link. Afterwards these pages are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from conversations.forms import SetUpForm
from conversations.services.accounts import (
    SetUpClosedError,
    hash_token,
    make_first_admin,
    open_setup,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SESSION_KEY = "setup_token_hash"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_safe
@login_not_required
def setup_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take the token off the address bar, into the session."""
    token_hash = hash_token(token)
    if not open_setup(token_hash=token_hash):
        raise Http404
    request.session[SESSION_KEY] = token_hash
    return redirect("setup")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    """Make the first admin and sign them in."""
    token_hash = request.session.get(SESSION_KEY, "")
    if not open_setup(token_hash=token_hash):
        raise Http404
    form = SetUpForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _make(request, form, token_hash)
    status = 422 if form.errors else 200
    return render(request, "conversations/setup.html", {"form": form}, status=status)


def _make(request: HttpRequest, form: SetUpForm, token_hash: str) -> HttpResponse:
    try:
        admin = make_first_admin(
            token_hash=token_hash,
            username=form.cleaned_data["username"],
            password=form.cleaned_data["password1"],
        )
    except SetUpClosedError:
        raise Http404 from None
    login(request, admin, backend=BACKEND)
    request.session.pop(SESSION_KEY, None)
    return redirect("home")
