"""A text that only grows: pending, in flight to the database, and landed."""

from __future__ import annotations

from bisect import bisect_right


class Track:
    """Append-only text by offset, in characters (code points)."""

    __slots__ = ("_pieces", "_starts", "in_flight", "length", "waiting")

    def __init__(self, text: str = "") -> None:
        self._pieces: list[str] = [text] if text else []
        self._starts: list[int] = [0] if text else []
        self.length = len(text)
        # Pieces that wait for the next tick; then they are in flight until they land.
        self.waiting: list[str] = []
        self.in_flight = ""

    def take(self) -> tuple[int, str]:
        """Move what is pending into flight and return its offset and text.

        What is in flight already (its commit failed) is returned as it was, so
        that trying again cannot write a piece twice.
        """
        if not self.in_flight:
            self.in_flight = "".join(self.waiting)
            self.waiting.clear()
        return self.length, self.in_flight

    def land(self) -> str:
        """Make what was in flight visible, and return it."""
        text, self.in_flight = self.in_flight, ""
        if text:
            self._starts.append(self.length)
            self._pieces.append(text)
            self.length += len(text)
        return text

    def discard(self) -> None:
        """Forget what has not landed."""
        self.waiting.clear()
        self.in_flight = ""

    def slice(self, offset: int) -> str:
        """Return the landed text from `offset` to the end."""
        if offset >= self.length:
            return ""
        index = max(bisect_right(self._starts, offset) - 1, 0)
        first = self._pieces[index][offset - self._starts[index] :]
        return first + "".join(self._pieces[index + 1 :])
