"""The conversation's version: how pages find out what they have missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from conversations.live.hub import get_hub
from conversations.models import Conversation, Generation, Message
from conversations.services.errors import RefusedError
from conversations.wire import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID


def next_version(conversation_id: UUID, **also: object) -> int:
    """Take the next version; the row stays locked until the transaction ends.

    `also` are other fields of the conversation to set. Raises `RefusedError` where
    the conversation has been deleted meanwhile.
    """
    rows = Conversation.objects.filter(pk=conversation_id)
    if not rows.update(version=F("version") + 1, **also):
        raise RefusedError("This conversation has been deleted.")
    return rows.values_list("version", flat=True).get()


def mark_changed(conversation_id: UUID, message_ids: Iterable[UUID | None]) -> int:
    """Say that messages changed: a new version, announced after the commit."""
    version = next_version(conversation_id)
    wanted = [pk for pk in message_ids if pk is not None]
    Message.objects.filter(pk__in=wanted).update(changed=version)
    announce_after_commit(conversation_id)
    return version


def waiting_messages(conversation_id: UUID) -> list[UUID | None]:
    """The questions and replies of turns that wait; they show what they wait for."""
    rows = Generation.objects.filter(
        conversation=conversation_id, state=State.QUEUED, attempt=1
    ).values_list("message_id", "message__parent_id")
    return [pk for row in rows for pk in row]


def announce_after_commit(conversation_id: UUID) -> None:
    """Tell open pages, once the transaction has committed."""
    transaction.on_commit(lambda: get_hub().announce(conversation_id))
