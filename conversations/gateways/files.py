"""The files of a message, as far as all protocols send them alike."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from conversations.wire import Form
from conversations.wire.files import form_of, frame_text, note_unseen

if TYPE_CHECKING:
    from conversations.wire import AttachedFile, Dialect, Request, RequestMessage

# By what name a refused form is kept among the parameters that an endpoint does
# without.
PARTS = {Form.IMAGE: "images", Form.FILE: "files"}


def words_of(message: RequestMessage, dialect: Dialect) -> str:
    """Return what a message says, with the text of its files and the names of others."""
    if not message.files:
        return message.content
    said = [message.content, *(_words(file, dialect) for file in message.files)]
    return "\n\n".join(words for words in said if words.strip())


def shown_files(message: RequestMessage, dialect: Dialect) -> list[AttachedFile]:
    """Return the files of a message that go as they are: images, and PDFs."""
    return [file for file in message.files if form_of(file, dialect) in PARTS]


def sent_parts(request: Request) -> set[str]:
    """Return which of `PARTS` a request holds."""
    return {
        PARTS[form_of(file, request.dialect)]
        for message in request.messages
        for file in shown_files(message, request.dialect)
    }


def base64_of(file: AttachedFile) -> str:
    """Return the bytes of a file as base64."""
    return b64encode(file.data).decode()


def data_url(file: AttachedFile) -> str:
    """Return a file as an address that holds it (RFC 2397)."""
    return f"data:{file.media_type};base64,{base64_of(file)}"


def _words(file: AttachedFile, dialect: Dialect) -> str:
    form = form_of(file, dialect)
    if form is Form.TEXT:
        return frame_text(file)
    return note_unseen(file) if form is Form.NOTE else ""
