"""Where a message goes: its number, and the reply above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.models import Message

if TYPE_CHECKING:
    from uuid import UUID

    # A message's id, role, and the newest reply above it.
    Row = tuple[UUID, str, UUID | None]


def place_message(*, message: Message) -> bool:
    """Number a message of a person after all others, and find the reply above it.

    Within the transaction that has locked the conversation. Returns whether it comes
    after the newest message: then there was nothing after its parent before.
    """
    # What was deleted may come back to its place.
    rows = Message.everything.filter(conversation=message.conversation_id).values_list(
        "pk", "role", "previous_reply", "seq"
    )
    newest = rows.order_by("-seq").first()
    message.seq = newest[3] + 1 if newest else 1
    if newest is None or message.parent_id == newest[0]:
        message.previous_reply_id = _reply_above(newest[:3] if newest else None)
        return True
    if message.parent_id is not None:
        parent = rows.get(pk=message.parent_id)
        message.previous_reply_id = _reply_above(parent[:3])
    return False


def _reply_above(parent: Row | None) -> UUID | None:
    if parent is None:
        return None
    pk, role, above = parent
    return pk if role == Message.Role.ASSISTANT else above
