"""Invitations: to a team, or to the server alone; as oneself, or with a new account."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from conversations import limits
from conversations.models import Membership, OneTimeLink, User
from conversations.services.accounts import hash_token
from conversations.services.changes import tell_people_after_commit
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.links import (
    Kind,
    LinkGoneError,
    Role,
    create_link,
    find_link,
    logger,
    may_invite,
    use_link,
)
from conversations.services.undoing import find_undo_start

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import Team


class NameTakenError(RefusedError):
    """Somebody took the username a moment earlier; the link was not used up."""

    def __init__(self) -> None:
        super().__init__("A user with that username already exists.")


def invite(*, team: Team | None, role: str, address: str, made_by: User) -> str:
    """Make an invitation and return its path, which nothing shows again.

    An empty `address` lets in whoever has the link. Raises `RefusedError` for who may
    not invite in this role, and where too many are open.
    """
    if not may_invite(team=team, role=role, by=made_by):
        raise NotAllowedError("You cannot invite in this role.")
    if team:
        _refuse_too_many(team)
    lasting = timedelta(days=limits.INVITATION_DAYS)
    token = create_link(
        kind=Kind.INVITATION,
        made_by=made_by,
        lasting=lasting,
        team=team,
        role=role,
        address=address,
    )
    logger.info("%s made an invitation (%s) to %s.", made_by, role, _named(team))
    return reverse("invitation", args=[token])


def list_invitations(*, team: Team) -> QuerySet[OneTimeLink]:
    """Return a team's open invitations, newest first: those that let somebody in."""
    maker = Membership.objects.filter(team=team, user=OuterRef("made_by"))
    leads = Exists(maker.filter(role__in=[Role.OWNER, Role.ADMIN]))
    owns = Exists(maker.filter(role=Role.OWNER))
    rows = team.links.filter(
        leads & (owns | ~Q(role=Role.OWNER)),
        kind=Kind.INVITATION,
        used_at__isnull=True,
        expires_at__gt=timezone.now(),
        made_by__is_active=True,
    )
    return rows.select_related("made_by").order_by("-pk")


def withdraw_invitation(*, link: OneTimeLink, by: User) -> None:
    """End an invitation, unless it has been used a moment earlier."""
    unused = OneTimeLink.objects.filter(pk=link.pk, used_at__isnull=True)
    # Before any moment at which it could be used.
    if unused.update(expires_at=F("created_at"), withdrawn_at=timezone.now()):
        logger.info("%s withdrew an invitation to %s.", by, _named(link.team))


def list_withdrawn(*, team: Team) -> QuerySet[OneTimeLink]:
    """Return a team's invitations that were withdrawn and can still be good again."""
    now, lasting = timezone.now(), timedelta(days=limits.INVITATION_DAYS)
    return team.links.filter(
        kind=Kind.INVITATION,
        used_at__isnull=True,
        withdrawn_at__gt=find_undo_start(),
        created_at__gt=now - lasting,
    )


def restore_invitation(*, link: OneTimeLink, by: User) -> None:
    """Let the link of a withdrawn invitation let somebody in again, until it ends.

    Raises `NotAllowedError` for who could not make it themselves, and `RefusedError`
    where too many are open.
    """
    team = link.team
    if team is None or not may_invite(team=team, role=link.role, by=by):
        raise NotAllowedError("Only an owner can let somebody in as an owner.")
    _refuse_too_many(team)
    rows = list_withdrawn(team=team).filter(pk=link.pk)
    ends = F("created_at") + timedelta(days=limits.INVITATION_DAYS)
    if rows.update(expires_at=ends, withdrawn_at=None):
        logger.info("%s brought back an invitation to %s.", by, _named(team))


def find_obstacle(*, link: OneTimeLink, user: User) -> str:
    """Return why somebody cannot accept an invitation, in plain words; empty if not."""
    if link.team is None:
        return "You have an account already, and this invitation is for a new one."
    if Membership.objects.filter(team=link.team, user=user).exists():
        return f"You are in {link.team} already. The invitation stays unused."
    if Membership.objects.filter(user=user).count() >= limits.TEAMS_PER_USER:
        return (
            f"You are in {limits.TEAMS_PER_USER:,} teams already, and more do not fit. "
            "Leave one first."
        )
    if link.address and link.address.casefold() != user.email.casefold():
        return (
            "This invitation is for another e-mail address than yours. "
            "Please ask for one of your own."
        )
    return ""


def accept_invitation(*, token: str, user: User) -> Team:
    """Let a person who has an account join, and return the team.

    Raises `LinkGoneError`, and `RefusedError` where the invitation is not for them; it
    then stays unused.
    """
    key, now = hash_token(token), timezone.now()
    try:
        with transaction.atomic():
            link = use_link(token_hash=key, kind=Kind.INVITATION, at=now, by=user)
            if obstacle := find_obstacle(link=link, user=user):
                raise RefusedError(obstacle)
            assert link.team is not None
            _join(link, link.team, user)
    except IntegrityError:
        # By another invitation, at the same moment.
        raise RefusedError("You are in this team already.") from None
    place = _named(link.team)
    logger.info("%s joined %s by an invitation of %s.", user, place, link.made_by)
    return link.team


@sensitive_variables("password", "hashed")
def join_with_new_account(
    *, token: str, username: str, name: str, password: str
) -> User:
    """Make an account, in the invitation's team where it has one.

    Raises `LinkGoneError`, and `NameTakenError`, after which the link is still good.
    """
    if find_link(token=token, kind=Kind.INVITATION) is None:
        raise LinkGoneError
    key, hashed = hash_token(token), make_password(password)
    first, _, rest = name.partition(" ")
    try:
        with transaction.atomic():
            now = timezone.now()
            link = use_link(token_hash=key, kind=Kind.INVITATION, at=now)
            user = User.objects.create(
                username=username,
                first_name=first,
                last_name=rest,
                email=link.address,
                password=hashed,
                # The same moment says that this link made the account.
                date_joined=now,
            )
            OneTimeLink.objects.filter(pk=link.pk).update(used_by=user)
            if link.team is not None:
                _join(link, link.team, user)
    except IntegrityError:
        raise NameTakenError from None
    logger.info("%s made an account by an invitation of %s.", user, link.made_by)
    return user


def _join(link: OneTimeLink, team: Team, user: User) -> None:
    Membership.objects.create(team=team, user=user, role=link.role)
    members = Membership.objects.filter(team=team)
    tell_people_after_commit(members.values_list("user_id", flat=True))


def _refuse_too_many(team: Team) -> None:
    if list_invitations(team=team).count() >= limits.INVITATIONS_PER_TEAM:
        raise RefusedError(
            f"{limits.INVITATIONS_PER_TEAM:,} invitations are open already. "
            "Please withdraw one first."
        )


def _named(team: Team | None) -> str:
    return f"team {team.pk}" if team else "this server"
