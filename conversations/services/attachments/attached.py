"""What is attached to messages, and to those that are still being written."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction
from django.db.models import Q

from conversations import limits
from conversations.models import Attachment, File, User
from conversations.services.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import Conversation, Message

GONE = "A file you added is not there any more. Look through them, and send once more."


def list_attached(message_ids: Iterable[UUID]) -> dict[UUID, list[Attachment]]:
    """Return the attachments of messages, in the order they were added.

    Messages without any are not in it. Of the files only the key is read.
    """
    rows = Attachment.objects.filter(message__in=list(message_ids))
    found: dict[UUID, list[Attachment]] = {}
    for row in rows:
        assert row.message_id is not None
        found.setdefault(row.message_id, []).append(row)
    return found


def list_of(message: Message) -> list[Attachment]:
    """Return the attachments of one message."""
    return list_attached([message.pk]).get(message.pk, [])


def list_drafted(*, user: User, conversation: Conversation | None) -> list[Attachment]:
    """Return what a person has added to the message they are writing.

    None stands for that of the first page, whose conversation does not exist yet.
    """
    rows = _drafted(user).filter(conversation=conversation)
    return list(rows[: limits.FILES_PER_MESSAGE])


def find_named(
    *, user: User, conversation: Conversation | None, ids: Collection[UUID]
) -> list[Attachment]:
    """Return those of a person's draft that `ids` name, as far as they are there."""
    if not ids:
        return []
    here = Q(conversation=conversation) | Q(conversation=None)
    return list(_drafted(user).filter(here, pk__in=ids))


def take_attachments(
    *, message: Message, user: User, attachment_ids: Collection[UUID]
) -> None:
    """Move what a person has added to the message they send, within its transaction.

    Raises `RefusedError` where one of `attachment_ids` is not in their draft.
    """
    if not attachment_ids:
        return
    wanted = set(attachment_ids)
    refuse_too_many(len(wanted))
    here = Q(conversation=message.conversation_id) | Q(conversation=None)
    rows = _drafted(user).filter(here, pk__in=wanted)
    taken = rows.update(message=message, conversation=message.conversation_id)
    if taken != len(wanted):
        raise RefusedError(GONE)


def copy_attachments(
    *, of: UUID, to: Message, only: Collection[UUID] | None = None
) -> None:
    """Give a message what another one has; only some of it where that is said.

    The files themselves are shared. Within the transaction that adds the message.
    """
    rows = Attachment.objects.filter(message=of)
    if only is not None:
        rows = rows.filter(pk__in=only)
    _copy(rows, owner_id=to.author_id, conversation_id=to.conversation_id, message=to)


def leave_out(*, message: Message, keeps: Collection[UUID]) -> None:
    """Take files out of a message, but for those it `keeps`; their bytes are swept up."""
    Attachment.objects.filter(message=message).exclude(pk__in=keeps).delete()


def list_files(attachment_ids: Collection[UUID]) -> set[int]:
    """Return the keys of the files of attachments: copies of them share those."""
    rows = Attachment.objects.filter(pk__in=attachment_ids)
    return set(rows.order_by().values_list("file", flat=True))


def read_bytes(attachment: Attachment) -> bytes:
    """Return the bytes of an attachment; they do not stay with it."""
    kept = File.objects.filter(pk=attachment.file_id)
    return bytes(kept.values_list("data", flat=True).get())


def return_to_draft(*, message: Message, user: User) -> list[Attachment]:
    """Add what a message has to what a person writes there, as far as it has room.

    Returns what was added. The files themselves are shared.
    """
    here = message.conversation_id
    with transaction.atomic():
        # Whoever adds a file just now is counted too.
        User.objects.select_for_update().get(pk=user.pk)
        drafted = _drafted(user).filter(conversation=here).count()
        room = max(0, limits.FILES_PER_MESSAGE - drafted)
        rows = Attachment.objects.filter(message=message)[:room]
        return _copy(rows, owner_id=user.pk, conversation_id=here)


def _copy(
    rows: QuerySet[Attachment],
    *,
    owner_id: int | None,
    conversation_id: UUID,
    message: Message | None = None,
) -> list[Attachment]:
    # Locked: a purge must not take their files just now.
    copies = list(rows.select_for_update())
    for row in copies:
        row.pk, row.message = uuid4(), message
        row.owner_id, row.conversation_id = owner_id, conversation_id
        row._state.adding = True  # noqa: SLF001 - as Django's documentation copies
    return Attachment.objects.bulk_create(copies)


def refuse_too_many(count: int) -> None:
    """Raise `RefusedError` where a message cannot take so many files."""
    if count > limits.FILES_PER_MESSAGE:
        raise RefusedError(
            f"A message takes {limits.FILES_PER_MESSAGE} files at most. "
            "Remove some of them, or send them with the next one."
        )


def _drafted(user: User) -> QuerySet[Attachment]:
    return Attachment.objects.filter(owner=user, message=None)
