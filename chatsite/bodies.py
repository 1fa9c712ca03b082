"""How much a request may bring: a little, and more where files are added."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.template.loader import render_to_string

from conversations import limits

_UPLOADS = re.compile(r"/files/|/c/[0-9a-f-]{36}/files/")
# Names, boundaries and what is typed, beside the files themselves.
_AROUND_FILES_BYTES = 64_000


class TooLargeError(Exception):
    """A body is larger than its address takes; it has not been kept."""


def is_upload(path: str) -> bool:
    """Tell whether files are added at an address."""
    return _UPLOADS.fullmatch(path) is not None


def most_body_bytes(path: str, *, has_session: bool = True) -> int:
    """Return how many bytes the body of a request to `path` may have.

    Files are somebody's: without a session nobody brings any.
    """
    if is_upload(path) and has_session:
        return limits.UPLOAD_BYTES + _AROUND_FILES_BYTES
    return limits.BODY_BYTES


def refuse_large(path: str, *, has_session: bool = True) -> HttpResponse:
    """Return the answer to a body that is too large."""
    most = most_body_bytes(path) // 1_000_000
    sentence = (
        f"This is too much at once: {most} MB fit, and {limits.MESSAGE_BYTES:,} bytes "
        "in a message. Please send less."
    )
    if is_upload(path):
        sentence = (
            f"These files are larger than the {most} MB that can be sent at once. "
            "Please add fewer of them, or smaller ones."
        )
        if not has_session:
            return refuse_strangers()
    return _refuse(sentence, 413)


def refuse_strangers() -> HttpResponse:
    """Return the answer to files of somebody who is not signed in."""
    sentence = "You are not signed in any more. Sign in, then add your files again."
    return _refuse(sentence, 403, "Please sign in")


def refuse_busy() -> HttpResponse:
    """Return the answer where too many files wait to be looked at."""
    sentence = "Many files are being looked at just now. Please try again in a moment."
    answer = _refuse(sentence, 503, "In a moment")
    answer["Retry-After"] = "2"
    return answer


def _refuse(
    sentence: str, status: int, heading: str = "Too much at once"
) -> HttpResponse:
    said = {"sentence": sentence, "heading": heading}
    page = render_to_string("413.html", said)
    return HttpResponse(page, status=status)
