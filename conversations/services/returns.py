"""Back in a team: what ended when somebody left it or was taken out, undone in time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from conversations import limits
from conversations.models import Conversation, Departure, Membership, Share, Team, User
from conversations.services.changes import tell_people_after_commit
from conversations.services.departures import mark_shared_anew
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.teams import list_member_ids, lock_as_manager, roles_to_give
from conversations.services.undoing import find_undo_start

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger("conversations.security")

Role = Membership.Role
TOO_LATE = "This cannot be undone any more. An invitation brings them back."
TOO_LATE_FOR_ONESELF = (
    "You cannot come back by yourself any more. Please ask somebody for an invitation."
)


def list_left_teams(*, user: User) -> QuerySet[Team]:
    """Return the teams that a person left of themselves and can still come back to."""
    rows = Departure.objects.filter(user=user, by=user, left_at__gt=find_undo_start())
    return Team.objects.filter(pk__in=rows.values("team"))


def restore_member(*, team: Team, by: User, user_id: int) -> Membership | None:
    """Bring somebody back who was taken out of a team; None for who never was.

    Who left of themselves is not brought back by others. Raises `NotAllowedError` where
    `by` could not give them the role they had, and `RefusedError` where it is too late.
    """
    with transaction.atomic():
        mine = lock_as_manager(team, by)
        ended = _find(team, user_id)
        if ended is None or ended.by_id == user_id:
            return None
        back = Membership(team=team, user=ended.user, role=ended.role)
        if back.role not in roles_to_give(by=mine, to=back):
            raise NotAllowedError("Only an owner can bring an owner back.")
        _bring_back(ended, back, TOO_LATE)
    logger.info("User %s brought %s back to team %s.", by.pk, user_id, team.pk)
    return back


def rejoin_team(*, team: Team, user: User) -> Membership:
    """Let somebody come back to a team that they left of themselves.

    Who managed it comes back as a member: nobody could take that from them meanwhile.
    Raises `RefusedError` where it is too late, or where others took them out since.
    """
    with transaction.atomic():
        list(Team.objects.select_for_update(of=("self",)).filter(pk=team.pk))
        ended = _find(team, user.pk)
        if ended is None or ended.by_id != user.pk:
            raise RefusedError(TOO_LATE_FOR_ONESELF)
        is_guest = ended.role == Role.GUEST
        role = Role.GUEST if is_guest else Role.MEMBER
        back = Membership(team=team, user=user, role=role)
        _bring_back(ended, back, TOO_LATE_FOR_ONESELF)
    logger.info("User %s came back to team %s.", user.pk, team.pk)
    return back


def _find(team: Team, user_id: int) -> Departure | None:
    rows = Departure.objects.filter(team=team, user=user_id)
    return rows.select_related("user").first()


def _bring_back(ended: Departure, back: Membership, too_late: str) -> None:
    """Make a membership as it was, once; the team is locked."""
    if ended.left_at <= find_undo_start():
        raise RefusedError(too_late)
    ended.delete()
    theirs = Membership.objects.filter(user=back.user_id)
    if theirs.filter(team=back.team_id).exists():
        raise RefusedError(f"{back.user.name} is in {back.team.name} already.")
    if theirs.count() >= limits.TEAMS_PER_USER:
        raise RefusedError(f"{limits.TEAMS_PER_USER:,} teams are as many as one is in.")
    back.save()
    Membership.objects.filter(pk=back.pk).update(joined_at=ended.joined_at)
    _share_again(back.user_id, ended.shares)
    tell_people_after_commit(list_member_ids(back.team))


def _share_again(user_id: int, ended: list[tuple[str, int, str]]) -> None:
    """Share again what the departure ended, where nothing else stands against it."""
    if not ended:
        return
    concerned = [UUID(pk) for pk, _, _ in ended]
    mark_shared_anew(concerned)
    owners = dict(
        Conversation.objects.filter(pk__in=concerned).values_list("pk", "owner")
    )
    met = _list_met(user_id)
    again = [
        Share(conversation_id=pk, user_id=person, access=access)
        for pk, person, access in ((UUID(pk), who, what) for pk, who, what in ended)
        if {owners.get(pk), person} - {user_id} <= met and owners.get(pk) != person
    ]
    # Those that its owner has made anew since then stay as they are.
    Share.objects.bulk_create(again, ignore_conflicts=True)
    tell_people_after_commit({share.user_id for share in again})


def _list_met(user_id: int) -> set[int | None]:
    """Return with whom somebody is in a team."""
    teams = Membership.objects.filter(user=user_id).values("team")
    rows = Membership.objects.filter(Q(team__in=teams), ~Q(user=user_id))
    return set(rows.values_list("user", flat=True))
