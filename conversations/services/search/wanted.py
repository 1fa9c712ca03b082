"""What is asked of the index of a database, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from conversations.services.search.words import Query

# No word has these letters, so they mark what an entry is of.
_AUTHOR, _TITLE, _LATE = "@{}", "=t", "=l"


# No id is as great.
END = 2**62


@dataclass(frozen=True, slots=True)
class Wanted:
    """Entries with these words, newest first, with ids from `after` to `before`.

    In these conversations, or in any where that is None. With `late_until` only what
    was noted late, and written before.
    """

    query: Query
    titles: bool = False
    author: int | None = None
    conversations: Sequence[UUID] | None = None
    after: int = 0
    before: int = END
    late_until: datetime | None = None

    @property
    def marks(self) -> list[str]:
        """The marks that its entries carry."""
        is_late = self.late_until is not None
        return list_marks(self.author, is_title=self.titles, is_late=is_late)


def list_marks(author: int | None, *, is_title: bool, is_late: bool) -> list[str]:
    """Return the marks that an entry carries beside its words."""
    kind = [_TITLE] if is_title else []
    if is_late:
        kind.append(_LATE)
    return kind if author is None else [*kind, _AUTHOR.format(author)]
