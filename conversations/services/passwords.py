"""Links by which a person sets a new password, and what they are told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from conversations import limits
from conversations.models import OneTimeLink, User
from conversations.services.accounts import hash_token
from conversations.services.errors import NotAllowedError
from conversations.services.links import (
    Kind,
    LinkGoneError,
    create_link,
    find_link,
    logger,
    use_link,
)
from conversations.services.password_rights import may_make_password_link

if TYPE_CHECKING:
    from django.db.models import QuerySet

# How long a person is told who made the link.
NEWS_FOR = timedelta(days=30)
MOST_NEWS = 3


def make_password_link(*, user: User, made_by: User) -> str:
    """Make a link for a new password and return its path, which nothing shows again.

    Raises `NotAllowedError` for who may not, `RefusedError` for who made too many.
    """
    if not may_make_password_link(user=user, by=made_by):
        raise NotAllowedError(
            f"Only an admin of this server can do this for {user.name}."
        )
    token = create_link(
        kind=Kind.PASSWORD,
        made_by=made_by,
        lasting=timedelta(hours=limits.PASSWORD_LINK_HOURS),
        user=user,
    )
    logger.warning("%s made a link for a new password of %s.", made_by, user)
    return reverse("new_password", args=[token])


@sensitive_variables("password", "hashed")
def set_new_password(*, token: str, password: str) -> User:
    """Set a person's password, which ends their sessions and other such links.

    Raises `LinkGoneError`.
    """
    found = find_link(token=token, kind=Kind.PASSWORD)
    if found is None or found.user is None:
        raise LinkGoneError
    key, hashed = hash_token(token), make_password(password)
    with transaction.atomic():
        # One after the other: each ends the person's other links.
        list(User.objects.select_for_update().filter(pk=found.user.pk))
        link = use_link(token_hash=key, kind=Kind.PASSWORD, at=timezone.now())
        assert link.user is not None
        User.objects.filter(pk=link.user.pk).update(password=hashed)
        others = OneTimeLink.objects.filter(user=link.user, used_at__isnull=True)
        others.update(expires_at=F("created_at"))
    logger.warning("%s set a new password by a link of %s.", link.user, link.made_by)
    return link.user


def list_password_news(*, user: User) -> QuerySet[OneTimeLink]:
    """Return the links by which a person's password was set of late, newest first."""
    used = OneTimeLink.objects.filter(user=user, used_at__gte=timezone.now() - NEWS_FOR)
    return used.select_related("made_by").order_by("-used_at")[:MOST_NEWS]
