"""One-time links, made by who leads a team. Each is shown once, on the page it came by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from conversations import limits
from conversations.forms import InvitationForm
from conversations.services import invitations, passwords
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.links import list_roles, may_invite
from conversations.services.mail import mail_invitation, mail_password_link
from conversations.services.teams import manages
from conversations.views.requests import get_membership
from conversations.views.undoing import go_undone, keep_undo, refuse_undo

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from conversations.models import Membership, Team
    from conversations.views.requests import MemberRequest

FOR_LEADERS = "Only this team’s owners and admins can do this."


def absolute_url(request: HttpRequest, path: str) -> str:
    """Return the address of a path at this site, whatever host a request names."""
    origin = f"{request.scheme}://{request.get_host()}"
    known = origin if origin in settings.ALLOWED_ORIGINS else settings.SITE_URL
    return f"{known}{path}"


@require_POST
def invite(request: MemberRequest, team_pk: int) -> HttpResponse:
    """Make an invitation to one's team."""
    team = _get_led_team(request, team_pk)
    roles = list_roles(team=team, by=request.user)
    form = InvitationForm(request.POST, roles=roles)
    if not form.is_valid():
        return _ask_again(request, team, form, status=422)
    try:
        path = invitations.invite(team=team, made_by=request.user, **form.cleaned_data)
    except RefusedError as error:
        form.add_error(None, str(error))
        return _ask_again(request, team, form, status=409)
    return _show_invitation(request, team, form.cleaned_data["address"], path)


@require_POST
def withdraw_invitation(
    request: MemberRequest, team_pk: int, link_pk: int
) -> HttpResponse:
    """End an invitation that nobody has used yet."""
    team = _get_led_team(request, team_pk)
    link = get_object_or_404(invitations.list_invitations(team=team), pk=link_pk)
    invitations.withdraw_invitation(link=link, by=request.user)
    said = "The invitation is withdrawn. Its link does nothing now."
    if may_invite(team=team, role=link.role, by=request.user):
        url = reverse("restore_invitation", args=[team.pk, link.pk])
        keep_undo(request, said, url)
    else:
        messages.success(request, said)
    return redirect("members", team.pk)


@require_POST
def restore_invitation(
    request: MemberRequest, team_pk: int, link_pk: int
) -> HttpResponse:
    """Let the link of a withdrawn invitation be good again."""
    team = _get_led_team(request, team_pk)
    link = get_object_or_404(invitations.list_withdrawn(team=team), pk=link_pk)
    try:
        invitations.restore_invitation(link=link, by=request.user)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        return refuse_undo(request, error)
    messages.success(request, "The invitation is good again: its link works as before.")
    return go_undone(request, reverse("members", args=[team.pk]))


@require_POST
def password_link(request: MemberRequest, team_pk: int, user_pk: int) -> HttpResponse:
    """Make a link by which a member sets a new password."""
    team = _get_led_team(request, team_pk)
    user = _get_member(team, user_pk).user
    try:
        path = passwords.make_password_link(user=user, made_by=request.user)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        context = {"title": "Not now", "sentence": str(error)}
        return render(request, "conversations/error.html", context, status=409)
    url = absolute_url(request, path)
    sent = mail_password_link(user=user, url=url, by=request.user)
    made = {"person": user, "sent": sent, "url": url}
    return _show(request, team, {**made, "hours": limits.PASSWORD_LINK_HOURS})


def _show_invitation(
    request: MemberRequest, team: Team, address: str, path: str
) -> HttpResponse:
    url = absolute_url(request, path)
    sent = mail_invitation(address=address, url=url, team=team, by=request.user)
    made = {"address": address, "sent": sent, "url": url}
    return _show(request, team, {**made, "days": limits.INVITATION_DAYS})


def _show(request: MemberRequest, team: Team, made: dict[str, object]) -> HttpResponse:
    return render(request, "conversations/teams/link.html", {"team": team, **made})


def _ask_again(
    request: MemberRequest, team: Team, form: InvitationForm, *, status: int
) -> HttpResponse:
    context = {"team": team, "invitation_form": form}
    name = "conversations/teams/invite.html"
    return render(request, name, context, status=status)


def _get_led_team(request: MemberRequest, pk: int) -> Team:
    """Return a team of one's own, else 404; 403 for who does not lead it."""
    membership = get_membership(request, pk)
    if not manages(membership):
        raise PermissionDenied(FOR_LEADERS)
    return membership.team


def _get_member(team: Team, user_pk: int) -> Membership:
    return get_object_or_404(team.memberships.select_related("user"), user=user_pk)
