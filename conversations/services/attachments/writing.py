"""A message as a person has written it, with what is attached to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from conversations.services.attachments.attached import (
    copy_attachments,
    list_files,
    take_attachments,
)

if TYPE_CHECKING:
    from conversations.models import Message, User


@dataclass(frozen=True, slots=True)
class Written:
    """A text, the page's own id of it, and the files of the draft that go with it.

    An edit has those files of the message that it `edits` which it keeps; None: all.
    """

    content: str
    client_id: UUID
    attachment_ids: tuple[UUID, ...] = ()
    edits: UUID | None = None
    keeps: tuple[UUID, ...] | None = None
    # That of a changed text, or other files. Made with it: a transaction is no place to hash.
    id_of_text: UUID = field(init=False)

    def __post_init__(self) -> None:
        files = (*self.attachment_ids, *(self.keeps or ()))
        said = " ".join([self.content, *map(str, files)])
        object.__setattr__(self, "id_of_text", uuid5(self.client_id, said))

    def is_said_by(self, message: Message) -> bool:
        """Tell whether a message that was sent has this text and these files."""
        if message.content != self.content:
            return False
        if self.keeps is not None:
            return list_files(self.keeps) == {
                one.file_id for one in message.attachments.all()
            }
        sent = message.attachments.filter(pk__in=self.attachment_ids)
        return not self.attachment_ids or sent.count() == len(set(self.attachment_ids))


def attach_files(*, message: Message, user: User, written: Written) -> None:
    """Attach to a new message what was written with it, within its transaction.

    Raises `RefusedError` where one of the files is gone.
    """
    take_attachments(message=message, user=user, attachment_ids=written.attachment_ids)
    if written.edits is not None:
        copy_attachments(of=written.edits, to=message, only=written.keeps)
