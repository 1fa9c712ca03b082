"""Adding files to a message that is being written: checked, made anew, and kept."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import F, Sum

from conversations import limits
from conversations.models import Attachment, File
from conversations.services.attachments.attached import refuse_too_many
from conversations.services.attachments.child.refusals import UnreadableError
from conversations.services.attachments.extraction import (
    extract_document,
    extract_picture,
)
from conversations.services.attachments.kinds import Found, find_kind
from conversations.services.attachments.sending import count_tokens
from conversations.services.attachments.sentences import (
    describe_mismatch,
    describe_no_text,
    describe_quota,
    describe_size,
    describe_unreadable,
)
from conversations.services.attachments.texts import read_text
from conversations.services.errors import RefusedError, UnreadableFileError
from conversations.text import clean_line, clean_text

if TYPE_CHECKING:
    from typing import IO

    from django.core.files import File as DjangoFile

    from conversations.models import Conversation, User

NAME_CHARACTERS = 200
NO_NAME = "file"
Kind = Attachment.Kind


def add_file(
    *,
    user: User,
    conversation: Conversation | None,
    file: IO[bytes] | DjangoFile[bytes],
    name: str,
    claimed: str,
) -> Attachment:
    """Add a file to what a person writes in a conversation; None: on the first page.

    `name` and the media type `claimed` must agree with what is in it. Raises
    `RefusedError` with one sentence about this file.
    """
    name = clean_name(name)
    data = file.read(limits.FILE_BYTES + 1)
    if not 0 < len(data) <= limits.FILE_BYTES:
        file.seek(0, 2)
        raise RefusedError(describe_size(name, file.tell()))
    refuse_full(user=user, conversation=conversation, size=0)
    row, kept = make_attachment(name=name, claimed=claimed, data=data)
    row.owner, row.conversation, row.file = user, conversation, kept
    # Here, where it holds nobody up.
    row.tokens = count_tokens(row, text=kept.text)
    with transaction.atomic():
        # Whoever adds several at once has them counted one after the other.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        size = row.size + row.text_size
        refuse_full(user=user, conversation=conversation, size=size)
        kept.save(force_insert=True)
        row.save(force_insert=True)
    return row


def make_attachment(*, name: str, claimed: str, data: bytes) -> tuple[Attachment, File]:
    """Return a file as it is kept, with its text and bytes; nothing is stored.

    Raises `RefusedError`.
    """
    found = find_kind(name=name, claimed=claimed, data=data)
    if found is None:
        raise RefusedError(describe_mismatch(name, data))
    try:
        values, kept = _read(found, name, data)
    except UnreadableError as error:
        raise UnreadableFileError(describe_unreadable(name, error)) from None
    file = File(text=values.pop("text", ""), data=kept)
    sizes = {"size": len(kept), "text_size": len(file.text.encode())}
    return Attachment(kind=found.kind, name=name, **sizes, **values), file


def refuse_full(*, user: User, conversation: Conversation | None, size: int) -> None:
    """Raise `RefusedError` where `size` more bytes do not fit, or one more file."""
    own = Attachment.objects.filter(owner=user)
    drafted = own.filter(conversation=conversation, message=None).count()
    refuse_too_many(drafted + 1)
    refuse_over_quota(user=user, size=size)


def refuse_over_quota(*, user: User, size: int) -> None:
    """Raise `RefusedError` where `size` more bytes are more than a person may keep."""
    own = Attachment.objects.filter(owner=user)
    files = own.order_by().values("file", "size", "text_size").distinct()
    used = files.aggregate(used=Sum(F("size") + F("text_size")))["used"] or 0
    if used + size > limits.UPLOAD_BYTES_PER_USER:
        raise RefusedError(describe_quota())


def remove_attachment(*, attachment: Attachment) -> None:
    """Take a file out of a draft, with its bytes where nothing else has them."""
    with transaction.atomic():
        rows = Attachment.objects.filter(pk=attachment.pk, message=None)
        if rows.delete()[0]:
            # By one statement: Django would read its bytes before.
            lone = File.objects.filter(pk=attachment.file_id)
            is_kept = Attachment.objects.filter(file=attachment.file_id)
            if not is_kept.exists():
                lone._raw_delete(lone.db)  # noqa: SLF001


def clean_name(name: str) -> str:
    """Return a file's name on one line, without folders, at a length that fits."""
    last = PurePosixPath(clean_line(name.replace("\\", "/"))).name
    if len(last) <= NAME_CHARACTERS:
        return last or NO_NAME
    suffix = PurePosixPath(last).suffix[:20]
    return last[: NAME_CHARACTERS - len(suffix) - 1] + "…" + suffix


def _read(found: Found, name: str, data: bytes) -> tuple[dict[str, Any], bytes]:
    if found.kind == Kind.IMAGE:
        return extract_picture(data=data, form=found.form)
    if found.kind == Kind.PDF:
        read, _ = extract_document(data=data)
        text = clean_text(read["text"])
        return {**read, "text": text, "media_type": "application/pdf"}, data
    found_text = read_text(data=data, most_bytes=limits.FILE_TEXT_BYTES)
    if found_text is None:
        raise RefusedError(describe_no_text(name, data))
    text, is_cut = found_text
    values = {"text": text, "is_cut": is_cut, "media_type": "text/plain"}
    # Nobody reads further, so the rest stays as it came.
    return values, data if is_cut else text.encode()
