"""A conversation as one page of HTML that needs nothing else and runs nothing."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from conversations.models import Attachment, Message
from conversations.rendering.markdown import render
from conversations.services.attachments.attached import read_bytes
from conversations.services.exporting.reading import read_branch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from conversations.models import Conversation
    from conversations.services.exporting.reading import Exported

# Of our stylesheet, what a page that is only read needs.
SHEETS = (
    *("reset", "tokens", "base", "article", "prose", "maths", "notes"),
    *("sources", "code", "export"),
)
IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
FOLDER = "conversations/export"


def write_page(*, conversation: Conversation, leaf: UUID | None) -> Iterator[str]:
    """Yield a branch of a conversation as a page, piece by piece."""
    context = {"conversation": conversation, "style": _style()}
    yield render_to_string(f"{FOLDER}/head.html", context)
    for said in read_branch(leaf=leaf):
        yield from _message(said)
    yield render_to_string(f"{FOLDER}/foot.html", context)


def _message(said: Exported) -> Iterator[str]:
    """Yield a message, its images one by one: they may be large."""
    message = said.message
    is_reply = message.role == Message.Role.ASSISTANT
    html = render(said.text, said.targets, message.pk.hex) if is_reply else ""
    context = {"said": said, "html": html, "is_reply": is_reply}
    yield render_to_string(f"{FOLDER}/message.html", context)
    for file in said.files:
        if _is_shown(file):
            figure = {"file": file, "url": _data_url(file)}
            yield render_to_string(f"{FOLDER}/figure.html", figure)
    rest = {"said": said, "files": [each for each in said.files if not _is_shown(each)]}
    yield render_to_string(f"{FOLDER}/message_end.html", rest)


def _is_shown(file: Attachment) -> bool:
    return file.kind == Attachment.Kind.IMAGE and file.media_type in IMAGES


def _data_url(file: Attachment) -> str:
    return f"data:{file.media_type};base64,{b64encode(read_bytes(file)).decode()}"


@cache
def _style() -> SafeString:
    """Return our own stylesheets as an element: the page may load none."""
    sheets = "".join(_sheet(name) for name in SHEETS)
    return SafeString(f"<style>{sheets}</style>")


def _sheet(name: str) -> str:
    found = finders.find(f"css/{name}.css")
    assert isinstance(found, str), f"There is no stylesheet {name}."
    return Path(found).read_text()
