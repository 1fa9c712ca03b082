"""What goes on in another version of a conversation than the one somebody looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from conversations.models import Mention, Message
from conversations.services.branching.branches import find_on_branch

if TYPE_CHECKING:
    from conversations.models import Conversation, User


def find_elsewhere(*, conversation: Conversation, leaf: UUID | None) -> Message | None:
    """Return what was written last, where that is not on the branch to `leaf`.

    With its author; of an answer it is the question.
    """
    rows = conversation.messages.order_by("-seq").select_related(
        "author", "parent__author"
    )
    newest = rows.first()
    if newest is None or newest.pk == leaf:
        return None
    return newest.parent if newest.role == Message.Role.ASSISTANT else newest


def find_named_elsewhere(
    *, conversation: Conversation, user: User, leaf: UUID | None
) -> UUID | None:
    """Return a message that names a person who has not read it, on another branch."""
    named = list_unread_mentions(conversation=conversation, user=user)
    if not named or leaf is None:
        return None
    here = set(find_on_branch(leaf=leaf, wanted=named))
    return next((pk for pk in named if pk not in here), None)


def list_unread_mentions(*, conversation: Conversation, user: User) -> list[UUID]:
    """Return the messages that name a person who has not read them, oldest first."""
    rows = Mention.objects.filter(user=user, is_read=False, conversation=conversation)
    rows = rows.filter(message__removed_at=None)
    return list(rows.order_by("message__seq").values_list("message", flat=True))
