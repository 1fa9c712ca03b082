"""Teams: who belongs to them, in which role, and what they begin with."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count

from conversations import limits
from conversations.models import Membership, Team
from conversations.services.changes import tell_people_after_commit
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.gateways import list_models_for
from conversations.services.prompts import list_prompts

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from conversations.models import LanguageModel, SystemPrompt, User

logger = logging.getLogger("conversations.security")

Role = Membership.Role

MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
NO_OWNER_LEFT = (
    "A team needs an owner. Make somebody else an owner first, or delete the team."
)


def list_memberships(*, user: User) -> QuerySet[Membership]:
    """Return a person's memberships with their teams, by name; `people` counts."""
    rows = Membership.objects.filter(user=user).select_related("team")
    people = Count("team__memberships")
    return rows.annotate(people=people).order_by("team__name", "team")


def list_full_teams(*, user: User) -> QuerySet[Team]:
    """Return the teams whose conversations a person takes part in: not as a guest."""
    full = Membership.objects.full().filter(user=user)
    return Team.objects.filter(pk__in=full.values("team")).order_by("name", "pk")


def find_defaults(
    *, team: Team, user: User
) -> tuple[LanguageModel | None, SystemPrompt | None]:
    """Return what a person's conversations of a team begin with.

    None where that is left to what holds for everyone, or where they cannot use it.
    """
    models, prompts = list_models_for(user), list_prompts()
    model = models.filter(pk=team.model_id).first() if team.model_id else None
    return model, prompts.filter(pk=team.prompt_id).first() if team.prompt_id else None


def list_members(*, team: Team) -> QuerySet[Membership]:
    """Return who is in a team, by name."""
    rows = Membership.objects.filter(team=team).select_related("user")
    return rows.order_by("user__username")


def manages(membership: Membership) -> bool:
    """Tell whether this role manages a team's people and settings."""
    return membership.role in MANAGERS


def roles_to_give(*, by: Membership, to: Membership) -> list[Membership.Role]:
    """Return the roles that `by` may give to `to`: none where `to` is above them.

    An owner gives any; an admin any but owner, and to anybody but an owner.
    """
    if by.role == Role.OWNER:
        return list(Role)
    if by.role == Role.ADMIN and to.role != Role.OWNER:
        return [role for role in Role if role != Role.OWNER]
    return []


def make_team(*, owner: User, name: str) -> Team:
    """Make a team of one, its owner; raises `RefusedError` where they have too many."""
    with transaction.atomic():
        if Membership.objects.filter(user=owner).count() >= limits.TEAMS_PER_USER:
            raise RefusedError(
                f"You are in {limits.TEAMS_PER_USER} teams already, and more do not "
                "fit. Leave or delete one first."
            )
        team = Team.objects.create(name=name)
        Membership.objects.create(team=team, user=owner, role=Role.OWNER)
        tell_people_after_commit([owner.pk])
    return team


def change_team(
    *,
    team: Team,
    by: User,
    name: str,
    model: LanguageModel | None,
    prompt: SystemPrompt | None,
) -> None:
    """Say what a team is called, and what its conversations begin with.

    Raises `NotAllowedError` unless `by` manages it.
    """
    with transaction.atomic():
        lock_as_manager(team, by)
        Team.objects.filter(pk=team.pk).update(name=name, model=model, prompt=prompt)
        tell_people_after_commit(list_member_ids(team))
    team.name, team.model, team.prompt = name, model, prompt


def change_role(
    *, team: Team, by: User, user_id: int, role: Membership.Role
) -> Membership | None:
    """Give a member another role; None where nobody of that id is in the team.

    Raises `NotAllowedError` where `by` may not give it, and `RefusedError` where no
    owner would be left.
    """
    with transaction.atomic():
        mine = lock_as_manager(team, by)
        member = find_member(team, user_id)
        if member is None:
            return None
        if role not in roles_to_give(by=mine, to=member):
            raise NotAllowedError("Only an owner can change an owner, or make one.")
        if role != Role.OWNER:
            keep_an_owner(member)
        member.role = role
        member.save(update_fields=["role"])
        tell_people_after_commit([user_id])
    logger.info("User %s made %s %s of team %s.", by.pk, user_id, role, team.pk)
    return member


def lock_team(team: Team, user: User) -> Membership:
    """Lock a team until the transaction ends; return what `user` is in it now.

    Raises `NotAllowedError` for somebody who is in it no more.
    """
    list(Team.objects.select_for_update(of=("self",)).filter(pk=team.pk))
    mine = find_member(team, user.pk)
    if mine is None:
        raise NotAllowedError("You are no longer in this team.")
    return mine


def lock_as_manager(team: Team, user: User) -> Membership:
    """Lock a team for somebody who manages it; raises `NotAllowedError` for others."""
    mine = lock_team(team, user)
    if not manages(mine):
        raise NotAllowedError("Only this team’s owners and admins can do this.")
    return mine


def find_member(team: Team, user_id: int) -> Membership | None:
    """Return what somebody is in a team, None where they are not."""
    return list_members(team=team).filter(user=user_id).first()


def keep_an_owner(member: Membership) -> None:
    """Raise `RefusedError` where the team has no owner but this one; it is locked."""
    others = Membership.objects.filter(team=member.team_id, role=Role.OWNER)
    if member.role == Role.OWNER and not others.exclude(pk=member.pk).exists():
        raise RefusedError(NO_OWNER_LEFT)


def list_member_ids(team: Team) -> list[int]:
    """Return the people of a team, guests among them."""
    rows = Membership.objects.filter(team=team)
    return list(rows.values_list("user", flat=True))
