"""Attachments as pages show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from conversations.models import Attachment, Message
from conversations.rendering.attachments import ShownFile
from conversations.services.attachments.attached import list_attached, list_drafted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import Conversation, User


def mark_attached(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Have a query also find whether each message has files, for `show_attached`.

    Most have none, and need no statement more.
    """
    files = Attachment.objects.filter(message=OuterRef("pk"))
    return messages.annotate(has_files=Exists(files))


def show_attached(messages: Iterable[Message]) -> dict[UUID, tuple[ShownFile, ...]]:
    """Return the files of messages that `mark_attached` has marked."""
    wanted = [one.pk for one in messages if getattr(one, "has_files", False)]
    found = list_attached(wanted) if wanted else {}
    return {pk: tuple(map(show_file, rows)) for pk, rows in found.items()}


def show_drafted(*, user: User, conversation: Conversation | None) -> list[ShownFile]:
    """Return the files of what a person writes in a conversation, or for a new one."""
    rows = list_drafted(user=user, conversation=conversation)
    return [show_file(row) for row in rows]


def show_file(row: Attachment) -> ShownFile:
    """Return an attachment as pages show it."""
    return ShownFile(
        id=row.pk,
        kind=row.kind,
        name=row.name,
        size=row.size,
        width=row.width,
        height=row.height,
        pages=row.pages,
        is_cut=row.is_cut,
    )
