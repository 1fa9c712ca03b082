"""Stretches of a conversation: those a page begins with, and those it goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from conversations import limits
from conversations.services.branching.branches import find_on_branch
from conversations.services.branching.viewing import choose_branch
from conversations.services.elsewhere import find_named_elsewhere
from conversations.services.errors import RefusedError
from conversations.services.reading import find_first_unread
from conversations.services.transcript import Spot, read_opening, read_window
from conversations.views.requests import get_visible

if TYPE_CHECKING:
    from conversations.models import Conversation
    from conversations.services.transcript import Window
    from conversations.views.requests import MemberRequest


@require_safe
def older(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The messages before one of the branch, for scrolling up."""
    return _stretch(request, pk, "before")


@require_safe
def newer(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The messages after one of the branch, for scrolling down."""
    return _stretch(request, pk, "after")


@require_safe
def around(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The messages around one, on a branch through it; without one the newest.

    Where it is on another branch than the one that ends at `end`, that is chosen.
    """
    conversation = get_visible(request, pk)
    at, end = read_id(request, "at"), read_id(request, "end")
    if at is not None and not (end and find_on_branch(leaf=end, wanted=[at])):
        choose(request, conversation, at)
        end = None
    return _answer(request, conversation, Spot(around=at, end=end))


def choose(request: MemberRequest, conversation: Conversation, at: UUID) -> None:
    """Let the person look at the branch through a message, else 404."""
    if request.method != "GET":
        return
    try:
        choose_branch(conversation=conversation, user=request.user, message=at)
    except RefusedError:
        raise Http404 from None


def read_transcript(
    request: MemberRequest, conversation: Conversation
) -> dict[str, object]:
    """Return what the page of a conversation begins with.

    Its newest messages, or those `?before=`, `?after=` or around one `?at=`.
    """
    spot = Spot(
        before=read_id(request, "before"),
        after=read_id(request, "after"),
        around=read_id(request, "at"),
    )
    window = _open(request, conversation, spot)
    named = find_named_elsewhere(
        conversation=conversation, user=request.user, leaf=window.end
    )
    return {
        **_window(request, conversation, window),
        "after": window.end,
        "stays": window.stays,
        "busy": window.busy,
        "named_elsewhere": named,
    }


def _open(request: MemberRequest, conversation: Conversation, spot: Spot) -> Window:
    user = request.user
    most = limits.PAGE_MESSAGES
    fewest = min(limits.OPENING_MESSAGES, most)
    if spot == Spot():
        bounds = (fewest, most)
        return read_opening(conversation=conversation, limits=bounds, user=user)
    limit = fewest if spot.around else most
    return read_window(conversation=conversation, limit=limit, user=user, spot=spot)


def _stretch(request: MemberRequest, pk: UUID, side: str) -> HttpResponse:
    conversation = get_visible(request, pk)
    given = {side: read_id(request, side)}
    return _answer(request, conversation, Spot(**given, end=read_id(request, "end")))


def _answer(
    request: MemberRequest, conversation: Conversation, spot: Spot
) -> HttpResponse:
    window = read_window(
        conversation=conversation,
        limit=limits.PAGE_MESSAGES,
        user=request.user,
        spot=spot,
    )
    context = _window(request, conversation, window)
    context["has_older"] = window.older and spot.after is None
    context["has_newer"] = window.newer and spot.before is None
    return render(request, "conversations/_window.html", context)


def _window(
    request: MemberRequest, conversation: Conversation, window: Window
) -> dict[str, object]:
    shown = [article.id for article in window.articles]
    first_unread = find_first_unread(
        conversation=conversation, user=request.user, message_ids=shown
    )
    return {
        "conversation": conversation,
        "window": window,
        "articles": window.articles,
        "has_older": window.older,
        "has_newer": window.newer,
        "first_unread": first_unread,
        "last_answers": window.last_answers,
        "seen": conversation.version,
    }


def read_id(request: MemberRequest, name: str) -> UUID | None:
    """Return an id of the address, None where it has none; 404 where it is no id."""
    raw = request.GET.get(name)
    try:
        return UUID(raw) if raw else None
    except ValueError:
        raise Http404 from None
