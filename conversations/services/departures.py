"""Leaving a team, being taken out of it, and its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from conversations.models import (
    Conversation,
    Departure,
    LanguageModel,
    Membership,
    Share,
)
from conversations.services.changes import (
    announce_after_commit,
    tell_people_after_commit,
)
from conversations.services.errors import NotAllowedError
from conversations.services.teams import (
    find_member,
    keep_an_owner,
    list_member_ids,
    lock_as_manager,
    lock_team,
    roles_to_give,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from conversations.models import Team, User

logger = logging.getLogger("conversations.security")

Role = Membership.Role

# Conversations of one statement, which is a transaction of its own.
SLICE_ROWS = 200


def remove_member(*, team: Team, by: User, user_id: int) -> Membership | None:
    """Take somebody out of a team; None where nobody of that id is in it.

    Raises `NotAllowedError` where `by` may not, and `RefusedError` where no owner
    would be left.
    """
    with transaction.atomic():
        mine = lock_as_manager(team, by)
        member = find_member(team, user_id)
        if member is None:
            return None
        if not roles_to_give(by=mine, to=member):
            raise NotAllowedError("Only an owner can remove an owner.")
        _take_out(member, by)
    logger.info("User %s removed %s from team %s.", by.pk, user_id, team.pk)
    return member


def leave_team(*, team: Team, user: User) -> None:
    """Take oneself out of a team; raises `RefusedError` for its only owner."""
    with transaction.atomic():
        _take_out(lock_team(team, user), user)
    logger.info("User %s left team %s.", user.pk, team.pk)


def delete_team(*, team: Team, by: User) -> None:
    """End a team: what was shared with it belongs to its owners alone again.

    Raises `NotAllowedError` unless `by` owns it.
    """
    with transaction.atomic():
        _refuse_unless_owner(lock_team(team, by))
    # In slices: many rows at once would hold up every other writer.
    while _make_private(team, limit=SLICE_ROWS):
        pass
    with transaction.atomic():
        _refuse_unless_owner(lock_team(team, by))
        pk = team.pk
        _end(team)
    logger.info("User %s deleted team %s.", by.pk, pk)


def end_team(*, team: Team) -> None:
    """End a team as `delete_team` does, for the people who run this server."""
    while _make_private(team, limit=SLICE_ROWS):
        pass
    with transaction.atomic():
        _end(team)


def end_stray_shares(*, user_ids: Iterable[int]) -> None:
    """End single shares of and with these people where no team is theirs together.

    Within the transaction that changed their memberships. What they or others could
    have undone of such changes before, they cannot any more.
    """
    concerned = list(user_ids)
    Departure.objects.filter(user__in=concerned).delete()
    _end_stray(Q(user__in=concerned), Q(conversation__owner__in=concerned))


def _end_stray(*ways: Q) -> list[Share]:
    """Look in each way by itself: together they would look at all the shares there are."""
    rows = Share.objects.exclude(Exists(_common_memberships()))
    ended = {share.pk: share for way in ways for share in rows.filter(way)}
    if ended:
        # Locked before their shares, as by who shares one of them just now.
        mark_shared_anew([share.conversation_id for share in ended.values()])
        Share.objects.filter(pk__in=ended).delete()
        tell_people_after_commit({share.user_id for share in ended.values()})
    return list(ended.values())


def _common_memberships() -> QuerySet[Membership]:
    """Return what makes a share's person and the owner of its conversation meet."""
    return Membership.objects.filter(
        user=OuterRef("user"), team__memberships__user=OuterRef("conversation__owner")
    )


def _refuse_unless_owner(mine: Membership) -> None:
    if mine.role != Role.OWNER:
        raise NotAllowedError("Only an owner can delete this team.")


def _take_out(member: Membership, by: User) -> None:
    """End a membership, and keep for a while what ended with it."""
    keep_an_owner(member)
    Membership.objects.filter(pk=member.pk).delete()
    one = member.user_id
    ended = _end_stray(Q(user=one), Q(conversation__owner=one))
    Departure.objects.filter(team=member.team_id, user=one).delete()
    Departure.objects.create(
        team_id=member.team_id,
        user_id=one,
        by=by,
        role=member.role,
        joined_at=member.joined_at,
        shares=[
            [str(share.conversation_id), share.user_id, share.access] for share in ended
        ],
        left_at=timezone.now(),
    )
    tell_people_after_commit([one])


def _end(team: Team) -> None:
    people = list_member_ids(team)
    # What has been shared since the last slice.
    while _make_private(team, limit=SLICE_ROWS):
        pass
    _disable_models_of_it_alone(team)
    team.delete()
    # Whom they shared with by this team was in it as well.
    _end_stray(Q(user__in=people))
    tell_people_after_commit(people)


def _make_private(team: Team, *, limit: int) -> int:
    with transaction.atomic():
        rows = Conversation.objects.filter(team=team)
        some = list(rows.values_list("pk", flat=True)[:limit])
        mark_shared_anew(some)
        rows.filter(pk__in=some).update(team=None)
    return len(some)


def mark_shared_anew(conversation_ids: Iterable[object]) -> None:
    """Lock conversations, and say on open pages that others may see them than before."""
    found = Conversation.objects.filter(pk__in=list(conversation_ids))
    # In one order, whoever else does the same to some of them.
    held = list(found.order_by("pk").select_for_update().values_list("pk", flat=True))
    found.update(version=F("version") + 1, sharing_version=F("sharing_version") + 1)
    for pk in held:
        announce_after_commit(pk)


def _disable_models_of_it_alone(team: Team) -> None:
    """Take models that only this team could choose out of use.

    With no team left they would be everyone's.
    """
    allowed = LanguageModel.teams.through.objects.filter(languagemodel=OuterRef("pk"))
    lone = LanguageModel.objects.filter(teams=team).exclude(
        Exists(allowed.exclude(team=team))
    )
    pks = list(lone.values_list("pk", flat=True))
    LanguageModel.objects.filter(pk__in=pks).update(enabled=False, is_default=False)
