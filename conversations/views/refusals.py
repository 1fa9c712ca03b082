"""Why nobody was signed in: one plain sentence, and a line for the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from allauth.socialaccount.providers.base import AuthError
from django.shortcuts import render
from requests import RequestException

from conversations.services.identities import IdentityError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

logger = logging.getLogger("conversations.security")

CANCELLED = "You stopped before the end, so nothing has happened."
TOO_LATE = (
    "This was begun too long ago, or in another browser. Please begin once more here."
)
UNREACHABLE = "Single sign-on can’t be reached just now. Please try again in a moment."
NOT_LET_IN = (
    "Single sign-on did not let you in. "
    "If it should, ask the people who run this server."
)
UNTRUSTED = (
    "Single sign-on gave an answer that can’t be trusted, so nobody was signed in. "
    "Please try once more; if it stays so, tell the people who run this server."
)


def refuse(request: HttpRequest, sentence: str, *, status: int) -> HttpResponse:
    """Answer with the page that says why, and leads back to the login."""
    context = {"sentence": sentence}
    return render(request, "conversations/not_signed_in.html", context, status=status)


def refuse_sign_in(
    request: HttpRequest,
    *,
    error: str | None = None,
    exception: Exception | None = None,
    begun: bool = True,
) -> HttpResponse:
    """Say what went wrong at the provider or on the way."""
    sentence, status = _explain(error, exception, begun=begun)
    # Of other exceptions the text may quote what the provider sent.
    told = exception if isinstance(exception, IdentityError) else type(exception)
    if error != AuthError.CANCELLED:
        logger.warning("Single sign-on signed nobody in (%s): %s", status, told)
    return refuse(request, sentence, status=status)


def _explain(
    error: str | None, exception: Exception | None, *, begun: bool
) -> tuple[str, int]:
    if error == AuthError.CANCELLED:
        return CANCELLED, 200
    if isinstance(exception, RequestException):
        return UNREACHABLE, 502
    if exception is not None:
        return UNTRUSTED, 403
    return (NOT_LET_IN, 403) if begun else (TOO_LATE, 400)
