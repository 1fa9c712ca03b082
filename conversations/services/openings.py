"""Accountable access: an admin has read what was not shared with them."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from conversations.models import Conversation, Opening
from conversations.services.changes import announce_after_commit, next_version

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import User

logger = logging.getLogger("conversations.security")

# Whoever comes back sooner is still reading.
ONE_READING = timedelta(hours=1)
# How exactly the end of a reading is known.
EXACTNESS = timedelta(minutes=1)
# How long the page says it under its title, and how much the panel lists.
NEWS_FOR = timedelta(days=30)
MOST_LISTED = 50
NAME_CHARACTERS = 150


def admins_may_read() -> bool:
    """Tell whether the operator lets admins read what is not shared with them."""
    return bool(settings.ADMINS_MAY_READ)


def note_opening(*, conversation_id: UUID, user: User) -> None:
    """Note that `user` reads a conversation, unless it is shared with them.

    To be committed before anything is shown. Everyone who has it open is told. Raises
    `RefusedError` where it has been deleted meanwhile.
    """
    if not (user.is_superuser and admins_may_read()):
        return
    shared = Conversation.objects.shared_with(user)
    if shared.filter(pk=conversation_id).exists():
        return
    now = timezone.now()
    reading = _reading(conversation_id, user, now)
    if reading is None:
        _begin(conversation_id, user, now)
    elif reading.last_at < now - EXACTNESS:
        Opening.objects.filter(pk=reading.pk).update(last_at=now)


def list_openings(*, conversation: Conversation) -> QuerySet[Opening]:
    """Return the newest readings by admins, newest first."""
    return conversation.openings.order_by("-created_at", "-pk")[:MOST_LISTED]


def find_newest_opening(*, conversation: Conversation) -> Opening | None:
    """Return the newest reading by an admin that is still news."""
    news = conversation.openings.filter(last_at__gte=timezone.now() - NEWS_FOR)
    return news.order_by("-created_at", "-pk").first()


def _reading(conversation_id: UUID, user: User, now: datetime) -> Opening | None:
    own = Opening.objects.filter(conversation=conversation_id, user=user)
    return own.filter(last_at__gte=now - ONE_READING).order_by("-pk").first()


def _begin(conversation_id: UUID, user: User, now: datetime) -> None:
    with transaction.atomic():
        # Locks the row: a page and its socket ask for the same thing at once.
        next_version(conversation_id, sharing_version=F("sharing_version") + 1)
        if _reading(conversation_id, user, now) is not None:
            return
        Opening.objects.create(
            conversation_id=conversation_id,
            user=user,
            name=user.name[:NAME_CHARACTERS],
            last_at=now,
        )
        announce_after_commit(conversation_id)
    logger.warning(
        "Admin %s (%s) reads conversation %s, which is not shared with them.",
        user.username,
        user.pk,
        conversation_id,
    )
