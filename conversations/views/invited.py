"""One-time links, as those see them who were given one. Looking uses nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from conversations.forms import NewAccountForm, NewPasswordForm
from conversations.services.errors import RefusedError
from conversations.services.invitations import (
    NameTakenError,
    accept_invitation,
    find_obstacle,
    join_with_new_account,
)
from conversations.services.links import Kind, LinkGoneError, find_link
from conversations.services.passwords import set_new_password
from conversations.views.identity_provider import offers_sign_on
from conversations.views.setup import BACKEND

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse, QueryDict

    from conversations.models import OneTimeLink, User
    from conversations.views.requests import MemberRequest

METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(METHODS)
@sensitive_post_parameters()
@login_not_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join as oneself, or with a new account."""
    link = find_link(token=token, kind=Kind.INVITATION)
    if link is None:
        return _gone(request)
    try:
        if request.user.is_authenticated:
            return _join(cast("MemberRequest", request), token, link)
        return _join_anew(request, token, link)
    except LinkGoneError:
        return _gone(request)


@require_http_methods(METHODS)
@sensitive_post_parameters()
@login_not_required
def new_password(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password."""
    link = find_link(token=token, kind=Kind.PASSWORD)
    if link is None or link.user is None:
        return _gone(request)
    form = NewPasswordForm(link.user, _posted(request))
    if not form.is_valid():
        context = {"form": form, "person": link.user}
        return _page(request, "new_password", context, form)
    try:
        set_new_password(token=token, password=form.cleaned_data["new_password1"])
    except LinkGoneError:
        return _gone(request)
    return render(request, "conversations/password_set.html", {"person": link.user})


def _join(request: MemberRequest, token: str, link: OneTimeLink) -> HttpResponse:
    obstacle = find_obstacle(link=link, user=request.user)
    if request.method == "POST" and not obstacle:
        try:
            team = accept_invitation(token=token, user=request.user)
        except LinkGoneError:
            raise
        except RefusedError as error:
            obstacle = str(error)
        else:
            messages.success(request, f"Welcome to {team}.")
            return redirect("team", team.pk)
    status = 409 if request.method == "POST" else 200
    context = {"link": link, "obstacle": obstacle}
    return render(request, "conversations/join.html", context, status=status)


def _join_anew(request: HttpRequest, token: str, link: OneTimeLink) -> HttpResponse:
    form = NewAccountForm(_posted(request), address=link.address)
    if form.is_valid():
        try:
            return _welcome(request, _make(token, form), link)
        except NameTakenError as error:
            form.add_error("username", str(error))
    context = {"form": form, "link": link, "offers_sign_on": offers_sign_on()}
    return _page(request, "join_anew", context, form)


def _make(token: str, form: NewAccountForm) -> User:
    said = form.cleaned_data
    return join_with_new_account(
        token=token,
        username=said["username"],
        name=said["name"],
        password=said["password1"],
    )


def _welcome(request: HttpRequest, user: User, link: OneTimeLink) -> HttpResponse:
    login(request, user, backend=BACKEND)
    return redirect("team", link.team.pk) if link.team else redirect("home")


def _page(
    request: HttpRequest,
    name: str,
    context: dict[str, object],
    form: NewAccountForm | NewPasswordForm,
) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, f"conversations/{name}.html", context, status=status)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _gone(request: HttpRequest) -> HttpResponse:
    context = {
        "title": "This link does not work any more",
        "sentence": str(LinkGoneError()),
    }
    return render(request, "conversations/error.html", context, status=404)
