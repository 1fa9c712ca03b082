"""Who can see a conversation: said, shown, and changed by its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations.forms import PersonShareForm, TalkForm, TeamShareForm
from conversations.services import sharing
from conversations.services.errors import RefusedError
from conversations.services.teams import list_full_teams
from conversations.views.faces import read_faces
from conversations.views.people_panel import read_audience_line, show_people
from conversations.views.requests import (
    first_error,
    get_owned,
    get_visible,
    get_writable,
    refused_status,
)
from conversations.views.undoing import keep_undo

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from django.forms import Form
    from django.http import HttpResponse

    from conversations.models import Conversation, User
    from conversations.views.requests import MemberRequest


@require_safe
def audience(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The sentence under the title; a page without htmx shows it with all else."""
    conversation = get_visible(request, pk)
    if not request.htmx:
        return redirect("people", pk)
    context = {
        **read_audience_line(conversation, request.user),
        **read_faces(conversation, request.user),
    }
    return render(request, "conversations/_audience.html", context)


@require_safe
def people(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Who can see it, in the side or as a page; `?q=` looks for somebody to add."""
    return show_people(request, get_visible(request, pk))


@require_POST
def share(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say which team may read or take part, if any."""
    conversation = get_owned(request, pk)
    form = TeamShareForm(_said(request), conversation=conversation)
    undo = _undo_of_team(conversation)

    def change() -> None:
        sharing.share_with_team(
            conversation=conversation, user=request.user, **form.cleaned_data
        )

    ends = form.is_valid() and form.cleaned_data["team"] is None
    return _do(request, conversation, "team", form, change, undo if ends else None)


@require_POST
def share_person(request: MemberRequest, pk: UUID, user_pk: int) -> HttpResponse:
    """Say what one person may do."""
    conversation = get_owned(request, pk)
    known = sharing.list_known_people(conversation=conversation)
    person = get_object_or_404(known, pk=user_pk)
    form = PersonShareForm(_said(request))
    undo = _undo_of_person(conversation, person)

    def change() -> None:
        sharing.share_with_person(
            conversation=conversation,
            user=request.user,
            person=person,
            **form.cleaned_data,
        )

    ends = form.is_valid() and form.cleaned_data["access"] is None
    return _do(request, conversation, "people", form, change, undo if ends else None)


@require_POST
def talk_settings(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Say what the model sees of people here, and when it is asked."""
    conversation = get_writable(request, pk)
    form = TalkForm(request.POST)

    def change() -> None:
        sharing.set_talk(
            conversation=conversation, user=request.user, **form.cleaned_data
        )

    return _do(request, conversation, "talk", form, change)


def _do(
    request: MemberRequest,
    conversation: Conversation,
    part: str,
    form: Form,
    change: Callable[[], None],
    undo: tuple[str, str] | None = None,
) -> HttpResponse:
    """Do what a button says; answer with the panel, or with its page, anew."""
    if not form.is_valid():
        return show_people(request, conversation, {part: first_error(form)}, status=422)
    try:
        change()
    except RefusedError as error:
        status, problem = refused_status(error), {part: str(error)}
        return show_people(request, conversation, problem, status=status)
    if not request.htmx:
        if undo:
            keep_undo(request, *undo)
        return redirect("people", conversation.pk)
    return show_people(request, get_visible(request, conversation.pk), undo=undo)


def _said(request: MemberRequest) -> QueryDict:
    """Return what a form says, or the address by which the end of a share is undone."""
    said = request.GET.copy()
    said.update(request.POST)
    return said


def _undo_of_team(conversation: Conversation) -> tuple[str, str] | None:
    """Return what is said when the team's share ends, where it can be made again."""
    team = conversation.team
    own = list_full_teams(user=conversation.owner)
    if team is None or team not in own:
        return None
    said = QueryDict(mutable=True)
    said.update({"team": str(team.pk), "access": conversation.team_access})
    url = reverse("share", args=[conversation.pk])
    words = f"{team.name} can no longer see this conversation."
    return words, f"{url}?{said.urlencode()}"


def _undo_of_person(conversation: Conversation, person: User) -> tuple[str, str] | None:
    """Return what is said when a person's share ends, where it can be made again."""
    share = conversation.shares.filter(user=person).first()
    sharable = sharing.list_sharable_people(conversation=conversation)
    if share is None or not sharable.filter(pk=person.pk).exists():
        return None
    url = reverse("share_person", args=[conversation.pk, person.pk])
    words = f"The conversation is no longer shared with {person.name}."
    return words, f"{url}?access={share.access}"
