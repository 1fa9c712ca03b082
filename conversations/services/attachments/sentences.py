"""Why a file is not taken, in one sentence that says what to do."""

from __future__ import annotations

import math

from conversations import limits
from conversations.services.attachments.child.refusals import Refusal, UnreadableError
from conversations.services.attachments.kinds import (
    IMAGES,
    TEXTS,
    name_foreign,
    name_format,
    suffix_of,
)
from conversations.text import shorten

NAME_CHARACTERS = 60
READABLE = "Images (PNG, JPEG, WebP, GIF), PDF and text can be added."
MEGA = 1_000_000


def describe_mismatch(name: str, data: bytes) -> str:
    """Say what a file is instead of what it passes for."""
    suffix, form = suffix_of(name), name_format(data)
    shown = quote(name)
    if form:
        return (
            f"{shown} holds a {_spell(form)}, which is not what it is said to be. "
            "Give it the right name, and add it once more."
        )
    if suffix == ".svg":
        return f"{shown} is a drawing that may hold programs. Save it as PNG, and add that."
    foreign = name_foreign(data)
    if foreign:
        return f"{shown} is {foreign}. {READABLE}"
    if suffix in IMAGES or suffix == ".pdf":
        named = _spell(IMAGES.get(suffix, "PDF"))
        return f"{shown} is not a {named}, whatever its name says. {READABLE}"
    if suffix in TEXTS:
        return f"{shown} is not text as it is said to be. {READABLE}"
    return f"{shown} is of a kind that can’t be read here. {READABLE}"


def describe_no_text(name: str, data: bytes) -> str:
    """Say that what should be text is none."""
    foreign = name_foreign(data)
    if foreign:
        return f"{quote(name)} is {foreign}. {READABLE}"
    return f"{quote(name)} is not text as UTF-8. Save it as that, and add it once more."


def describe_unreadable(name: str, error: UnreadableError) -> str:
    """Say why a file could not be read by what should read it."""
    shown = quote(name)
    return {
        Refusal.PIXELS: (
            f"{shown} has {_too_many(error.figure)} megapixels, and "
            f"{_millions(limits.IMAGE_PIXELS)} fit. Make it smaller, and add it once more."
        ),
        Refusal.DAMAGED: (
            f"{shown} is damaged and could not be read. "
            "Save it anew, and add it once more."
        ),
        Refusal.LOCKED: (
            f"{shown} is locked with a password. "
            "Save it without one, and add it once more."
        ),
        Refusal.MEMORY: (
            f"{shown} takes too much memory to read. "
            "Make it smaller, and add it once more."
        ),
        Refusal.TIME: (
            f"{shown} takes too long to read. Make it smaller, and add it once more."
        ),
    }[error.refusal]


def describe_size(name: str, size: int) -> str:
    """Say that a file has no byte, or too many."""
    if not size:
        return f"{quote(name)} is empty. Choose another file."
    return (
        f"{quote(name)} is {_too_many(size)} MB large, and {_millions(limits.FILE_BYTES)} "
        "MB fit. Make it smaller, and add it once more."
    )


def describe_weight(named: str, *, size: int, most: int, is_one: bool) -> str:
    """Say that the files of a message have more bytes than a request takes."""
    fit = f"{_at_most(most)} MB of images and PDFs fit into one request"
    if is_one:
        return f"{named} is {_too_many(size)} MB large, and {fit}. Make it smaller."
    return f"{named} are {_too_many(size)} MB together, and {fit}. Take some out."


def describe_quota() -> str:
    """Say that a person has used up their room."""
    return (
        f"Your files take up all of their {_millions(limits.UPLOAD_BYTES_PER_USER)} MB. "
        "Delete conversations that you need no more, and add it then."
    )


def quote(name: str) -> str:
    """Return a file's name as a sentence shows it."""
    return f"“{shorten(name, NAME_CHARACTERS)}”"


def _too_many(value: int) -> str:
    """Round up: what does not fit is never said to be as much as what does."""
    step = _step(value)
    return _millions(math.ceil(value / step) * step)


def _at_most(value: int) -> str:
    """Round down, for the same reason."""
    return _millions(value // _step(value) * _step(value))


def _step(value: int) -> int:
    return MEGA if value >= 10 * MEGA else MEGA // 10


def _millions(value: int) -> str:
    millions = value / MEGA
    return f"{millions:,.0f}" if millions >= 10 else f"{millions:,.1f}".rstrip("0.")


def _spell(form: str) -> str:
    return "WebP" if form == "WEBP" else form
