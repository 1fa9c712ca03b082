"""Messages that are pinned: they stay when their turn leaves the context."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from conversations import limits
from conversations.models import Attachment, Generation, Message
from conversations.services.errors import RefusedError
from conversations.services.memory.remembered import count_message, mark_memory_changed
from conversations.wire import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from conversations.models import User


def pin_message(*, message: Message, user: User, pinned: bool) -> None:
    """Keep a message in the context when its turn leaves, or let it go.

    Raises `RefusedError` while it is being written, where it says nothing, or where
    all pins together would be too long.
    """
    if pinned:
        _refuse_unfinished(message)
        for one in [message, *_pins_beside(message).filter(tokens=None)]:
            count_message(one)
    with transaction.atomic():
        # First, so that two who pin at once count one after the other.
        mark_memory_changed(message.conversation_id, also=[message.pk])
        if pinned:
            _refuse_too_long(message)
        message.pinned_at = timezone.now() if pinned else None
        message.pinned_by = user if pinned else None
        message.save(update_fields=["pinned_at", "pinned_by"])


def _refuse_unfinished(message: Message) -> None:
    active = Generation.objects.filter(message=message.pk, state__in=ACTIVE)
    if active.exists():
        raise RefusedError(
            "This answer is still being written. Pin it when it is done."
        )
    if message.is_for_people:
        raise RefusedError(
            "This message is for people only, so the model never sees it."
        )
    if not message.content.strip():
        raise RefusedError("There is nothing in this message that could be kept.")


def _refuse_too_long(message: Message) -> None:
    taken = _pins_beside(message).aggregate(tokens=Sum("tokens"))["tokens"] or 0
    taken -= _tokens_of_files(_pins_beside(message))
    tokens = (message.tokens or 0) - _tokens_of_files([message])
    most = limits.PINNED_TOKENS
    if taken + tokens > most:
        raise RefusedError(
            f"Pinned messages may have {most:,} tokens together. This one has "
            f"{tokens:,}, and {taken:,} are taken. Unpin another one first."
        )


def _tokens_of_files(messages: Iterable[Message]) -> int:
    """Return what files take that are only named in a pin."""
    rows = Attachment.objects.filter(message__in=messages)
    return rows.aggregate(tokens=Sum("tokens"))["tokens"] or 0


def _pins_beside(message: Message) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation=message.conversation_id)
    return rows.filter(pinned_at__isnull=False).exclude(pk=message.pk)
