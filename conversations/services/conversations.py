"""What is done with a conversation as a whole."""

from __future__ import annotations

from django.db import transaction

from conversations.live.hub import get_hub
from conversations.models import Conversation
from conversations.services.changes import mark_changed
from conversations.wire import State


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
    with transaction.atomic():
        # Locked in the order in which the end of an answer locks.
        locked = conversation.generations.select_for_update().order_by("pk")
        list(locked.values_list("pk", flat=True))
        stopped = list(running.values_list("pk", flat=True))
        Conversation.objects.select_for_update().filter(pk=conversation.pk).first()
        conversation.delete()
    for generation_id in stopped:
        get_hub().stop(generation_id)
