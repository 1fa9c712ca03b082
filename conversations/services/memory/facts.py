"""Facts worth remembering: written down or found, and sent from the next roll on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from conversations import limits
from conversations.context.tokens import count
from conversations.models import Conversation, Epoch, Fact, Message
from conversations.services.errors import RefusedError
from conversations.services.memory.remembered import mark_memory_changed
from conversations.services.undoing import find_undo_start
from conversations.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

    from conversations.context.digest import FoundFact
    from conversations.models import UsageRecord, User


def list_facts(*, conversation: Conversation) -> list[Fact]:
    """Return what is remembered of a conversation, pinned first, then oldest first."""
    rows = find_facts(conversation_id=conversation.pk)
    return list(rows.select_related("author", "source").defer("source__content"))


def find_facts(*, conversation_id: UUID) -> QuerySet[Fact]:
    """Return what is remembered of a conversation, but for what deleted branches said.

    That comes back with its branch; two may say the same then.
    """
    return Fact.objects.filter(conversation=conversation_id, source__removed_at=None)


def add_fact(
    *,
    conversation: Conversation,
    text: str,
    author: User,
    source: Message | None = None,
) -> Fact:
    """Remember what a person wrote down.

    Raises `RefusedError` where it is nothing, too long, known, or one too many.
    """
    text, tokens = _measure(text)
    with transaction.atomic():
        mark_memory_changed(conversation.pk)
        _refuse_known(conversation.pk, text)
        _refuse_too_many(conversation.pk)
        return Fact.objects.create(
            conversation=conversation,
            text=text,
            tokens=tokens,
            author=author,
            source=source,
        )


def edit_fact(*, fact: Fact, text: str, author: User) -> None:
    """Let a fact say something else; where it came from stays.

    Raises `RefusedError` where it is nothing, too long, or known.
    """
    text, tokens = _measure(text)
    with transaction.atomic():
        mark_memory_changed(fact.conversation_id)
        _refuse_known(fact.conversation_id, text, besides=fact.pk)
        rows = Fact.objects.filter(pk=fact.pk)
        rows.update(text=text, tokens=tokens, author=author)
    fact.text, fact.tokens, fact.author = text, tokens, author


def pin_fact(*, fact: Fact, pinned: bool) -> None:
    """Let a fact go before others where not all have room."""
    with transaction.atomic():
        mark_memory_changed(fact.conversation_id)
        Fact.objects.filter(pk=fact.pk).update(pinned=pinned)
    fact.pinned = pinned


def delete_fact(*, fact: Fact) -> None:
    """Forget a fact. Where it is being sent, it is until the next roll."""
    with transaction.atomic():
        mark_memory_changed(fact.conversation_id)
        Fact.objects.filter(pk=fact.pk).update(deleted_at=timezone.now())


def list_deleted_facts(*, conversation: Conversation) -> QuerySet[Fact]:
    """Return the facts that were deleted here and can still come back."""
    rows = Fact.everything.filter(conversation=conversation)
    return rows.filter(deleted_at__gt=find_undo_start())


def restore_fact(*, fact: Fact) -> None:
    """Remember a deleted fact again: it is sent from the next roll on, as a new one is.

    Where an epoch had it when it was deleted, it has been sent all the time. Raises
    `RefusedError` where the same is known by now, or one too many.
    """
    with transaction.atomic():
        mark_memory_changed(fact.conversation_id)
        _refuse_known(fact.conversation_id, fact.text)
        _refuse_too_many(fact.conversation_id)
        Fact.everything.filter(pk=fact.pk).update(deleted_at=None)


def save_found_facts(
    *, epoch: Epoch, found: Sequence[FoundFact], usage: UsageRecord | None
) -> int:
    """Keep what a model found in what left at `epoch`; return how many are new.

    What is known is not kept twice, nor what somebody else has looked for meanwhile.
    """
    measured = [_Measured(one.text, count(one.text), UUID(one.source)) for one in found]
    with transaction.atomic():
        mark_memory_changed(epoch.conversation_id)
        unread = Epoch.objects.filter(pk=epoch.pk, facts_read_at=None)
        if not unread.update(facts_read_at=timezone.now(), facts_usage=usage):
            return 0
        free = _count_free(epoch.conversation_id)
        facts = _without_known(epoch.conversation_id, measured)[:free]
        Fact.objects.bulk_create(
            Fact(
                conversation_id=epoch.conversation_id,
                text=one.text,
                tokens=one.tokens,
                source_id=one.source,
            )
            for one in facts
        )
    return len(facts)


class _Measured(NamedTuple):
    text: str
    tokens: int
    source: UUID


def _measure(text: str) -> tuple[str, int]:
    text = clean_line(text)
    if not text:
        raise RefusedError("Please write what is worth remembering.")
    if len(text) > limits.FACT_CHARACTERS:
        raise RefusedError(
            f"This is {len(text):,} characters long, and {limits.FACT_CHARACTERS:,} "
            "fit. Please shorten it."
        )
    return text, count(text)


def _known(conversation_id: UUID, besides: int = 0) -> set[str]:
    rows = find_facts(conversation_id=conversation_id).exclude(pk=besides)
    return {text.casefold() for text in rows.values_list("text", flat=True)}


def _refuse_known(conversation_id: UUID, text: str, besides: int = 0) -> None:
    if text.casefold() in _known(conversation_id, besides):
        raise RefusedError("This is remembered already.")


def _refuse_too_many(conversation_id: UUID) -> None:
    if _count_free(conversation_id) < 1:
        raise RefusedError(
            f"{limits.FACTS_PER_CONVERSATION:,} facts are remembered here, which is "
            "as many as fit. Please delete one first."
        )


def _without_known(
    conversation_id: UUID, found: Sequence[_Measured]
) -> list[_Measured]:
    known, new = _known(conversation_id), []
    for one in found:
        if one.text.casefold() not in known:
            known.add(one.text.casefold())
            new.append(one)
    return new


def _count_free(conversation_id: UUID) -> int:
    taken = find_facts(conversation_id=conversation_id).count()
    return max(0, limits.FACTS_PER_CONVERSATION - taken)
