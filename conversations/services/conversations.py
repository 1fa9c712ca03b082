"""What is done with a conversation as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from conversations.live.hub import get_hub
from conversations.services.changes import mark_changed
from conversations.wire import State

if TYPE_CHECKING:
    from conversations.models import Conversation


def rename_conversation(*, conversation: Conversation, title: str) -> None:
    """Give a conversation a title that its messages no longer change."""
    conversation.title = title
    conversation.renamed = True
    with transaction.atomic():
        conversation.save(update_fields=["title", "renamed"])
        mark_changed(conversation.pk, [])


def delete_conversation(*, conversation: Conversation) -> None:
    """Delete a conversation with all its messages; what runs in it is stopped."""
    running = conversation.generations.filter(state=State.RUNNING)
    stopped = list(running.values_list("pk", flat=True))
    conversation.delete()
    for generation_id in stopped:
        get_hub().stop(generation_id)
