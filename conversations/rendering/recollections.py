"""What is remembered, part by part, as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is referred to."""

    id: UUID
    seq: int
    words: str
    author: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the summary; `by` wrote it, `cost` in words."""

    id: int
    text: str
    by: str
    at: datetime
    cost: str
    is_seen: bool


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact; `by` wrote it, nobody where a model found it.

    `had_no_room` says that it was left out when the context last rolled.
    """

    id: int
    text: str
    is_pinned: bool
    by: str
    source: Said | None
    is_seen: bool
    had_no_room: bool = False

    @property
    def is_here(self) -> bool:
        """Whether it was not said on another branch."""
        return self.source is None or self.source.is_here

    @property
    def is_new(self) -> bool:
        """Whether the model is likely to see it from the next roll on."""
        return self.is_here and not self.is_seen and not self.had_no_room


@dataclass(frozen=True, slots=True)
class PinnedMessage:
    """A pinned message: among the turns the model sees, in its notes, or neither yet.

    `had_no_room` says that it was left out when the context last rolled.
    """

    said: Said
    is_among_turns: bool
    is_noted: bool
    had_no_room: bool = False

    @property
    def is_here(self) -> bool:
        return self.said.is_here

    @property
    def is_seen(self) -> bool:
        return self.is_among_turns or self.is_noted

    @property
    def is_new(self) -> bool:
        """Whether the model is likely to see it from the next roll on."""
        return self.is_here and not self.is_seen and not self.had_no_room
