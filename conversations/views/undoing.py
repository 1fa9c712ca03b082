"""The notice that something was done which can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from conversations.views.requests import refused_status

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.services.errors import RefusedError
    from conversations.views.requests import MemberRequest

# What marks such a message; the address that undoes it follows.
TAG = "undo"


def keep_undo(request: MemberRequest, said: str, url: str) -> None:
    """Offer to undo something on the page that comes next."""
    messages.info(request, said, extra_tags=f"{TAG} {url}")


def show_undo(
    request: MemberRequest, said: str, url: str = "", *, link: str = ""
) -> HttpResponse:
    """Answer htmx with the notice alone: offering to undo, or showing at `link`."""
    context = {**name_undo(said, url), "undo_link": link}
    return render(request, "conversations/_undo.html", context)


def name_undo(said: str, url: str) -> dict[str, str]:
    """Return what an answer of htmx needs to show the notice beside all else."""
    return {"undo_said": said, "undo_url": url}


def go_undone(request: MemberRequest, url: str) -> HttpResponse:
    """Show the page on which something is as it was."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def refuse_undo(request: MemberRequest, error: RefusedError) -> HttpResponse:
    """Say in one sentence why something cannot be undone."""
    context = {"title": "Not undone", "sentence": str(error)}
    status = refused_status(error)
    response = render(request, "conversations/error.html", context, status=status)
    response["HX-Reswap"] = "none"
    return response
