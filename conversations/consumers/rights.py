"""Rights of sockets, read from the database when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.live.guard import GONE, NO_RIGHT
from conversations.models import Conversation, User
from conversations.services.errors import RefusedError
from conversations.services.openings import note_opening
from conversations.services.reading import mark_read

if TYPE_CHECKING:
    from uuid import UUID


class GoneError(Exception):
    """The person of a socket may no longer see its conversation.

    `code` says why: they could see it before, and may know whether it is still there.
    """

    def __init__(self, pk: UUID) -> None:
        super().__init__()
        there = Conversation.objects.filter(pk=pk, deleted_at=None)
        self.code = NO_RIGHT if there.exists() else GONE


def may_see(user_id: int, pk: UUID) -> bool:
    """Tell whether somebody may see a conversation; an admin's reading is noted."""
    user = User.objects.filter(pk=user_id).first()
    if user is None or not Conversation.objects.visible_to(user).filter(pk=pk).exists():
        return False
    return _note(user, pk)


def _note(user: User, pk: UUID) -> bool:
    """Note the reading of an admin; False where there is nothing left to read."""
    try:
        note_opening(conversation_id=pk, user=user)
    except RefusedError:
        return False
    return True


def insist_on_seeing(user_id: int, pk: UUID) -> None:
    """Raise `GoneError` unless somebody may still see a conversation."""
    if not may_see(user_id, pk):
        raise GoneError(pk)


def may_write(user_id: int, pk: UUID) -> bool:
    """Tell whether somebody may take part in a conversation."""
    user = User.objects.filter(pk=user_id).first()
    writable = Conversation.objects.writable_by(user) if user else None
    return writable is not None and writable.filter(pk=pk).exists()


def read_up_to(user_id: int, pk: UUID, message: UUID) -> None:
    """Mark a conversation as read up to a message. Raises `GoneError`."""
    user = User.objects.filter(pk=user_id).first()
    visible = Conversation.objects.visible_to(user) if user else None
    found = visible.filter(pk=pk).first() if visible is not None else None
    if user is None or found is None or not _note(user, pk):
        raise GoneError(pk)
    mark_read(user=user, conversation=found, message=message)
