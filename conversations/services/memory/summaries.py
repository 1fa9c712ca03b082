"""Summaries of what has left the context: written, edited, brought back, switched off.

Rows are only added: the newest of a place holds, and is sent from the next roll on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from conversations import limits
from conversations.context.tokens import count
from conversations.models import Summary
from conversations.services.changes import next_version
from conversations.services.errors import RefusedError
from conversations.services.memory.remembered import as_wire, mark_memory_changed
from conversations.text import clean_text

if TYPE_CHECKING:
    from conversations import wire
    from conversations.models import Conversation, LanguageModel, UsageRecord, User

TITLE_LETTERS = 100


class StaleError(RefusedError):
    """Somebody else wrote meanwhile; what they wrote stays."""


def list_summaries(*, conversation: Conversation, until: UUID) -> list[Summary]:
    """Return the versions of the summary up to the reply `until`, newest first."""
    rows = conversation.summaries.filter(until=until)
    return list(rows.select_related("author", "usage").order_by("-pk"))


def save_summary(
    *,
    conversation_id: UUID,
    until: UUID,
    text: str,
    model: LanguageModel,
    usage: UsageRecord | None,
    base: wire.Summary | None,
) -> wire.Summary:
    """Keep what a model wrote up to the reply `until`, going on from `base`.

    Raises `StaleError` where somebody changed `base` meanwhile, or wrote this one.
    """
    text = cut_summary(text)
    tokens = count(text)
    with transaction.atomic():
        mark_memory_changed(conversation_id)
        _refuse_stale(conversation_id, until, base)
        row = Summary.objects.create(
            conversation_id=conversation_id,
            until_id=until,
            text=text,
            tokens=tokens,
            model_title=model.title[:TITLE_LETTERS],
            usage=usage,
        )
    return as_wire(row)


def edit_summary(
    *, conversation: Conversation, summary: Summary, text: str, author: User
) -> Summary:
    """Put a person's words in the place of a summary.

    Raises `RefusedError` where they are none, or too many.
    """
    text = clean_text(text).strip()
    _refuse_unfit(text)
    tokens = count(text)
    with transaction.atomic():
        mark_memory_changed(conversation.pk)
        return Summary.objects.create(
            conversation=conversation,
            until_id=summary.until_id,
            text=text,
            tokens=tokens,
            author=author,
            is_written=True,
        )


def revert_summary(*, conversation: Conversation, summary: Summary) -> Summary:
    """Let an earlier version hold again, as whoever wrote it did."""
    with transaction.atomic():
        mark_memory_changed(conversation.pk)
        return Summary.objects.create(
            conversation=conversation,
            until_id=summary.until_id,
            text=summary.text,
            tokens=summary.tokens,
            author_id=summary.author_id,
            is_written=summary.is_written,
            model_title=summary.model_title,
        )


def switch_summaries(*, conversation: Conversation, on: bool) -> None:
    """Say whether summaries are written and sent in a conversation; none is deleted."""
    with transaction.atomic():
        next_version(conversation.pk, summarises=on)
        mark_memory_changed(conversation.pk)
    conversation.summarises = on


def cut_summary(text: str) -> str:
    """Return a model's text cleaned, and cut at a line or a sentence where it is long."""
    text = clean_text(text).strip()
    encoded = text.encode()
    if len(encoded) <= limits.SUMMARY_BYTES:
        return text
    head = encoded[: limits.SUMMARY_BYTES - len("…".encode())].decode(errors="ignore")
    end = max(head.rfind("\n"), head.rfind(". ") + 1)
    return (head[:end] if end > len(head) // 2 else head).rstrip() + "…"


def _refuse_unfit(text: str) -> None:
    size = len(text.encode())
    if not text:
        raise RefusedError(
            "An empty summary would say nothing. To send none, switch it off."
        )
    if size > limits.SUMMARY_BYTES:
        raise RefusedError(
            f"This is {size:,} bytes long, and {limits.SUMMARY_BYTES:,} fit. "
            "Please shorten it."
        )


def _refuse_stale(
    conversation_id: UUID, until: UUID, base: wire.Summary | None
) -> None:
    rows = Summary.objects.filter(conversation=conversation_id)
    newer = (
        base is not None
        and rows.filter(until=UUID(base.until), pk__gt=base.id).exists()
    )
    if newer or rows.filter(until=until).exists():
        raise StaleError("This summary was changed meanwhile.")
