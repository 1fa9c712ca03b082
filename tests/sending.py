"""Messages of words alone, as the services take them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from conversations.models import Message
from conversations.services.attachments.writing import Written
from conversations.services.beginning import start_written
from conversations.services.turns import send_written

if TYPE_CHECKING:
    from conversations.models import Conversation, User
    from conversations.services.beginning import Beginning


def send_message(
    *,
    conversation: Conversation,
    author: User,
    content: str,
    client_id: UUID,
    after: UUID | None = None,
    meant_for: str = Message.MeantFor.MODEL,
) -> Message:
    return send_written(
        conversation=conversation,
        author=author,
        written=Written(content, client_id),
        after=after,
        meant_for=meant_for,
    )


def start_conversation(
    *, owner: User, content: str, client_id: UUID, beginning: Beginning
) -> Conversation:
    written = Written(content, client_id)
    return start_written(owner=owner, written=written, beginning=beginning)
