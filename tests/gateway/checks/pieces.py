"""What every protocol checks of images and PDFs: whose they are, and that they are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.gateway.pieces import NotThatError, is_piece, read_piece
from tests.gateway.problems import invalid

if TYPE_CHECKING:
    from conversations.wire import Json


def check_piece(part: Json, place: str, *, role: str) -> None:
    """Refuse an image or a PDF that is none, or that no person sent."""
    if not is_piece(part):
        return
    if role != "user":
        raise invalid(f"{place}: a message of '{role}' takes no files.", place)
    try:
        read_piece(part)
    except NotThatError as error:
        raise invalid(f"{place}: {error}", place) from None
