"""The files of messages as a request has them: what they take, and their bytes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from conversations.context.files import (
    image_tokens,
    pages_tokens,
    sent_tokens,
    text_tokens,
)
from conversations.models import Attachment, File
from conversations.wire import AttachedFile, Form
from conversations.wire.files import form_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from conversations.wire import Dialect, RequestMessage

Files = tuple[AttachedFile, ...]


def read_files(*, message_ids: Collection[UUID]) -> dict[UUID, Files]:
    """Return the files of messages without text and bytes, in the order of adding.

    Messages without any are not in it. What nobody has counted is, and stored.
    """
    found: dict[UUID, list[AttachedFile]] = defaultdict(list)
    for row in Attachment.objects.filter(message__in=list(message_ids)):
        assert row.message_id is not None
        found[row.message_id].append(_as_wire(row))
    return {pk: tuple(files) for pk, files in found.items()}


def as_sent(*, files: Files, dialect: Dialect) -> Files:
    """Return files with the tokens and bytes they take in the form they are sent in."""
    return tuple(_as_sent(one, dialect) for one in files)


def _as_sent(file: AttachedFile, dialect: Dialect) -> AttachedFile:
    is_whole = form_of(file, dialect) in (Form.IMAGE, Form.FILE)
    size = file.size if is_whole else 0
    return replace(file, tokens=sent_tokens(file, dialect), size=size)


def describe_files(*, attachments: Iterable[Attachment]) -> Files:
    """Return what is in a draft as a request would have it, without its bytes."""
    return tuple(map(_as_wire, attachments))


def load_files(
    *, messages: Sequence[RequestMessage], dialect: Dialect
) -> tuple[RequestMessage, ...]:
    """Return messages with the bytes, or the text, of their files: what is sent of them.

    At most two queries, and none where there are no files. May be large.
    """
    files = [file for message in messages for file in message.files]
    if not files:
        return tuple(messages)
    wanted: dict[Form, list[UUID]] = defaultdict(list)
    for file in files:
        wanted[form_of(file, dialect)].append(UUID(file.id))
    data = _read("file__data", [*wanted[Form.IMAGE], *wanted[Form.FILE]])
    text = _read("file__text", wanted[Form.TEXT])

    def fill(file: AttachedFile) -> AttachedFile:
        if file.id in data:
            return replace(file, data=bytes(data[file.id]))
        return replace(file, text=text.get(file.id, ""))

    return tuple(
        replace(one, files=tuple(map(fill, one.files))) if one.files else one
        for one in messages
    )


def count_attachment(attachment: Attachment) -> int:
    """Return what a file takes in a request; counted once and stored. May be slow."""
    if attachment.tokens is None:
        kept = File.objects.filter(pk=attachment.file_id)
        text = kept.values_list("text", flat=True).get()
        attachment.tokens = count_tokens(attachment, text=text)
        rows = Attachment.objects.filter(pk=attachment.pk, tokens=None)
        rows.update(tokens=attachment.tokens)
    return attachment.tokens


def count_tokens(row: Attachment, *, text: str) -> int:
    """Return what a file takes in a request, by our count. May be slow."""
    if row.kind == Attachment.Kind.IMAGE:
        return image_tokens(row.width, row.height)
    if row.kind == Attachment.Kind.PDF and not text:
        return pages_tokens(row.pages)
    return text_tokens(_bare(row, text=text))


def _as_wire(row: Attachment) -> AttachedFile:
    has_text = row.text_size > 0
    return replace(_bare(row), tokens=count_attachment(row), has_text=has_text)


def _bare(row: Attachment, *, text: str = "") -> AttachedFile:
    return AttachedFile(
        id=str(row.pk),
        kind=row.kind,
        name=row.name,
        media_type=row.media_type,
        tokens=0,
        pages=row.pages or 0,
        is_cut=row.is_cut,
        size=row.size,
        text=text,
    )


def _read(column: str, ids: list[UUID]) -> dict[str, Any]:
    if not ids:
        return {}
    rows = Attachment.objects.filter(pk__in=ids).values_list("pk", column)
    return {str(pk): value for pk, value in rows}
