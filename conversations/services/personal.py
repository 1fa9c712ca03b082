"""What one person has of a conversation: made when there is something to keep of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Max

from conversations.models import Message, View

if TYPE_CHECKING:
    from conversations.models import Conversation, User


def ensure_view(*, user: User, conversation: Conversation) -> None:
    """Make somebody's view of a conversation, where there is none yet.

    Of one's own conversation everything has been read then: as without a view.
    """
    if View.objects.filter(conversation=conversation, user=user).exists():
        return
    read = 0
    if conversation.owner_id == user.pk:
        rows = Message.everything.filter(conversation=conversation)
        read = rows.aggregate(last=Max("seq"))["last"] or 0
    view = View(conversation=conversation, user=user, read_seq=read)
    View.objects.bulk_create([view], ignore_conflicts=True)
