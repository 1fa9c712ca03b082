"""The exports there are, and who took one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conversations.services.branching.viewing import find_branch_in_view
from conversations.services.exporting.markdown import write_markdown
from conversations.services.exporting.pages import write_page
from conversations.services.exporting.records import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversations.models import Conversation, User

logger = logging.getLogger("conversations.security")

PIECE_BYTES = 65_536
NAME_CHARACTERS = 80
MEDIA_TYPES = {
    "markdown": ("md", "text/markdown; charset=utf-8"),
    "json": ("json", "application/json"),
    "html": ("html", "text/html; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is still being written: its pieces are read as they are sent."""

    name: str
    media_type: str
    pieces: Iterator[bytes]


def export_conversation(
    *, conversation: Conversation, user: User, form: str, everything: bool = False
) -> Export:
    """Return a conversation as a file: the branch that `user` looks at.

    `form` is one of MEDIA_TYPES; `everything` takes all branches, as JSON. What was
    deleted is not in it.
    """
    leaf = find_branch_in_view(conversation=conversation, user=user).at
    if form == "json":
        pieces = write_json(conversation=conversation, leaf=leaf, everything=everything)
    elif form == "html":
        pieces = write_page(conversation=conversation, leaf=leaf)
    else:
        pieces = write_markdown(conversation=conversation, leaf=leaf)
    suffix, media_type = MEDIA_TYPES[form]
    logger.info("User %s exports %s as %s.", user.pk, conversation.pk, form)
    name = f"{_file_name(conversation.title)}.{suffix}"
    return Export(name, media_type, _gather(pieces))


def _file_name(title: str) -> str:
    """Return a title as every system takes it for a name."""
    words = "".join(letter if _is_plain(letter) else " " for letter in title)
    return " ".join(words.split())[:NAME_CHARACTERS].strip(" .") or "Conversation"


def _is_plain(letter: str) -> bool:
    return letter.isprintable() and letter not in '<>:"/\\|?*%'


def _gather(pieces: Iterator[str]) -> Iterator[bytes]:
    waiting = bytearray()
    for piece in pieces:
        waiting += piece.encode()
        if len(waiting) >= PIECE_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
