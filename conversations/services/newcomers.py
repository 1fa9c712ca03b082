"""Accounts of people who come through single sign-on for the first time."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from conversations.models import User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversations.services.identities import Identity

_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")
NAME_CHARACTERS = 100
TRIES = 20


def find_account(*, provider: str, uid: str) -> SocialAccount | None:
    """Return the account by which a provider's person is known here, if any."""
    rows = SocialAccount.objects.select_related("user")
    return rows.filter(provider=provider, uid=uid).first()


def make_newcomer(*, provider: str, identity: Identity) -> SocialAccount:
    """Make an account of its own for somebody, or return theirs if it is there.

    It never joins another one: neither a name nor an address proves who somebody is.
    Its username is the one they have elsewhere, with a number where that is taken.
    """
    for username in _usernames(identity.username):
        if User.objects.filter(username__iexact=username).exists():
            continue
        try:
            return _make(username, provider, identity)
        except IntegrityError:
            # Somebody took the name just now, or the same person came twice at once.
            if own := find_account(provider=provider, uid=identity.uid):
                return own
    raise IntegrityError("No username is free.")


def _usernames(wanted: str) -> Iterator[str]:
    name = User.normalize_username(wanted.partition("@")[0])
    name = _NOT_IN_NAMES.sub("-", name).strip("-.")[:NAME_CHARACTERS] or "person"
    yield name
    yield from (f"{name}-{number}" for number in range(2, TRIES))
    yield f"{name}-{secrets.token_hex(8)}"


def _make(username: str, provider: str, identity: Identity) -> SocialAccount:
    user = User(
        username=username,
        first_name=identity.first_name,
        last_name=identity.last_name,
        email=_valid(identity.email),
    )
    user.set_unusable_password()
    with transaction.atomic():
        user.save()
        return SocialAccount.objects.create(
            user=user, provider=provider, uid=identity.uid
        )


def _valid(email: str) -> str:
    try:
        validate_email(email)
    except ValidationError:
        return ""
    return email
