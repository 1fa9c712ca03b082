"""A conversation as JSON: what was said, how, by whom, and what is remembered of it.

Of a file there is what is known of it, and the text that was read from it; its bytes, and
so pictures, are not in there. Keys and their order are fixed, and nothing says when it
was written: the same conversation is the same bytes. A person is known by a name of the
export's own.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from conversations.models import File, Generation, Message, User
from conversations.services.exporting.reading import read_all, read_branch
from conversations.services.exporting.remembered import find_remembered
from conversations.services.replies import list_citations
from conversations.wire import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from conversations.models import (
        Attachment,
        Conversation,
        Fact,
        Summary,
        UsageRecord,
    )
    from conversations.services.exporting.reading import Exported
    from conversations.services.exporting.remembered import Remembered

    Record = dict[str, object]
    Names = dict[int, str]

FORMAT = "roundtable-conversation"
VERSION = 1


def write_json(
    *, conversation: Conversation, leaf: UUID | None, everything: bool
) -> Iterator[str]:
    """Yield a branch of a conversation, or all of them, as JSON, piece by piece."""
    remembered = find_remembered(
        conversation=conversation, leaf=leaf, everything=everything
    )
    people = _people(conversation, remembered)
    names = {user.pk: f"person-{number}" for number, user in enumerate(people, start=1)}
    head: Record = {
        "format": FORMAT,
        "version": VERSION,
        "branches": "all" if everything else "one",
        "conversation": _conversation(conversation, names),
        "people": [{"id": names[user.pk], "name": user.name} for user in people],
    }
    yield f'{_dump(head)[:-1]},"messages":['
    rows = read_all(conversation=conversation) if everything else read_branch(leaf=leaf)
    yield from _list(_message(said, names) for said in rows)
    yield '],"summaries":['
    yield from _list(_summary(row, names) for row in remembered.read_summaries())
    yield '],"facts":['
    yield from _list(_fact(row, names) for row in remembered.facts)
    yield "]}\n"


def _list(records: Iterator[Record]) -> Iterator[str]:
    """Yield records one a line, as what is between two brackets."""
    before = "\n"
    for record in records:
        yield before + _dump(record)
        before = ",\n"
    yield "\n"


def _people(conversation: Conversation, remembered: Remembered) -> list[User]:
    """Return whoever wrote, asked, stopped or pinned something, and the owner."""
    here = Generation.objects.filter(message__in=conversation.messages.values("pk"))
    ids = {conversation.owner_id, *remembered.list_people()}
    for role in ("author", "pinned_by"):
        said = conversation.messages.order_by()
        ids |= set(said.values_list(role, flat=True).distinct())
    for role in ("asked_by", "stopped_by"):
        ids |= set(here.order_by().values_list(role, flat=True).distinct())
    return list(User.objects.filter(pk__in=ids - {None}).order_by("pk"))


def _conversation(conversation: Conversation, names: Names) -> Record:
    prompt = conversation.prompt
    return {
        "id": str(conversation.pk),
        "title": conversation.title,
        "owner": names[conversation.owner_id],
        "created_at": _time(conversation.created_at),
        "model": conversation.model.title if conversation.model else None,
        "effort": conversation.effort,
        "system_prompt": prompt.name if prompt else None,
        "names_authors": conversation.names_authors,
        "asks_when_named": conversation.asks_when_named,
        "summarises": conversation.summarises,
    }


def _message(said: Exported, names: Names) -> Record:
    message = said.message
    return {
        "id": str(message.pk),
        "parent": str(message.parent_id) if message.parent_id else None,
        "role": message.role,
        "author": names.get(message.author_id or 0),
        "meant_for": message.meant_for if message.role == Message.Role.USER else None,
        "sent_as": message.sent_as,
        "created_at": _time(message.created_at),
        "state": said.newest.state if said.newest else State.COMPLETE,
        "pinned": message.pinned_at is not None,
        "pinned_by": names.get(message.pinned_by_id or 0),
        "pinned_at": _time(message.pinned_at),
        "content": said.text,
        "attempts": [_attempt(attempt, names) for attempt in said.attempts],
        "attachments": [_attachment(file) for file in said.files],
    }


def _attempt(attempt: Generation, names: Names) -> Record:
    cited = list_citations([attempt])
    return {
        "number": attempt.attempt,
        "state": attempt.state,
        "start": attempt.start,
        "model": attempt.model_title,
        "answered_by": attempt.echoed_model,
        "effort": attempt.effort,
        "system_prompt": str(attempt.revision) if attempt.revision else None,
        "asked_by": names.get(attempt.asked_by_id or 0),
        "stopped_by": names.get(attempt.stopped_by_id or 0),
        "started_at": _time(attempt.started_at),
        "first_text_at": _time(attempt.first_text_at),
        "ended_at": _time(attempt.ended_at),
        "raw_reason": attempt.raw_reason,
        "error_kind": attempt.error_kind,
        "error_detail": attempt.error_detail,
        "reasoning": attempt.reasoning,
        "citations": [{"url": one.url, "title": one.title} for one in chain(*cited)],
        "usage": _usage(getattr(attempt, "usage", None)),
    }


def _usage(usage: UsageRecord | None) -> Record | None:
    if usage is None:
        return None
    return {
        "input_tokens": usage.input_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "estimated": usage.estimated,
        "cost": None if usage.cost is None else format(usage.cost, "f"),
        "cost_source": usage.cost_source,
    }


def _attachment(file: Attachment) -> Record:
    return {
        "id": str(file.pk),
        "kind": file.kind,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "width": file.width,
        "height": file.height,
        "pages": file.pages,
        "is_cut": file.is_cut,
        "tokens": file.tokens,
        "text": _read_text(file) if file.text_size else None,
    }


def _read_text(file: Attachment) -> str:
    """Read what a file says: one text at a time is in memory."""
    return File.objects.values_list("text", flat=True).get(pk=file.file_id)


def _summary(row: Summary, names: Names) -> Record:
    return {
        "until": str(row.until_id),
        "author": names.get(row.author_id or 0),
        "model": row.model_title,
        "created_at": _time(row.created_at),
        "text": row.text,
    }


def _fact(row: Fact, names: Names) -> Record:
    return {
        "source": str(row.source_id) if row.source_id else None,
        "author": names.get(row.author_id or 0),
        "created_at": _time(row.created_at),
        "pinned": row.pinned,
        "text": row.text,
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def _dump(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
