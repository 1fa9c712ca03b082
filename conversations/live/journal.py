"""Deltas and leases, committed in groups: the only rows `live` writes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone

from conversations import limits
from conversations.models import Delta, Generation
from conversations.wire import State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# Of which generation, whether it is reasoning, from which offset, what.
Row = tuple[int, bool, int, str]

_INSERT = (
    f"INSERT INTO {Delta._meta.db_table} "  # noqa: S608, SLF001 - our own names
    '(generation_id, is_reasoning, "offset", text) VALUES (%s, %s, %s, %s) '
    "ON CONFLICT DO NOTHING"
)


def commit_deltas(rows: Sequence[Row]) -> set[int]:
    """Commit rows of deltas; return the generations that lost.

    One transaction for all answers of a tick. A generation that is no longer
    running takes no more text: whoever ended it has won.
    """
    with transaction.atomic():
        wanted = {row[0] for row in rows}
        running = set(
            Generation.objects.select_for_update(no_key=True)
            .filter(pk__in=wanted, state=State.RUNNING)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        kept = [row for row in rows if row[0] in running]
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, kept)
    return wanted - running


def renew_leases(generation_ids: Collection[int]) -> set[int]:
    """Beat the heart of every owned generation in one UPDATE; return the lost ones.

    Lost is what somebody else has ended, or deleted with its conversation.
    """
    until = timezone.now() + timedelta(seconds=limits.LEASE_SECONDS)
    owned = Generation.objects.filter(pk__in=generation_ids, state=State.RUNNING)
    owned.update(lease_until=until)
    return set(generation_ids) - set(owned.values_list("pk", flat=True))
