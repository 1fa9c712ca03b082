"""What was made last, kept as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")

# Of the room: what is larger would drive out too much.
LARGEST_SHARE = 16


class Recent(Generic[Value]):
    """Values by key, those used last, of at most so many characters; for any thread."""

    def __init__(self, characters: int) -> None:
        self._characters = characters
        self._taken = 0
        self._values: OrderedDict[object, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> Value | None:
        """Return a value that is still there."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def keep(self, key: object, value: Value, size: int) -> None:
        """Keep a value of so many characters, and let go of those used longest ago."""
        if size > self._characters // LARGEST_SHARE:
            return
        with self._lock:
            if key in self._values:
                self._taken -= self._values.pop(key)[1]
            self._values[key] = value, size
            self._taken += size
            while self._taken > self._characters:
                _, (_, gone) = self._values.popitem(last=False)
                self._taken -= gone
