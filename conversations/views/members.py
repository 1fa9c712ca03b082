from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations.forms import InvitationForm, MemberForm
from conversations.models import Membership
from conversations.services import returns
from conversations.services.departures import remove_member
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.invitations import list_invitations
from conversations.services.links import list_roles
from conversations.services.password_rights import find_users_to_help
from conversations.services.teams import (
    change_role,
    list_members,
    manages,
    roles_to_give,
)
from conversations.views.requests import first_error, get_membership, refused_status
from conversations.views.teams import frame
from conversations.views.undoing import go_undone, keep_undo, refuse_undo

if TYPE_CHECKING:
    from django.http import HttpResponse

    from conversations.views.requests import MemberRequest


@dataclass(frozen=True, slots=True)
class Row:
    """A member, and the roles that the reader may give them."""

    member: Membership
    roles: list[Membership.Role]
    is_oneself: bool
    may_make_password_link: bool


@require_safe
def members(request: MemberRequest, team_pk: int) -> HttpResponse:
    """Who is in a team; a guest does not learn of it."""
    return _page(request, get_membership(request, team_pk))


@require_POST
def change_member(request: MemberRequest, team_pk: int, user_pk: int) -> HttpResponse:
    """Give somebody another role, or take them out of the team."""
    membership = get_membership(request, team_pk)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _page(request, membership, error=first_error(form), status=422)
    try:
        changed = _change(membership, user_pk, **form.cleaned_data)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        status = refused_status(error)
        return _page(request, membership, error=str(error), status=status)
    _say(request, membership, user_pk, form.cleaned_data["do"], changed)
    # Who changes themselves may not see the members any more.
    if user_pk == request.user.pk:
        return redirect("teams")
    return redirect("members", team_pk)


def _say(
    request: MemberRequest, mine: Membership, user_pk: int, do: str, changed: str
) -> None:
    """Say what has been done on the page that comes next, and let it be undone there."""
    if do != "remove":
        messages.success(request, changed)
    elif user_pk == mine.user_id:
        keep_undo(request, changed, reverse("rejoin_team", args=[mine.team_id]))
    else:
        url = reverse("restore_member", args=[mine.team_id, user_pk])
        keep_undo(request, changed, url)


@require_POST
def restore_member(request: MemberRequest, team_pk: int, user_pk: int) -> HttpResponse:
    """Bring somebody back who was taken out of the team."""
    team = get_membership(request, team_pk).team
    try:
        back = returns.restore_member(team=team, by=request.user, user_id=user_pk)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        return refuse_undo(request, error)
    if back is None:
        raise Http404
    messages.success(request, f"{back.user.name} is in {team.name} again.")
    return go_undone(request, reverse("members", args=[team_pk]))


def _change(membership: Membership, user_pk: int, *, do: str, role: str) -> str:
    """Return what has been done, in a sentence."""
    team, by = membership.team, membership.user
    if do == "remove":
        member = remove_member(team=team, by=by, user_id=user_pk)
        says = "{0} is no longer in {1}."
    else:
        wanted = Membership.Role(role)
        member = change_role(team=team, by=by, user_id=user_pk, role=wanted)
        says = "{0} is now {2} of {1}."
    if member is None:
        raise Http404
    roles = {"owner": "an owner", "admin": "an admin"}
    named = roles.get(member.role, f"a {member.role}")
    return says.format(member.user.name, team.name, named)


def _page(
    request: MemberRequest,
    membership: Membership,
    *,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    if membership.role == Membership.Role.GUEST:
        raise PermissionDenied("A guest of a team does not see who else is in it.")
    context = {
        "rows": _rows(membership),
        "error": error,
        **frame(request, membership, "members"),
    }
    if context["manages"]:
        roles = list_roles(team=membership.team, by=request.user)
        context["invitation_form"] = InvitationForm(roles=roles)
        context["invitations"] = list_invitations(team=membership.team)
    return render(request, "conversations/teams/members.html", context, status=status)


def _rows(membership: Membership) -> list[Row]:
    found = list(list_members(team=membership.team))
    by = membership.user
    helped = find_users_to_help(users=[each.user for each in found], by=by)
    return [
        Row(
            each,
            roles_to_give(by=membership, to=each),
            is_oneself=each.user_id == by.pk,
            may_make_password_link=manages(membership) and each.user_id in helped,
        )
        for each in found
    ]
