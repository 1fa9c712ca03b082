"""Who may let somebody set a new password: whoever can, could sign in as them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import F

from conversations.models import Membership, OneTimeLink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conversations.models import User

# Who may help whom within a team. Guests and members help nobody.
_RANKS: dict[str, int] = {Membership.Role.OWNER: 2, Membership.Role.ADMIN: 1}


def may_make_password_link(*, user: User, by: User) -> bool:
    """Tell whether `by` may make a link for a new password of `user`."""
    return user.pk in find_users_to_help(users=[user], by=by)


def find_users_to_help(*, users: Iterable[User], by: User) -> set[int]:
    """Return the ids of those for whom `by` may make a link for a new password.

    Nobody does for themselves. An admin of the server does for all but superusers,
    these for all. An admin of a team does for an account that came in by one of their
    invitations, as long as they rank as high in each of its teams: else whoever makes
    a team could take over who joins it, and what other teams have.
    """
    if not by.is_active:
        return set()
    found = [user for user in users if user.is_active and user.pk != by.pk]
    if by.is_staff and by.has_perm("conversations.change_user"):
        return {user.pk for user in found if by.is_superuser or not user.is_superuser}
    plain = [user.pk for user in found if not (user.is_staff or user.is_superuser)]
    return _led_by(by, plain) & _brought_in(by, plain)


def _led_by(by: User, users: list[int]) -> set[int]:
    """Return those who rank nowhere above `by`, in all teams that they are in."""
    mine = _ranks_of(by)
    teams: dict[int, list[bool]] = defaultdict(list)
    rows = Membership.objects.filter(user__in=users)
    for user, team, role in rows.values_list("user_id", "team_id", "role"):
        teams[user].append(mine.get(team, 0) >= max(1, _RANKS.get(role, 0)))
    return {user for user, led in teams.items() if all(led)}


def _brought_in(by: User, users: list[int]) -> set[int]:
    """Return those whose account was made by an invitation to a team of `by`."""
    links = OneTimeLink.objects.filter(
        kind=OneTimeLink.Kind.INVITATION,
        team__in=_ranks_of(by),
        used_by__in=users,
        used_at=F("used_by__date_joined"),
    )
    return set(links.values_list("used_by_id", flat=True))


def _ranks_of(user: User) -> dict[int, int]:
    """Return the teams that a person leads, and how high they rank there."""
    rows = Membership.objects.filter(user=user, role__in=_RANKS)
    return {team: _RANKS[role] for team, role in rows.values_list("team_id", "role")}
