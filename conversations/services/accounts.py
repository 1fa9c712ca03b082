"""Accounts: the one-time set-up link, the first admin, passwords."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from conversations.models import SetUp, User
from conversations.services.errors import RefusedError
from conversations.services.prompts import make_first_prompt

if TYPE_CHECKING:
    from django.db.models import QuerySet

TOKEN_BYTES = 32


class SetUpClosedError(RefusedError):
    """The first admin is there already, or the link was not the newest."""

    def __init__(self) -> None:
        super().__init__("This set-up link has been used. Please sign in.")


def renew_setup_link() -> str | None:
    """Make a new set-up link, ending the one before it; None once set-up is closed.

    Returns its path. Only the token's SHA-256 is kept.
    """
    _close_if_there_is_an_admin()
    if SetUp.objects.filter(used_at__isnull=False).exists():
        return None
    token = secrets.token_urlsafe(TOKEN_BYTES)
    SetUp.objects.update_or_create(pk=1, defaults={"token_hash": hash_token(token)})
    return reverse("setup_link", args=[token])


def hash_token(token: str) -> str:
    """Return the SHA-256 of a set-up token in hexadecimal: what is stored of it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def open_setup(*, token_hash: str) -> bool:
    """Tell, in constant time, whether this is the token of an open set-up."""
    row = _open_rows().first()
    if row is None or _admins().exists():
        return False
    return secrets.compare_digest(row.token_hash.encode(), token_hash.encode())


@sensitive_variables("password", "hashed")
def make_first_admin(*, token_hash: str, username: str, password: str) -> User:
    """Make the first admin and close the set-up, exactly once.

    Raises `SetUpClosedError` for all who come later or with another token.
    """
    hashed = make_password(password)
    with transaction.atomic():
        won = _open_rows().filter(token_hash=token_hash).update(used_at=timezone.now())
        if not won or _admins().exists():
            raise SetUpClosedError
        admin = User.objects.create(
            username=username, password=hashed, is_staff=True, is_superuser=True
        )
        make_first_prompt(author=admin)
    return admin


@sensitive_variables("password", "hashed")
def set_password(*, user: User, password: str) -> None:
    """Give a person a new password; hashed before anything is written."""
    hashed = make_password(password)
    User.objects.filter(pk=user.pk).update(password=hashed)
    user.password = hashed


def _open_rows() -> QuerySet[SetUp]:
    return SetUp.objects.filter(used_at__isnull=True)


def _admins() -> QuerySet[User]:
    return User.objects.filter(is_superuser=True)


def _close_if_there_is_an_admin() -> None:
    """Somebody may have made one on the command line; then no link is needed."""
    if _admins().exists():
        SetUp.objects.get_or_create(pk=1, defaults={"token_hash": ""})
        _open_rows().update(used_at=timezone.now())
