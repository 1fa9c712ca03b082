"""What is remembered of a conversation, as an export has it: summaries and facts.

Pins are with their messages. What came of a deleted branch is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from conversations.models import Fact, Summary
from conversations.services.branching.branches import find_on_branch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import Conversation

BATCH_ROWS = 100


@dataclass(frozen=True, slots=True)
class Remembered:
    """The rows that belong to a branch, or to all of them."""

    summaries: QuerySet[Summary]
    facts: QuerySet[Fact]

    def read_summaries(self) -> Iterator[Summary]:
        """Read the summaries in the order they were written; the newest of a place holds."""
        seen = 0
        rows = self.summaries.order_by("pk")
        while batch := list(rows.filter(pk__gt=seen)[:BATCH_ROWS]):
            yield from batch
            seen = batch[-1].pk

    def list_people(self) -> set[int]:
        """Return who wrote any of it; None stands for a model."""
        rows = (self.summaries, self.facts)
        found = (
            row.order_by().values_list("author", flat=True).distinct() for row in rows
        )
        return {pk for authors in found for pk in authors}


def find_remembered(
    *, conversation: Conversation, leaf: UUID | None, everything: bool
) -> Remembered:
    """Return what is remembered of the branch that ends at `leaf`, or of all branches.

    Facts without a source belong to all.
    """
    summaries = Summary.objects.filter(
        conversation=conversation, until__removed_at=None
    )
    facts = conversation.facts.filter(source__removed_at=None).order_by("pk")
    if everything:
        return Remembered(summaries, facts)
    untils = summaries.order_by().values_list("until", flat=True).distinct()
    sources = facts.exclude(source=None).values_list("source", flat=True)
    wanted = {*untils, *sources}
    here = find_on_branch(leaf=leaf, wanted=wanted) if leaf and wanted else []
    return Remembered(
        summaries.filter(until__in=here),
        facts.filter(Q(source=None) | Q(source__in=here)),
    )
