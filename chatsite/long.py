"""A response that is too long to be held in memory as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import close_old_connections
from django.http import StreamingHttpResponse
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

# What the server is told where the rest cannot be made: the reader must see that.
BROKEN_OFF = "roundtable.broken_off"


class LongResponse(StreamingHttpResponse):
    """Its pieces are made one after the other as they are sent, off the loop.

    In the time zone of the request, which is over by then.
    """

    def __init__(self, pieces: Iterable[str | bytes], content_type: str) -> None:
        zone = timezone.get_current_timezone()
        super().__init__(_in_zone(iter(pieces), zone), content_type=content_type)


def make_piece(pieces: Iterator[bytes]) -> bytes:
    """Return the next piece, empty at the end.

    No request begins on the threads for pieces, which would leave a broken connection.
    """
    close_old_connections()
    return next(pieces, b"")


def _in_zone(pieces: Iterator[str | bytes], zone: tzinfo) -> Iterator[str | bytes]:
    while True:
        with timezone.override(zone):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
