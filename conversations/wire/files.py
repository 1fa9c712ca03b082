"""A file that belongs to a message, and the form in which a model is shown it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.wire.requests import Dialect

# What may end a name in the lines below, or break them.
_UNSAFE = re.compile(r"[\s\[\]<>\"]+")
_MARK_LETTERS = 12


class Form(StrEnum):
    """As what a file is sent: its own bytes, its text, or a line that names it."""

    IMAGE = "image"
    FILE = "file"
    TEXT = "text"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file of a message: `kind` is image, pdf or text; `tokens` what it takes.

    `text` and `data` are there only while a request is rendered; `has_text` says
    whether there is text to be had, `is_cut` that it is not all of the file. Of a file
    that goes as it is `size` are its bytes; it `is_withheld` where newer ones take up
    the room.
    """

    id: str
    kind: str
    name: str
    media_type: str
    tokens: int
    pages: int = 0
    has_text: bool = False
    is_cut: bool = False
    size: int = 0
    is_withheld: bool = False
    text: str = field(default="", repr=False)
    data: bytes = field(default=b"", repr=False)

    @property
    def body_bytes(self) -> int:
        """What it takes in the body of a request: base64 makes four bytes of three."""
        return (self.size + 2) // 3 * 4

    @property
    def title(self) -> str:
        """What it is and its name, in one line without brackets or quotes."""
        name = _UNSAFE.sub(" ", self.name).strip()
        return f"{TITLES[self.kind]} {name}".rstrip()


TITLES = {"image": "Image", "pdf": "PDF", "text": "File"}


def form_of(file: AttachedFile, dialect: Dialect) -> Form:
    """Return as what a file is sent to an endpoint that is asked in `dialect`."""
    if file.kind == "image":
        is_shown = dialect.takes_images and not file.is_withheld
        return Form.IMAGE if is_shown else Form.NOTE
    if file.kind == "pdf" and dialect.takes_files and not file.is_withheld:
        return Form.FILE
    return Form.TEXT if file.kind == "text" or file.has_text else Form.NOTE


def name_briefly(file: AttachedFile) -> str:
    """Return the line that stands for a file where only its name is remembered."""
    return f"[{file.title}]"


def note_unseen(file: AttachedFile) -> str:
    """Return the line that stands for a file which a model cannot be shown."""
    why = "this model cannot read images"
    if file.is_withheld:
        why = "newer files take up the room"
    elif file.kind != "image":
        why = "it holds no text, and this model cannot read the pages themselves"
    return f"[{file.title}: not shown, {why}]"


def frame_text(file: AttachedFile) -> str:
    """Return the text of a file between two lines that no text can hold of itself.

    They are marked by a digest of it: whoever writes a text cannot know that of all of
    it. The same file always has the same bytes.
    """
    digest = hashlib.sha256(file.text.encode("utf-8", "replace")).hexdigest()
    mark = f"file-{digest[:_MARK_LETTERS]}"
    part = ' part="the beginning"' if file.is_cut else ""
    name = _UNSAFE.sub(" ", file.name).strip()
    return f'<{mark} name="{name}"{part}>\n{file.text}\n</{mark}>'
