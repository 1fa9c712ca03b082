"""Editing a message: a sibling of it, or in its place while it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from conversations.models import Generation, Mention, Message
from conversations.services.attachments.attached import leave_out
from conversations.services.attachments.writing import Written
from conversations.services.changes import (
    mark_changed,
    next_version,
    waiting_messages,
)
from conversations.services.errors import RefusedError
from conversations.services.mentions import note_mentions
from conversations.services.queue import start
from conversations.services.turns import add_turn, refuse_removed
from conversations.wire import State

if TYPE_CHECKING:
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import User


def edit_message(
    *,
    message: Message,
    author: User,
    content: str,
    client_id: UUID,
    keeps: tuple[UUID, ...] | None = None,
) -> Message:
    """Ask again in other words: a sibling of `message`, on a branch of its own.

    With those of its files that it `keeps`, None: all. What was posted is posted again,
    for the same people. What followed stays on the branch of `message`. The same words
    are fine: the answer is another one. Idempotent on `client_id`, text and files. Raises
    `RefusedError`, also while `message` itself waits.
    """

    def find_parent() -> UUID | None:
        refuse_removed(message)
        if is_waiting(message=message):
            raise RefusedError(
                "This message waits again. Please load this page anew to change it."
            )
        return message.parent_id

    here = message.conversation
    written = Written(content, client_id, edits=message.pk, keeps=keeps)
    return add_turn(
        conversation=here,
        author=author,
        written=written,
        find_parent=find_parent,
        meant_for=message.meant_for,
    )


def change_waiting(
    *, message: Message, content: str, keeps: tuple[UUID, ...] | None = None
) -> None:
    """Let a message that waits say something else, in its place.

    Of its files it `keeps` some, None: all; the others are gone. Raises `RefusedError`
    where it waits no longer: what was sent stays as it was.
    """
    with transaction.atomic():
        job = _find_waiting(message).first()
        if job is None or not _replace(job):
            raise RefusedError(
                "This message is being answered already. To ask in these words too, "
                "send it again."
            )
        # The conversation is locked before its messages, as at the end of an answer.
        next_version(message.conversation_id)
        rows = Message.objects.filter(pk=message.pk)
        rows.update(content=content, tokens=None)
        message.content, message.tokens = content, None
        Mention.objects.filter(message=message).delete()
        note_mentions(message=message)
        if keeps is not None:
            leave_out(message=message, keeps=keeps)
        waiting = waiting_messages(message.conversation_id)
        mark_changed(message.conversation_id, [message.pk, *waiting])


def is_waiting(*, message: Message) -> bool:
    """Tell whether a person's message waits for its turn."""
    return _find_waiting(message).exists()


def _find_waiting(message: Message) -> QuerySet[Generation]:
    rows = Generation.objects.filter(message__parent=message, attempt=1)
    return rows.filter(state=State.QUEUED, message__removed_at=None)


def _replace(job: Generation) -> bool:
    """Put another job in the place of one that waits; False where it has begun to run.

    Whoever has planned the old one, with the words from before, then finds it gone.
    """
    rows = Generation.objects.filter(pk=job.pk, state=State.QUEUED)
    # One statement: it must look at the state when it deletes.
    if not rows._raw_delete(rows.db):  # noqa: SLF001
        return False
    since = job.created_at
    job.pk = None
    job.save(force_insert=True)
    # It keeps its place, and is held if it was.
    Generation.objects.filter(pk=job.pk).update(created_at=since)
    start(job.pk)
    return True
