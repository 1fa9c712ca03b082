"""Who may see a conversation, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from conversations.models import Access, Conversation, Membership, Share, User
from conversations.services.openings import admins_may_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from conversations.models import Team

READ = "read"
WRITE = "read write"
OWN = "read write own"
# More names than these would not be read: the first two stand for all.
MOST_NAMES = 3
ADMINS_TOO = "Admins of this server may read it, which you would see here."


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may see a conversation, as one of them may know it.

    `members` are the others whom the team's access is for; None for a reader who is
    not one of them: a guest does not see who is in a team.
    """

    owner: User
    team: Team | None
    team_access: str
    members: tuple[User, ...] | None
    shares: tuple[Share, ...]


def list_people(*, conversation: Conversation) -> QuerySet[User]:
    """Return the people that a conversation belongs to or is shared with, by name."""
    members = list_full_members(conversation=conversation)
    shares = Share.objects.filter(conversation=conversation)
    people = User.objects.filter(
        Q(pk=conversation.owner_id)
        | Q(pk__in=members.values("user"))
        | Q(pk__in=shares.values("user")),
        is_active=True,
    )
    return people.order_by("username")


def list_full_members(*, conversation: Conversation) -> QuerySet[Membership]:
    """Return those for whom a share with the conversation's team is: no guests."""
    return Membership.objects.full().filter(team=conversation.team_id)


def read_rights(*, conversation: Conversation, user: User) -> str:
    """Return what a person who may see a conversation may do there: READ, WRITE, OWN."""
    if conversation.owner_id == user.pk:
        return OWN
    may = Conversation.objects.writable_by(user).filter(pk=conversation.pk)
    return WRITE if may.exists() else READ


def is_shared(*, conversation: Conversation) -> bool:
    """Tell whether anybody but its owner was given a conversation."""
    if conversation.team_id is not None:
        return True
    return Share.objects.filter(conversation=conversation).exists()


def read_audience(*, conversation: Conversation, reader: User) -> Audience:
    """Read who may see a conversation, for one who may."""
    shares = Share.objects.filter(conversation=conversation, user__is_active=True)
    team = conversation.team
    return Audience(
        owner=conversation.owner,
        team=team,
        team_access=conversation.team_access,
        members=_list_members(conversation, reader) if team else (),
        shares=tuple(shares.select_related("user").order_by("user__username")),
    )


def _list_members(conversation: Conversation, reader: User) -> tuple[User, ...] | None:
    full = list_full_members(conversation=conversation).filter(user__is_active=True)
    people = [
        row.user for row in full.select_related("user").order_by("user__username")
    ]
    if reader not in people:
        return None
    return tuple(one for one in people if one.pk != conversation.owner_id)


def describe_audience(*, conversation: Conversation, reader: User) -> str:
    """Say plainly who may read and who may write here."""
    said = _say(conversation, reader, *_name_audience(conversation, reader))
    if conversation.owner_id == reader.pk:
        said[0] = _capital(said[0])
    else:
        said[0] = f"{conversation.owner.name}’s conversation: {said[0]}"
    if admins_may_read():
        said.append(ADMINS_TOO)
    if len(said) == 1:
        return said[0]
    return " ".join(f"{_capital(one).rstrip('.')}." for one in said)


def _name_audience(
    conversation: Conversation, reader: User
) -> tuple[list[str], list[str]]:
    """Return those who may write and those who may only read, the owner left out."""
    may_write: list[str] = []
    may_read: list[str] = []
    names = {Access.WRITE: may_write, Access.READ: may_read}
    if conversation.team:
        names[Access(conversation.team_access)].append(conversation.team.name)
    shares = _list_telling_shares(conversation)
    for share in sorted(shares, key=lambda share: share.user_id != reader.pk):
        name = "you" if share.user_id == reader.pk else share.user.name
        names[Access(share.access)].append(name)
    return may_write, may_read


def _list_telling_shares(conversation: Conversation) -> list[Share]:
    """Those with single people who may more than their team may, if they are in it."""
    members = list_full_members(conversation=conversation)
    rows = Share.objects.filter(conversation=conversation, user__is_active=True)
    rows = rows.annotate(
        is_member=Exists(members.filter(user=OuterRef("user")))
    ).select_related("user")
    return [
        share
        for share in rows.order_by("user__username")
        if not share.is_member or _gives_more(share, conversation)
    ]


def _gives_more(share: Share, conversation: Conversation) -> bool:
    return share.access == Access.WRITE and conversation.team_access == Access.READ


def _say(
    conversation: Conversation,
    reader: User,
    may_write: list[str],
    may_read: list[str],
) -> list[str]:
    """Return what is to be said, a sentence each, without capitals and stops."""
    is_own = conversation.owner_id == reader.pk
    if not may_write and not may_read:
        owner = "you" if is_own else conversation.owner.name
        return [f"only {owner} can read and write"]
    if may_read and conversation.team and conversation.team_access == Access.READ:
        takes = f"{name_some(may_write)} can take part"
        return [f"{name_some(may_read)} can read", *([takes] if may_write else [])]
    if is_own and may_write and not _is_member(conversation, reader):
        may_write = ["you", *may_write]
    words = "can read and write" if is_own or conversation.team else "can take part"
    said = [f"{name_some(may_write)} {words}"] if may_write else []
    if may_read:
        said.append(f"{name_some(may_read)} can read")
    return said if may_write or not is_own else [*said, "only you can write"]


def _is_member(conversation: Conversation, user: User) -> bool:
    return list_full_members(conversation=conversation).filter(user=user).exists()


def name_some(names: Sequence[str]) -> str:
    """Return names as people say them; of many the first two, and how many more."""
    if len(names) > MOST_NAMES:
        return f"{names[0]}, {names[1]} and {len(names) - 2} others"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _capital(sentence: str) -> str:
    """Begin with a capital where it is our own word; names stay as they are."""
    for word in ("you", "only you"):
        if sentence == word or sentence.startswith((f"{word} ", f"{word},")):
            return sentence[0].upper() + sentence[1:]
    return sentence
