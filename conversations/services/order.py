"""How one person keeps their conversations in order; nobody else sees anything of it.

Who writes in what they archived, or is named there, has it back; what others write
there is unread, and does not bring it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Folder, View
from conversations.services.changes import tell_people_after_commit
from conversations.services.errors import RefusedError
from conversations.services.personal import ensure_view

if TYPE_CHECKING:
    from conversations.models import User
    from conversations.models.conversations import ConversationQuerySet

IN_FOLDER = Q(folder__isnull=False, folder__deleted_at=None)
# Not where it would be by itself.
PLACED = Q(pinned_at__isnull=False) | Q(archived_at__isnull=False) | IN_FOLDER


def pin_conversation(*, user: User, conversation: Conversation, pinned: bool) -> None:
    """Let a conversation stand above all others, or no longer.

    Raises `RefusedError` where too many do.
    """
    if pinned:
        rows = View.objects.filter(user=user, pinned_at__isnull=False)
        # Some may be gone, or no longer shared.
        seen = Conversation.objects.shared_with(user).exclude(pk=conversation.pk)
        rows = rows.filter(archived_at=None, conversation__in=seen)
        if rows.count() >= limits.PINNED_CONVERSATIONS:
            raise RefusedError(
                f"{limits.PINNED_CONVERSATIONS} conversations are pinned, which is as "
                "many as fit. Please unpin one first."
            )
    at = timezone.now() if pinned else None
    _keep(user, conversation, pinned_at=at)


def archive_conversation(
    *, user: User, conversation: Conversation, archived: bool
) -> None:
    """Put a conversation away, or back into the lists."""
    at = timezone.now() if archived else None
    _keep(user, conversation, archived_at=at)


def mark_unread(*, user: User, conversation: Conversation, unread: bool) -> None:
    """Let a conversation look unread until it is opened again."""
    _keep(user, conversation, kept_unread=unread)


def move_to_folder(
    *, user: User, conversation: Conversation, folder: Folder | None
) -> None:
    """Put a conversation into a folder of one's own, or out of the one it is in."""
    _keep(user, conversation, folder=folder, archived_at=None)


def list_archived(*, user: User) -> ConversationQuerySet:
    """Return what somebody archived and may still see."""
    views = View.objects.filter(user=user, archived_at__isnull=False)
    rows = Conversation.objects.shared_with(user)
    return rows.filter(pk__in=views.values("conversation"))


def list_in_folder(*, user: User, folder_pk: int) -> ConversationQuerySet:
    """Return what somebody has in a folder and may still see."""
    views = View.objects.filter(IN_FOLDER, user=user, folder=folder_pk)
    views = views.filter(pinned_at=None, archived_at=None)
    rows = Conversation.objects.shared_with(user)
    return rows.filter(pk__in=views.values("conversation"))


def without_placed(rows: ConversationQuerySet, user: User) -> ConversationQuerySet:
    """Leave out what somebody has pinned, archived, or put into a folder."""
    views = View.objects.filter(PLACED, conversation=OuterRef("pk"), user=user.pk)
    return rows.exclude(Exists(views))


def _keep(user: User, conversation: Conversation, **values: object) -> None:
    with transaction.atomic():
        ensure_view(user=user, conversation=conversation)
        View.objects.filter(user=user, conversation=conversation).update(**values)
        tell_people_after_commit([user.pk])
