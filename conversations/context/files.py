"""What the files of a message take, in tokens."""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from conversations.context.tokens import count
from conversations.wire import Form
from conversations.wire.files import form_of, frame_text, name_briefly

if TYPE_CHECKING:
    from conversations.wire import AttachedFile, Dialect, HistoryMessage

# OpenAI, "Images and vision": an image is made to fit a square, then its shorter side
# to fit a smaller one, and counts by the tiles that it covers. In pixels and tokens.
SQUARE, SHORT_SIDE, TILE = 2_048, 768, 512
IMAGE_TOKENS, TILE_TOKENS = 85, 170
# Anthropic, "PDF support": a page is read as its text and as an image of it.
PAGE_TOKENS = 1_500
# What stands for a file that is only named.
NOTE_TOKENS, NAME_TOKENS = 24, 10


def image_tokens(width: int | None, height: int | None) -> int:
    """Return what an image of so many pixels takes; the most where nobody knows."""
    wide, high = float(width or SQUARE), float(height or SQUARE)
    scale = min(1.0, SQUARE / max(wide, high))
    scale = min(scale, SHORT_SIDE / min(wide, high))
    tiles = ceil(wide * scale / TILE) * ceil(high * scale / TILE)
    return IMAGE_TOKENS + TILE_TOKENS * max(1, tiles)


def text_tokens(file: AttachedFile) -> int:
    """Return what a file takes whose text is sent. May be slow for a long one."""
    return count(frame_text(file))


def pages_tokens(pages: int | None) -> int:
    """Return what the pages of a PDF take that are sent as they are."""
    return PAGE_TOKENS * max(1, pages or 0)


def sent_tokens(file: AttachedFile, dialect: Dialect) -> int:
    """Return what a file takes in the form in which it is sent."""
    form = form_of(file, dialect)
    if form is Form.NOTE:
        return NOTE_TOKENS
    if form is Form.FILE and file.has_text:
        return file.tokens + pages_tokens(file.pages)
    return file.tokens


def withhold(file: AttachedFile) -> AttachedFile:
    """Return a file for which there is no room, with what it takes then.

    Its text goes where there is any, as with a model that cannot read the pages.
    """
    if not file.size:
        return file
    has_text = file.kind != "image" and file.has_text
    tokens = file.tokens - pages_tokens(file.pages) if has_text else NOTE_TOKENS
    return replace(file, size=0, is_withheld=True, tokens=max(0, tokens))


def with_names(message: HistoryMessage) -> HistoryMessage:
    """Return a message in whose text its files are only named: to be remembered."""
    if not message.files:
        return message
    names = [name_briefly(file) for file in message.files]
    text = "\n".join(part for part in (message.content, *names) if part.strip())
    said = max(0, message.tokens - sum(file.tokens for file in message.files))
    tokens = said + NAME_TOKENS * len(names)
    return replace(message, content=text, tokens=tokens, files=())
