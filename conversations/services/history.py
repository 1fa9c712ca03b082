"""What was said on a branch, as the context takes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q

from conversations.context.authors import with_author
from conversations.context.tokens import count
from conversations.models import Generation, Message
from conversations.services.attachments.sending import as_sent, read_files
from conversations.services.branching.branches import (
    count_turns,
    list_path,
    read_messages,
    store_tokens,
)
from conversations.services.branching.withdrawn import find_never_asked
from conversations.wire import (
    Dialect,
    History,
    HistoryMessage,
    Native,
    Role,
    State,
    Turn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from conversations.services.attachments.sending import Files
    from conversations.services.branching.branches import Row

FIRST_MESSAGES = 100
# SQLite takes no more than 999 parameters everywhere.
MESSAGES_A_QUERY = 900


@dataclass(frozen=True, slots=True)
class Stretch:
    """How far back a branch is read: as `window` tokens hold, or down to a message.

    `since` is the first message of the epoch that goes on, `turns_before` what it left
    out. Replies of the `epoch` are wanted in their gateway's own items (None: of no reply),
    those too that a gateway refused after the moment `refused_after`. `dialect` says as
    what files are sent.
    """

    window: int = 0
    since: UUID | None = None
    turns_before: int = 0
    epoch: int | None = None
    refused_after: datetime | None = None
    dialect: Dialect = field(default_factory=Dialect)


def read_history(
    *, generation: Generation, path: list[UUID], stretch: Stretch
) -> History:
    """Read the branch above a reply; `path` is the newest part of it, newest first.

    Turns older than `stretch` are only counted. Counts of new messages are made and
    stored here, once.
    """
    reply = generation.message
    turns, before = _read_turns(path, stretch)
    asking = turns.pop() if turns else Turn(())
    return History(
        turns=tuple(turns),
        asking=asking.messages,
        partial=_partial(reply, generation),
        turns_before=before,
    )


def read_answered(*, path: list[UUID], stretch: Stretch) -> History:
    """Read a branch that ends with an answer, with nothing asked after it."""
    turns, before = _read_turns(path, stretch)
    return History(turns=tuple(turns), asking=(), turns_before=before)


def read_path(leaf: UUID) -> list[UUID]:
    """Return the newest message ids of a branch, newest first."""
    return list_path(leaf=leaf, limit=FIRST_MESSAGES)


def _read_turns(path: list[UUID], stretch: Stretch) -> tuple[list[Turn], int]:
    limit = FIRST_MESSAGES
    # Oldest first, and how many of the newest of the path were looked for.
    messages: list[HistoryMessage] = []
    looked = 0
    while True:
        is_whole = len(path) < limit
        if stretch.since in path:
            messages = _load(path[: path.index(stretch.since) + 1], stretch)
            return _without_withdrawn(_group(messages)), stretch.turns_before
        if stretch.since is None or is_whole:
            messages = [*_load(path[looked:], stretch), *messages]
            looked = len(path)
            found = _pick_window(messages, stretch, is_whole=is_whole)
            if found is not None:
                return found
        limit *= 4
        path = list_path(leaf=path[0], limit=limit)


def _pick_window(
    messages: list[HistoryMessage], stretch: Stretch, *, is_whole: bool
) -> tuple[list[Turn], int] | None:
    """Pick what the window holds, None where more of the path is needed."""
    if not messages:
        # The conversation was deleted just now.
        return [], 0
    turns = _group(messages)
    if is_whole:
        return _without_withdrawn(turns), 0
    # The oldest turn may have begun before what was read.
    oldest, *rest = turns
    if sum(map(_size, rest)) <= stretch.window or oldest.reply is None:
        return None
    return _without_withdrawn(rest), count_turns(leaf=UUID(oldest.reply.id))


def _load(path: list[UUID], stretch: Stretch) -> list[HistoryMessage]:
    """Read messages, oldest first: as plain values, for there may be thousands."""
    items = _read_items(stretch)
    found: dict[UUID, HistoryMessage] = {}
    for start in range(0, len(path), MESSAGES_A_QUERY):
        rows = read_messages(path[start : start + MESSAGES_A_QUERY])
        files = _read_files(rows)
        fresh = _count_new(rows, files)
        for pk, role, content, tokens, attempt, meant_for, name, _ in rows:
            # What was continued is no longer one answer as its protocol gave it.
            native = _native(stretch, items.get(pk)) if attempt == 1 else None
            known = fresh[pk] if tokens is None else tokens
            said = with_author(content, name)
            is_post = meant_for != Message.MeantFor.MODEL
            found[pk] = HistoryMessage(
                str(pk), Role(role), said, known, native, is_post
            )
            if pk in files:
                found[pk] = _with_files(found[pk], files[pk], stretch.dialect)
    return [found[pk] for pk in reversed(path) if pk in found]


def _read_files(rows: Iterable[Row]) -> dict[UUID, Files]:
    """Read the files of those messages that have any; no query where none has."""
    with_files = [pk for pk, *_, has_files in rows if has_files]
    return read_files(message_ids=with_files) if with_files else {}


def _with_files(
    message: HistoryMessage, files: Files, dialect: Dialect
) -> HistoryMessage:
    """Add files to a message, whose tokens count them in the form that was counted."""
    sent = as_sent(files=files, dialect=dialect)
    more = sum(one.tokens for one in sent) - sum(one.tokens for one in files)
    return replace(message, files=sent, tokens=max(0, message.tokens + more))


def _read_items(stretch: Stretch) -> dict[UUID, tuple[str, int]]:
    """Read the items of an epoch's replies, and what they take beside the text."""
    if stretch.epoch is None:
        return {}
    taken = Q(items_refused_at=None)
    if stretch.refused_after is not None:
        taken |= Q(items_refused_at__gt=stretch.refused_after)
    rows = Generation.objects.filter(
        taken, epoch=stretch.epoch, attempt=1, state=State.COMPLETE
    ).exclude(items="")
    found = rows.values_list("message", "items", "items_tokens")
    return {pk: (items, tokens) for pk, items, tokens in found}


def _native(stretch: Stretch, kept: tuple[str, int] | None) -> Native | None:
    if kept is None:
        return None
    items, tokens = kept
    return Native(str(stretch.epoch), tuple(json.loads(items)), tokens)


def _count_new(rows: Iterable[Row], files: dict[UUID, Files]) -> dict[UUID, int]:
    """Count the messages nobody has counted, and store that; return their tokens."""
    fresh = {
        pk: count(with_author(content, name))
        + sum(one.tokens for one in files.get(pk, ()))
        for pk, _, content, tokens, *_, name, _ in rows
        if tokens is None
    }
    if fresh:
        store_tokens(fresh)
    return fresh


def _group(messages: list[HistoryMessage]) -> list[Turn]:
    """Put messages, oldest first, into turns: a reply ends its turn."""
    turns: list[Turn] = []
    asking: list[HistoryMessage] = []
    for message in messages:
        if message.role is Role.ASSISTANT:
            turns.append(Turn(tuple(asking), message))
            asking = []
        else:
            asking.append(message)
    if asking:
        turns.append(Turn(tuple(asking)))
    return turns


def _without_withdrawn(turns: list[Turn]) -> list[Turn]:
    """Leave out what the model was never asked: what was withdrawn, or too large.

    What had been posted before that is shown with the next question.
    """
    empty = [
        UUID(turn.reply.id) for turn in turns if turn.reply and not turn.reply.content
    ]
    gone = {str(pk) for pk in find_never_asked(empty=empty)}
    kept: list[Turn] = []
    posts: tuple[HistoryMessage, ...] = ()
    for turn in turns:
        messages = (*posts, *turn.messages)
        if turn.reply and turn.reply.id in gone:
            posts = tuple(one for one in messages if one.is_post)
            continue
        kept.append(replace(turn, messages=messages) if posts else turn)
        posts = ()
    return kept


def _size(turn: Turn) -> int:
    reply = turn.reply.tokens if turn.reply else 0
    return reply + sum(message.tokens for message in turn.messages)


def _partial(reply: Message, generation: Generation) -> HistoryMessage | None:
    text = reply.content[: generation.start]
    if not text:
        return None
    return HistoryMessage(str(reply.pk), Role.ASSISTANT, text, count(text))
