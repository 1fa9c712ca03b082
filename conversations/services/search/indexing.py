"""Reading what was written into the index: soon after, and before a search.

Triggers note what was written, which costs whoever writes next to nothing. An answer is
noted when it ends: while it is being written, its text is not in its message.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.db.models.functions import Length, Substr

from conversations import limits
from conversations.live.hub import get_hub
from conversations.models import Conversation, Message, SearchEntry, Unindexed
from conversations.services.search.databases import Entry, store, wait_for_others
from conversations.services.search.wanted import list_marks
from conversations.services.search.words import list_words
from conversations.services.slices import cut_slice, do_slice

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

logger = logging.getLogger(__name__)

# Of one transaction: a few milliseconds. Fewer where texts are long.
SLICE_ROWS = 50
# A vector of PostgreSQL holds a megabyte, a letter takes up to four bytes.
MOST_LETTERS = 150_000
# What is noted so long after it was begun is late: an answer is noted when it ends.
LONGEST_ANSWER = timedelta(hours=1)


async def index_for_ever() -> None:
    """Index what is written, off the loop, for as long as the server runs."""
    while True:
        try:
            while await get_hub().background.run(do_slice, index_written):
                pass
        except DatabaseError:
            logger.exception("The search has not read all; it will be tried again.")
        await asyncio.sleep(limits.SEARCH_INDEX_SECONDS)


def index_newest() -> None:
    """Index what was written just now; a search goes on where that fails."""
    left = SLICE_ROWS
    try:
        while left > 0 and (read := index_written(newest=True)):
            left -= read
    except DatabaseError:
        logger.exception("What was written just now is not found yet.")


def index_written(*, newest: bool = False) -> int:
    """Index some of what was written; return how much there was.

    The oldest first, or the newest: what somebody has just written is then found
    although much is still to be read.
    """
    order = "-pk" if newest else "pk"
    noted = _cut(list(Unindexed.objects.order_by(order)[:SLICE_ROWS]))
    if not noted:
        return 0
    entries = _read(noted)
    with transaction.atomic():
        wait_for_others()
        # Whoever deletes the note has read it; what changed since has another.
        taken = _take([each.pk for each in noted])
        _replace([entry for entry in entries if entry[0] in taken])
    return len(noted)


def _cut(noted: list[Unindexed]) -> list[Unindexed]:
    """Return the first, not more than what is short together."""
    texts = [each.message_id for each in noted if each.message_id]
    rows = Message.everything.filter(pk__in=texts)
    known = dict(rows.values_list("pk", Length("content")))
    most = limits.SEARCH_CHARACTERS
    sized = ((each, min(known.get(each.message_id, 0), most)) for each in noted)
    return cut_slice(sized)


def _read(noted: Sequence[Unindexed]) -> list[Entry]:
    """Return the newest entry of each title and message; slow for long texts."""
    titles = {each.conversation_id: each for each in sorted(noted, key=_pk)}
    texts = {each.message_id: each for each in sorted(noted, key=_pk)}
    rows = Conversation.objects.filter(pk__in=[pk for pk in titles if pk])
    # What was deleted may come back.
    messages = Message.everything.filter(pk__in=[pk for pk in texts if pk])
    said = messages.annotate(
        beginning=Substr("content", 1, limits.SEARCH_CHARACTERS)
    ).values_list("pk", "conversation_id", "author_id", "beginning", "created_at")
    called = rows.values_list("pk", "owner_id", "title", "created_at")
    return [
        *(
            _make_entry(titles[pk], pk, None, title, owner, at)
            for pk, owner, title, at in called
        ),
        *(
            _make_entry(texts[pk], conversation, pk, text, author, at)
            for pk, conversation, author, text, at in said
        ),
    ]


def _make_entry(
    noted: Unindexed,
    conversation: UUID,
    message: UUID | None,
    text: str,
    person: int | None,
    at: datetime,
) -> Entry:
    is_late = noted.noted_at - at > LONGEST_ANSWER
    marks = list_marks(person, is_title=message is None, is_late=is_late)
    words = [*_words(text), *marks]
    return Entry(noted.pk, conversation, message, words, at, is_late)


def _pk(noted: Unindexed) -> int:
    return noted.pk


def _words(text: str) -> list[str]:
    """Return each word once, as many as an index can hold of one text."""
    kept: dict[str, None] = {}
    letters = 0
    for word in list_words(text):
        if word not in kept:
            letters += len(word) + 1
            if letters > MOST_LETTERS:
                break
            kept[word] = None
    return list(kept)


def _take(pks: Sequence[int]) -> set[int]:
    table = Unindexed._meta.db_table  # noqa: SLF001 - Django cannot return what it deletes
    places = ", ".join(["%s"] * len(pks))
    sql = f"DELETE FROM {table} WHERE id IN ({places}) RETURNING id"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, list(pks))
        return {row[0] for row in cursor.fetchall()}


def _replace(entries: Sequence[Entry]) -> None:
    messages = [each.message for each in entries if each.message]
    titles = [each.conversation for each in entries if each.message is None]
    rows = SearchEntry.objects
    known = rows.filter(message__in=messages) | rows.filter(
        message=None, conversation__in=titles
    )
    newest: dict[tuple[UUID, UUID | None], int] = {
        (of, message): pk
        for pk, of, message in known.values_list("pk", "conversation", "message")
    }
    # What was written later may have been read sooner.
    fresh = [entry for entry in entries if newest.get(entry[1:3], 0) < entry[0]]
    old = rows.filter(pk__in=[newest[key] for e in fresh if (key := e[1:3]) in newest])
    old._raw_delete(old.db)  # noqa: SLF001 - nothing hangs on an entry
    store(fresh)
