"""Purging: rows of what was deleted go for good when nobody can have it back.

In slices, each a transaction of its own; it may end anywhere and be done by several
processes at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import (
    Attachment,
    Conversation,
    Delta,
    Departure,
    Epoch,
    Fact,
    File,
    Folder,
    Generation,
    Mention,
    Message,
    Opening,
    SearchEntry,
    Share,
    Summary,
    UsageRecord,
    View,
)
from conversations.services.branching.purging import detach_message
from conversations.services.slices import do_slice, list_slice
from conversations.services.undoing import find_undo_start

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

logger = logging.getLogger(__name__)

# Rows of one statement, which is a transaction of its own: a few milliseconds. Fewer
# where their texts are long.
SLICE_ROWS = 200
# Their bytes are in them.
SLICE_FILES = 10
# Their words go out of SQLite's index one by one.
SLICE_ENTRIES = 50
# Messages that take all that belongs to them along.
SLICE_MESSAGES = 20
# What is brought back just now was asked for in time.
GRACE = timedelta(minutes=5)
ROUND_SECONDS = 300.0
# Somebody waits for it.
PATIENCE_SECONDS = 2.0
# Files that nothing named when they were left behind are looked for once a day.
ROUNDS_BETWEEN_SWEEPS = 288
_INNER = (View, Share, Opening, Mention, Fact, Epoch, Summary)


async def purge_for_ever() -> None:
    """Purge at once and every few minutes, off the loop; it never fails."""
    rounds = 0
    while True:
        try:
            while await get_hub().background.run(do_slice, purge_some):
                pass
            if rounds % ROUNDS_BETWEEN_SWEEPS == 0:
                await _sweep()
        except DatabaseError:
            logger.exception("What was deleted is still there; it will be tried again.")
        rounds += 1
        await asyncio.sleep(ROUND_SECONDS)


async def _sweep() -> None:
    after: int | None = 0
    while after is not None:
        after = await get_hub().background.run(do_slice, sweep_files, after=after)


def purge_some() -> bool:
    """Delete a slice of what nobody can have back; tell whether there was anything."""
    steps = (
        _purge_deleted,
        _purge_removed,
        _purge_drafts,
        _purge_folders,
        _purge_facts,
        _purge_departures,
    )
    return any(_try(step) for step in steps)


def _try(step: Callable[[], bool]) -> bool:
    """Do one step; where it fails, the others go on."""
    try:
        return step()
    except DatabaseError:
        logger.exception("What was deleted is still there; it will be tried again.")
        return False


def purge_conversation(*, conversation_id: UUID) -> None:
    """Delete the rows of a conversation, the innermost first, for some seconds.

    It may end anywhere: what is left goes in the background.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while do_slice(_delete_some, conversation_id) and time.monotonic() < until:
        pass


def sweep_files(*, after: int) -> int | None:
    """Delete files without attachments among some after `after`; return the last of them.

    None where there are no more. Accounts that go take attachments along.
    """
    some = File.objects.filter(pk__gt=after).order_by("pk")
    pks = list(some.values_list("pk", flat=True)[:SLICE_ROWS])
    lone = File.objects.filter(~_is_attached(), pk__in=pks)
    while found := list(lone.values_list("pk", flat=True)[:SLICE_FILES]):
        _delete_lone_files(found)
    return pks[-1] if pks else None


def _purge_deleted() -> bool:
    rows = Conversation.objects.filter(deleted_at__lt=_undo_ended())
    oldest = rows.order_by("deleted_at").values_list("pk", flat=True)[:SLICE_ROWS]
    # Where one cannot be deleted, the others need not wait for it.
    return any(_try(partial(_delete_some, pk)) for pk in oldest)


def _purge_removed() -> bool:
    """Delete messages of removed branches, from below."""
    rows = Message.everything.filter(removed_at__lt=_undo_ended())
    oldest = rows.order_by("removed_at", "-seq")
    taken = list_slice(oldest, text="content", most=SLICE_MESSAGES)
    some = list(Message.everything.filter(pk__in=taken))
    some.sort(key=lambda one: one.seq, reverse=True)
    deleted = [_delete_message(one) for one in some]
    return any(deleted)


def _delete_message(message: Message) -> bool:
    """Delete a message with all that belongs to it, unless something follows it."""
    if Message.everything.filter(parent=message).exists():
        return False
    while _delete_attachments(Attachment.objects.filter(message=message)):
        pass
    with transaction.atomic():
        detach_message(message=message)
        message.delete()
        here = Message.everything.filter(conversation=message.conversation_id)
        if not here.filter(seq__gt=message.seq).exists():
            # What is written next takes its place, and is new to people.
            views = View.objects.filter(conversation=message.conversation_id)
            views.filter(read_seq__gte=message.seq).update(read_seq=message.seq - 1)
    return True


def _purge_drafts() -> bool:
    """Delete files that were added to a draft which nobody sent."""
    ended = timezone.now() - timedelta(days=limits.DRAFT_FILE_DAYS)
    return _delete_attachments(
        Attachment.objects.filter(message=None, created_at__lt=ended)
    )


def _purge_folders() -> bool:
    gone = Folder.objects.filter(deleted_at__lt=_undo_ended())
    ids = list(gone.values_list("pk", flat=True)[:SLICE_ROWS])
    if not ids:
        return False
    kept = View.objects.filter(folder__in=ids)
    views = View.objects.filter(pk__in=kept.values("pk")[:SLICE_ROWS])
    return views.update(folder=None) > 0 or _delete(gone.filter(pk__in=ids)) > 0


def _purge_facts() -> bool:
    gone = Fact.everything.filter(deleted_at__lt=_undo_ended())
    return _delete_slice(gone.order_by()) > 0


def _purge_departures() -> bool:
    return _delete_slice(Departure.objects.filter(left_at__lt=_undo_ended())) > 0


def _undo_ended() -> datetime:
    return find_undo_start() - GRACE


def _delete_some(conversation_id: UUID) -> bool:
    """Delete a slice of a conversation; false where nothing of it was left."""
    if _delete_generations(Generation.objects.filter(conversation=conversation_id)):
        return True
    files = Attachment.objects.filter(conversation=conversation_id)
    messages = Message.everything.filter(conversation=conversation_id)
    of_messages = Attachment.objects.filter(message__in=messages)
    if _delete_attachments(files) or _delete_attachments(of_messages):
        return True
    if _delete_entries(SearchEntry.objects.filter(conversation=conversation_id)):
        return True
    for model in _INNER:
        rows = model._base_manager.filter(conversation=conversation_id)  # noqa: SLF001
        if _delete_slice(rows):
            return True
    # A message comes after those before it, which others point to.
    if _delete_messages(messages.order_by("-seq")):
        return True
    return _delete(Conversation.objects.filter(pk=conversation_id)) > 0


def _delete_generations(rows: QuerySet[Generation]) -> bool:
    ids = list_slice(rows, text="reasoning", most=SLICE_ROWS)
    if ids:
        UsageRecord.objects.filter(generation__in=ids).update(generation=None)
        _delete_all(Delta.objects.filter(generation__in=ids))
        _delete(Generation.objects.filter(pk__in=ids))
    return bool(ids)


def _delete_entries(rows: QuerySet[SearchEntry]) -> bool:
    ids = list_slice(rows.order_by("pk"), text="words", most=SLICE_ENTRIES)
    return bool(ids) and _delete(SearchEntry.objects.filter(pk__in=ids)) > 0


def _delete_messages(rows: QuerySet[Message]) -> bool:
    ids = list_slice(rows, text="content", most=SLICE_ROWS)
    if ids:
        Conversation.objects.filter(forked_from__in=ids).update(forked_from=None)
        _delete(Message.everything.filter(pk__in=ids))
    return bool(ids)


def _delete_attachments(rows: QuerySet[Attachment]) -> bool:
    """Delete a slice of attachments, and their files where they were the last."""
    found = dict(rows.order_by().values_list("pk", "file")[:SLICE_FILES])
    if found:
        with transaction.atomic():
            _delete(rows.order_by().filter(pk__in=found))
            _delete_lone_files(set(found.values()))
    return bool(found)


def _delete_lone_files(pks: set[int] | list[int]) -> None:
    _delete(File.objects.filter(~_is_attached(), pk__in=pks))


def _is_attached() -> Exists:
    return Exists(Attachment.objects.filter(file=OuterRef("pk")))


def _delete_all(rows: QuerySet[Any]) -> None:
    while _delete_slice(rows):
        pass


def _delete_slice(rows: QuerySet[Any]) -> int:
    some = rows.model._base_manager.filter(pk__in=rows.values("pk")[:SLICE_ROWS])  # noqa: SLF001
    return _delete(some)


def _delete(rows: QuerySet[Any]) -> int:
    """Delete by one statement; Django would read all rows before."""
    deleted: int | None = rows._raw_delete(rows.db)  # noqa: SLF001
    return deleted or 0
