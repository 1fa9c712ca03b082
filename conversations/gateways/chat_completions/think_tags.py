"""Thoughts between tags at the beginning of the text, as raw local models send them."""

from __future__ import annotations

from enum import Enum, auto

OPEN, CLOSE = "<think>", "</think>"
# Longer than this, white space is a text like any other.
_MARGIN = 64


class _Place(Enum):
    BEFORE = auto()
    OPENED = auto()
    INSIDE = auto()
    AFTER = auto()


class ThinkTags:
    """Tells thoughts from text: only what begins with the tag is taken for thoughts.

    Tags may come in pieces; white space around them goes. `settled` says that all
    that follows is text.
    """

    def __init__(self) -> None:
        self.settled = False
        self._place = _Place.BEFORE
        self._held = ""

    def feed(self, text: str) -> tuple[str, str]:
        """Return what of `text` is thought and what is said."""
        if self.settled:
            return "", text
        text, self._held = self._held + text, ""
        match self._place:
            case _Place.BEFORE:
                return self._begin(text)
            case _Place.OPENED:
                return self._open(text)
            case _Place.INSIDE:
                return self._think(text)
            case _Place.AFTER:
                return self._end(text)

    def settle(self) -> None:
        """Take all that follows for text, unless a tag has come already."""
        self.settled = self.settled or (self._place is _Place.BEFORE and not self._held)

    def close(self) -> tuple[str, str]:
        """Return what is still held back; without an end tag it was all thoughts."""
        held, self._held = self._held, ""
        return (held, "") if self._place is _Place.INSIDE else ("", held)

    def _begin(self, text: str) -> tuple[str, str]:
        bare = text.lstrip()
        if len(text) - len(bare) < _MARGIN:
            if bare.startswith(OPEN):
                self._place = _Place.OPENED
                return self._open(bare.removeprefix(OPEN))
            if OPEN.startswith(bare):
                self._held = text
                return "", ""
        self.settled = True
        return "", text

    def _open(self, text: str) -> tuple[str, str]:
        text = text.lstrip()
        if not text:
            return "", ""
        self._place = _Place.INSIDE
        return self._think(text)

    def _think(self, text: str) -> tuple[str, str]:
        thought, end, rest = text.partition(CLOSE)
        if end:
            self._place = _Place.AFTER
            return thought, self._end(rest)[1]
        self._held = _beginning_of(CLOSE, text)
        return text.removesuffix(self._held), ""

    def _end(self, text: str) -> tuple[str, str]:
        text = text.lstrip()
        self.settled = bool(text)
        return "", text


def _beginning_of(tag: str, text: str) -> str:
    """Return the longest end of `text` with which `tag` begins."""
    sizes = range(min(len(tag) - 1, len(text)), 0, -1)
    return next((tag[:size] for size in sizes if text.endswith(tag[:size])), "")
