"""What is done with a conversation as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from conversations.services.changes import (
    announce_after_commit,
    mark_changed,
    next_version,
)
from conversations.services.prices import fit_effort

if TYPE_CHECKING:
    from conversations.models import Conversation, LanguageModel


def rename_conversation(*, conversation: Conversation, title: str) -> None:
    """Give a conversation a title that its messages no longer change."""
    conversation.title = title
    conversation.renamed = True
    with transaction.atomic():
        conversation.save(update_fields=["title", "renamed"])
        mark_changed(conversation.pk, [])


def choose_model(
    *, conversation: Conversation, model: LanguageModel, effort: str = ""
) -> None:
    """Say which model answers from the next turn on, and how hard it thinks.

    An effort that the model does not have gives way to its default. Raises
    `RefusedError` where the conversation has been deleted meanwhile.
    """
    effort = fit_effort(model=model, effort=effort)
    with transaction.atomic():
        next_version(conversation.pk, model=model, effort=effort)
        announce_after_commit(conversation.pk)
    conversation.model, conversation.effort = model, effort
