"""What a service refuses, in words for the person who asked."""

from __future__ import annotations


class RefusedError(Exception):
    """The request cannot be carried out now; `str()` says why, kindly."""


class NotAllowedError(RefusedError):
    """The person may not do this, though they know of what it concerns."""


class UnreadableFileError(RefusedError):
    """A file could not be read, though it took a process to find that out."""


class RestartingError(RefusedError):
    """The server is about to restart; the same request will do in a moment."""

    def __init__(self) -> None:
        super().__init__(
            "The server is restarting. Your text is kept; send it again in a moment."
        )
