from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from conversations.forms import TeamForm, TeamSettingsForm
from conversations.models import Membership
from conversations.services.departures import delete_team, leave_team
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.returns import list_left_teams, rejoin_team
from conversations.services.teams import (
    change_team,
    list_members,
    list_memberships,
    make_team,
    manages,
)
from conversations.views.rail import find_closed, read_rail
from conversations.views.requests import first_error, get_membership, refused_status
from conversations.views.team_list import read_team_list
from conversations.views.undoing import go_undone, keep_undo, refuse_undo

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.views.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
def teams(request: MemberRequest) -> HttpResponse:
    """One's teams, and a form to make another."""
    if request.method != "POST":
        return _list(request, TeamForm())
    form = TeamForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    try:
        team = make_team(owner=request.user, name=form.cleaned_data["name"])
    except RefusedError as error:
        form.add_error(None, str(error))
        return _list(request, form, status=refused_status(error))
    return redirect("members", team.pk)


def _list(request: MemberRequest, form: TeamForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "error": first_error(form),
        "memberships": list_memberships(user=request.user),
        "rail": read_rail(request.user, current="teams", closed=find_closed(request)),
    }
    return render(request, "conversations/teams/teams.html", context, status=status)


@require_safe
def team(request: MemberRequest, team_pk: int) -> HttpResponse:
    """A team's conversations, newest first; the filters are in the address."""
    membership = get_membership(request, team_pk)
    shown = read_team_list(membership, request.GET)
    context = {"list": shown, "error": first_error(shown.form)}
    if request.htmx and shown.is_continued:
        return render(request, "conversations/teams/_lines.html", context)
    context |= frame(request, membership, "conversations")
    status = 422 if shown.form.errors else 200
    return render(request, "conversations/teams/team.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def team_settings(request: MemberRequest, team_pk: int) -> HttpResponse:
    """What a team is called and begins with; the ways out of it."""
    membership = get_membership(request, team_pk)
    posted = request.POST if request.method == "POST" else None
    form = TeamSettingsForm(posted, user=request.user, team=membership.team)
    if posted is None or not (manages(membership) and form.is_valid()):
        _allow(manages(membership) or posted is None)
        status = 200 if posted is None else 422
        return _settings(request, membership, form, status=status)
    try:
        change_team(team=membership.team, by=request.user, **form.cleaned_data)
    except RefusedError as error:
        return refuse(request, membership, error)
    messages.success(request, "Saved.")
    return redirect("team_settings", team_pk)


def _allow(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied("Only this team’s owners and admins can change it.")


def _settings(
    request: MemberRequest,
    membership: Membership,
    form: TeamSettingsForm | None = None,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    team = membership.team
    owners = list_members(team=team).filter(role=Membership.Role.OWNER)
    owns = membership.role == Membership.Role.OWNER
    context = {
        "form": form or TeamSettingsForm(user=request.user, team=team),
        "error": error,
        "owns": owns,
        "is_last_owner": owns and len(owners) == 1,
        "shared": team.conversations.filter(deleted_at=None).count() if owns else None,
        **frame(request, membership, "settings"),
    }
    return render(request, "conversations/teams/settings.html", context, status=status)


@require_POST
def leave(request: MemberRequest, team_pk: int) -> HttpResponse:
    """Take oneself out of a team."""
    membership = get_membership(request, team_pk)
    try:
        leave_team(team=membership.team, user=request.user)
    except RefusedError as error:
        return refuse(request, membership, error)
    url = reverse("rejoin_team", args=[team_pk])
    also = " Undo brings you back as a member." if manages(membership) else ""
    keep_undo(request, f"You have left {membership.team.name}.{also}", url)
    return redirect("teams")


@require_POST
def rejoin(request: MemberRequest, team_pk: int) -> HttpResponse:
    """Come back to a team that one has just left."""
    team = get_object_or_404(list_left_teams(user=request.user), pk=team_pk)
    try:
        back = rejoin_team(team=team, user=request.user)
    except RefusedError as error:
        return refuse_undo(request, error)
    messages.success(request, f"You are in the team again, as a {back.role}.")
    return go_undone(request, reverse("team", args=[team_pk]))


@require_POST
def delete(request: MemberRequest, team_pk: int) -> HttpResponse:
    """End a team; what was shared with it is its owners' alone again."""
    membership = get_membership(request, team_pk)
    try:
        delete_team(team=membership.team, by=request.user)
    except RefusedError as error:
        return refuse(request, membership, error)
    messages.success(request, f"{membership.team.name} has been deleted.")
    return redirect("teams")


def refuse(
    request: MemberRequest, membership: Membership, error: RefusedError
) -> HttpResponse:
    """Say on the settings' page why something could not be done; 403 by role."""
    if isinstance(error, NotAllowedError):
        raise PermissionDenied(str(error)) from error
    return _settings(
        request, membership, error=str(error), status=refused_status(error)
    )


def frame(
    request: MemberRequest, membership: Membership, page: str
) -> dict[str, object]:
    """Return what every page of a team shows around its own."""
    is_guest = membership.role == Membership.Role.GUEST
    people = list_members(team=membership.team)
    return {
        "team": membership.team,
        "membership": membership,
        "is_guest": is_guest,
        "manages": manages(membership),
        "people": None if is_guest else people.count(),
        "page": page,
        "rail": read_rail(
            request.user, current=membership.team, closed=find_closed(request)
        ),
    }
