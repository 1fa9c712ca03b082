"""Epochs as rows: the one that a turn begins, or goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations.context.manifest import from_json, to_json
from conversations.models import Conversation, Epoch
from conversations.services.changes import next_version
from conversations.services.memory.remembered import mark_memory_changed
from conversations.wire import Epoch as EpochFacts
from conversations.wire import RollReason

if TYPE_CHECKING:
    from conversations.models import Generation
    from conversations.wire import Context


def as_facts(epoch: Epoch) -> EpochFacts:
    """Return a row as the context takes it."""
    return EpochFacts(
        id=str(epoch.pk),
        model=epoch.model_name,
        endpoint=epoch.endpoint,
        prompt_ref=epoch.prompt_ref,
        reason=RollReason(epoch.reason),
        first_message=str(epoch.first_message or ""),
        files_since=str(epoch.files_since or ""),
        turns_before=epoch.turns_before,
        turns_summarised=epoch.turns_summarised,
        memory=epoch.memory,
        memory_tokens=epoch.memory_tokens,
        summary=epoch.summary_id,
        noted=from_json(epoch.noted),
        predicted_before=epoch.predicted_before,
    )


def keep_epoch(generation: Generation, context: Context) -> int:
    """Store the epoch that a generation begins, or name the one it goes on with."""
    epoch = context.epoch
    if not context.is_new:
        return int(epoch.id)
    first = UUID(epoch.first_message) if epoch.first_message else None
    files_since = UUID(epoch.files_since) if epoch.files_since else None
    return Epoch.objects.create(
        conversation_id=generation.conversation_id,
        message_id=generation.message_id,
        reason=epoch.reason,
        model_name=epoch.model,
        endpoint=epoch.endpoint,
        revision_id=epoch.prompt_ref or None,
        prompt_ref=epoch.prompt_ref,
        first_message=first,
        files_since=files_since,
        turns_before=epoch.turns_before,
        turns_summarised=epoch.turns_summarised,
        memory=epoch.memory,
        memory_tokens=epoch.memory_tokens,
        summary_id=epoch.summary,
        noted=to_json(epoch.noted),
        predicted_before=epoch.predicted_before,
    ).pk


def ask_roll(*, conversation: Conversation) -> None:
    """Let the next turn begin an epoch, with what is remembered as it is then."""
    with transaction.atomic():
        next_version(conversation.pk, roll_asked_at=timezone.now())
        mark_memory_changed(conversation.pk)
