"""Who may see a conversation is its owner's to say."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q

from conversations.models import Access, Conversation, Membership, Share, Team, User
from conversations.services.audience import list_people
from conversations.services.changes import (
    announce_after_commit,
    next_version,
    tell_people_after_commit,
)
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.teams import list_full_teams

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from conversations.models.conversations import ConversationQuerySet

logger = logging.getLogger("conversations.security")

# People to choose among: more is searched for, not looked through.
MOST_FOUND = 8
ONLY_OWNER = "Only the owner of a conversation can say who sees it."
NOT_YOUR_TEAM = "You can share with a team when you are a member of it."
NO_COMMON_TEAM = "You can share with people who are in a team with you."
MAY_NOT_WRITE = "You can read this conversation, but not change how it works."


def share_with_team(
    *,
    conversation: Conversation,
    user: User,
    team: Team | None,
    access: str = Access.WRITE,
) -> None:
    """Let a team's members read, or take part; None ends what a team may do.

    Raises `RefusedError` unless `user` owns the conversation and is a full member of
    the team, or it is shared with that team already.
    """
    with transaction.atomic():
        if team is not None:
            list(Team.objects.select_for_update().filter(pk=team.pk))
        with _changed_by_owner(conversation, user) as held:
            if team and team not in list_sharable_teams(conversation=held):
                raise RefusedError(NOT_YOUR_TEAM)
            held.team, held.team_access = team, access
            held.save(update_fields=["team", "team_access"])
    what = f"team {team.pk} ({access})" if team else "no team"
    logger.info("User %s shares %s with %s.", user.pk, conversation.pk, what)


def share_with_person(
    *, conversation: Conversation, user: User, person: User, access: str | None
) -> None:
    """Let one person read, or take part; None ends it.

    Raises `RefusedError` unless `user` owns the conversation and is a full member of
    a team in which the person is.
    """
    with transaction.atomic():
        is_met = access is None or _hold_common_team(user, person)
        with _changed_by_owner(conversation, user) as held:
            if not is_met:
                raise RefusedError(NO_COMMON_TEAM)
            shares = Share.objects.filter(conversation=held, user=person)
            if access is None:
                shares.delete()
            elif not shares.update(access=access):
                shares.create(conversation=held, user=person, access=access)
    what = f"user {person.pk} ({access or 'ended'})"
    logger.info("User %s shares %s with %s.", user.pk, conversation.pk, what)


def set_talk(
    *,
    conversation: Conversation,
    user: User,
    names_authors: bool,
    asks_when_named: bool,
) -> None:
    """Say what the model sees of people here, and when it is asked.

    Raises `RefusedError` unless `user` may take part in the conversation.
    """
    with transaction.atomic():
        next_version(
            conversation.pk,
            sharing_version=F("sharing_version") + 1,
            names_authors=names_authors,
            asks_when_named=asks_when_named,
        )
        if not _rows(conversation).writable_by(user).exists():
            raise NotAllowedError(MAY_NOT_WRITE)
        announce_after_commit(conversation.pk)


def list_sharable_teams(*, conversation: Conversation) -> QuerySet[Team]:
    """Return the teams a conversation may be shared with: its own, and its owner's."""
    own = list_full_teams(user=conversation.owner)
    either = Q(pk__in=own.values("pk")) | Q(pk=conversation.team_id)
    return Team.objects.filter(either).order_by("name", "pk")


def list_sharable_people(*, conversation: Conversation) -> QuerySet[User]:
    """Return whom a conversation may be shared with: those in a team with its owner."""
    teams = Membership.objects.full().filter(user=conversation.owner_id).values("team")
    around = Membership.objects.filter(team__in=teams)
    people = User.objects.filter(pk__in=around.values("user"), is_active=True)
    return people.exclude(pk=conversation.owner_id).order_by("username")


def list_known_people(*, conversation: Conversation) -> QuerySet[User]:
    """Return whose share the owner can change: whom they may pick, or picked before."""
    sharable = list_sharable_people(conversation=conversation)
    shares = Share.objects.filter(conversation=conversation)
    either = Q(pk__in=sharable.values("pk")) | Q(pk__in=shares.values("user"))
    return User.objects.filter(either).order_by("username")


def find_sharable_people(
    *, conversation: Conversation, query: str = ""
) -> tuple[list[User], bool]:
    """Look for people by a part of a name; return some, and whether there are more.

    Those with whom the conversation is shared already are left out.
    """
    shares = Share.objects.filter(conversation=conversation)
    rows = list_sharable_people(conversation=conversation)
    rows = rows.exclude(pk__in=shares.values("user"))
    for word in query.split():
        rows = rows.filter(
            Q(username__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
        )
    found = list(rows[: MOST_FOUND + 1])
    return found[:MOST_FOUND], len(found) > MOST_FOUND


@contextmanager
def _changed_by_owner(conversation: Conversation, user: User) -> Iterator[Conversation]:
    """Lock the conversation, check whose it is, and tell whose lists show it, or did.

    Within a transaction, and last: teams and memberships are locked before it.
    """
    next_version(conversation.pk, sharing_version=F("sharing_version") + 1)
    held = _rows(conversation).owned_by(user).first()
    if held is None:
        raise NotAllowedError(ONLY_OWNER)
    before = _list_ids(held)
    yield held
    announce_after_commit(held.pk)
    tell_people_after_commit(before | _list_ids(held))


def _rows(conversation: Conversation) -> ConversationQuerySet:
    return Conversation.objects.filter(pk=conversation.pk)


def _list_ids(conversation: Conversation) -> set[int]:
    return set(list_people(conversation=conversation).values_list("pk", flat=True))


def _hold_common_team(owner: User, person: User) -> bool:
    """Tell whether a person may be picked; until the end nobody leaves meanwhile."""
    teams = Membership.objects.full().filter(user=owner).values("team")
    both = Membership.objects.filter(team__in=teams, user__in=[owner, person])
    held = both.order_by("pk").select_for_update().values_list("user", flat=True)
    return person.pk in set(held) - {owner.pk} and person.is_active
