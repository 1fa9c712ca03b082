"""A turn that was withdrawn goes back to where its author writes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from conversations.services.attachments.attached import list_drafted, return_to_draft
from conversations.services.drafts import NewerDraftError, read_draft, save_draft

if TYPE_CHECKING:
    from conversations.models import Attachment, Message, User


def take_back_files(*, reply: Message, user: User) -> list[Attachment]:
    """Add the files of a withdrawn question to its author's draft; return those added."""
    asked = reply.parent
    if asked is None or asked.author_id != user.pk:
        return []
    return return_to_draft(message=asked, user=user)


def take_back(*, reply: Message, user: User) -> None:
    """Make a withdrawn question its author's draft, unless they write something else."""
    asked, here = reply.parent, reply.conversation
    draft = read_draft(user=user, conversation=here)
    if asked is None or asked.author_id != user.pk or draft.text.strip():
        return
    if list_drafted(user=user, conversation=here):
        return
    # Another page of theirs may keep something just now: that stays.
    with suppress(NewerDraftError):
        version = draft.version
        save_draft(user=user, conversation=here, text=asked.content, version=version)
        return_to_draft(message=asked, user=user)
