"""Single sign-on: away to the OpenID provider, and back. Without one, a 404."""

from __future__ import annotations

import functools
import secrets
from typing import TYPE_CHECKING

from allauth.account import views as account
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from conversations.services.identities import IdentityError
from conversations.views.exchange import Exchange
from conversations.views.identity_provider import (
    Callback,
    SocialAccounts,
    offers_sign_on,
)
from conversations.views.refusals import refuse_sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from conversations.views.requests import MemberRequest

    View = Callable[[HttpRequest], HttpResponse]

NONCE_BYTES = 32


def _where_offered(view: View) -> View:
    """Without single sign-on there is nothing at this address, however it is asked."""

    @functools.wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if not offers_sign_on():
            raise Http404
        return view(request)

    return answer


@_where_offered
@require_POST
@login_not_required
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the provider, by a page: a form's redirect may not leave this site."""
    limited: HttpResponse | None = ratelimit.consume_or_429(request, action="login")
    if limited is not None:
        return limited
    try:
        address = _leave(request)
    except (IdentityError, RequestException) as error:
        return refuse_sign_in(request, exception=error)
    return render(request, "conversations/leaving.html", {"address": address})


def _leave(request: HttpRequest) -> str:
    provider = SocialAccounts(request).get_provider(request, settings.OIDC_ISSUER_URL)
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    away = provider.redirect(
        request,
        process="login",
        next_url=_next(request),
        nonce=nonce,
        auth_params={"nonce": nonce},
    )
    return str(away.url)


@_where_offered
@require_safe
@login_not_required
def callback(request: HttpRequest) -> HttpResponse:
    """Come back with the provider's word, and be signed in."""
    exchange = Exchange(request, settings.OIDC_ISSUER_URL)
    response: HttpResponse = Callback.adapter_view(exchange)(request)
    return response


def change_password(request: MemberRequest) -> HttpResponse:
    """Change one's password, where there is one."""
    if not request.user.has_usable_password():
        return render(request, "conversations/no_password.html")
    response: HttpResponse = account.password_change(request)
    return response


def _next(request: HttpRequest) -> str | None:
    """Where to go afterwards: a path of this site, or its first page."""
    wanted = request.POST.get("next", "")
    is_path = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if is_path else None
