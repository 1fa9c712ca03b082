"""One-time links: how they are made, found and used up. Only their hashes are kept.

A link is as good as its maker: one who could not make it any more cannot let anybody in.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations import limits
from conversations.models import Membership, OneTimeLink, Team
from conversations.services.accounts import TOKEN_BYTES, hash_token
from conversations.services.errors import RefusedError
from conversations.services.password_rights import may_make_password_link

if TYPE_CHECKING:
    from datetime import datetime

    from conversations.models import User

logger = logging.getLogger("conversations.security")

Kind = OneTimeLink.Kind
Role = Membership.Role


class LinkGoneError(RefusedError):
    """Unknown, used, expired, withdrawn or its maker's right lost: all the same."""

    def __init__(self) -> None:
        super().__init__(
            "It may have been used or withdrawn, or it is too old. "
            "Please ask whoever gave it to you for a new one."
        )


def list_roles(*, team: Team, by: User) -> list[Membership.Role]:
    """Return the roles in which a person may invite to a team, least first."""
    own = Membership.objects.filter(team=team, user=by).values_list("role", flat=True)
    given = {
        Role.OWNER: [Role.MEMBER, Role.GUEST, Role.ADMIN, Role.OWNER],
        Role.ADMIN: [Role.MEMBER, Role.GUEST, Role.ADMIN],
    }
    return given.get(Role(own[0]), []) if own else []


def may_invite(*, team: Team | None, role: str, by: User) -> bool:
    """Tell whether a person may invite to a team in a role; without one, to the server."""
    if not by.is_active:
        return False
    if team is None:
        return by.is_staff and by.has_perm("conversations.add_user")
    return role in list_roles(team=team, by=by)


def create_link(
    *, kind: OneTimeLink.Kind, made_by: User, lasting: timedelta, **values: object
) -> str:
    """Keep a new link's hash and return its token, which nothing shows again.

    Raises `RefusedError` for who has made too many.
    """
    now = timezone.now()
    _refuse_too_many(made_by, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    OneTimeLink.objects.create(
        kind=kind,
        token_hash=hash_token(token),
        made_by=made_by,
        expires_at=now + lasting,
        **values,
    )
    return token


def find_link(*, token: str, kind: OneTimeLink.Kind) -> OneTimeLink | None:
    """Return the link of a token while it can be used, else None. Changes nothing."""
    return _find(hash_token(token), kind)


def use_link(
    *, token_hash: str, kind: OneTimeLink.Kind, at: datetime, by: User | None = None
) -> OneTimeLink:
    """Use a link up, to be called in a transaction; of any number, one does.

    Raises `LinkGoneError` for all others.
    """
    link = _find(token_hash, kind)
    if link is None:
        raise LinkGoneError
    # Locked before its link, as by who deletes it just now.
    list(Team.objects.select_for_update(of=("self",)).filter(links=link))
    unused = OneTimeLink.objects.filter(
        pk=link.pk, used_at__isnull=True, expires_at__gt=at
    )
    if not unused.update(used_at=at, used_by=by):
        raise LinkGoneError
    return link


def _find(token_hash: str, kind: OneTimeLink.Kind) -> OneTimeLink | None:
    rows = OneTimeLink.objects.select_related("team", "user", "made_by")
    link = rows.filter(
        token_hash=token_hash,
        kind=kind,
        used_at__isnull=True,
        expires_at__gt=timezone.now(),
    ).first()
    return link if link and _is_still_right(link) else None


def _is_still_right(link: OneTimeLink) -> bool:
    if link.made_by is None:
        return False
    if link.kind == Kind.INVITATION:
        return may_invite(team=link.team, role=link.role, by=link.made_by)
    return link.user is not None and may_make_password_link(
        user=link.user, by=link.made_by
    )


def _refuse_too_many(made_by: User, now: datetime) -> None:
    # Read from the newest one: there may be years of them.
    made = OneTimeLink.objects.filter(made_by=made_by).order_by("-pk")
    place = limits.LINKS_PER_DAY - 1
    times = made.values_list("created_at", flat=True)[place : place + 1]
    if any(made_at > now - timedelta(days=1) for made_at in times):
        raise RefusedError(
            f"You have made {limits.LINKS_PER_DAY:,} links today. "
            "Please try again tomorrow."
        )
