"""What was said in the turns that a model heard, as the inspector lists it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from conversations.context.files import withhold
from conversations.context.turns import MESSAGE_TOKENS, says_something
from conversations.models import Message
from conversations.services.attachments.sending import as_sent, read_files
from conversations.services.attachments.showing import mark_attached
from conversations.services.branching.withdrawn import find_never_asked
from conversations.services.replies import ASSISTANT
from conversations.text import shorten
from conversations.wire import Dialect, Form, Role
from conversations.wire.files import form_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conversations.models import Generation
    from conversations.services.attachments.sending import Files
    from conversations.wire import AttachedFile

# Of a message, to name it.
READ_LETTERS = 400
SHOWN_LETTERS = 90
NEVER_SENT = "People only: never sent"


@dataclass(frozen=True, slots=True)
class Said:
    """A message: who said it, its first words, and what sending it takes in tokens.

    `note` says as whom the model saw its author, or that it never sees it.
    """

    id: UUID
    role: str
    who: str
    words: str
    tokens: int | None
    note: str = ""
    is_sent: bool = True
    files: tuple[SaidFile, ...] = ()


@dataclass(frozen=True, slots=True)
class SaidFile:
    """A file of a message: what it is, its tokens, and as what it was sent."""

    title: str
    tokens: int
    fate: str


FATES = {
    Form.IMAGE: "",
    Form.FILE: "sent as it is",
    Form.TEXT: "sent as text",
    Form.NOTE: "not shown: only its name was sent",
}


WITHHELD = {
    Form.TEXT: "sent as text: newer files take up the room",
    Form.NOTE: "only its name was sent: newer files take up the room",
}


def read_said(
    messages: Iterable[Message],
    dialect: Dialect | None = None,
    *,
    shown_from: int = 0,
) -> tuple[Said, ...]:
    """Return messages as they are listed; those that say nothing are not sent.

    `dialect` is how their gateway was asked: it says as what files were sent. For those
    of messages before number `shown_from` there was no room.
    """
    said = [one for one in messages if _says_anything(one)]
    with_files = [one.pk for one in said if _has_files(one)]
    files = read_files(message_ids=with_files) if with_files else {}
    asked = dialect or Dialect()
    return tuple(
        _said(one, files.get(one.pk, ()), asked, is_early=one.seq < shown_from)
        for one in said
    )


def find_shown_from(generation: Generation) -> int:
    """Return the number of the first message whose files could go as they are."""
    since = generation.epoch.files_since if generation.epoch else None
    rows = Message.objects.filter(pk=since) if since else Message.objects.none()
    return rows.values_list("seq", flat=True).first() or 0


def find_messages(ids: Sequence[UUID]) -> list[Message]:
    """Return messages in the order of their ids; what is gone is left out."""
    rows = mark_attached(Message.objects.select_related("author"))
    found = rows.in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]


def _has_files(message: Message) -> bool:
    return bool(getattr(message, "has_files", False))


def _says_anything(message: Message) -> bool:
    return says_something(message.content) or _has_files(message)


def find_asked(ids: Sequence[UUID]) -> list[Message]:
    """Return messages, oldest first, without the turns of which a model never heard."""
    turns = _heard(_split(find_messages(ids)))
    return [message for turn in turns for message in turn]


def read_turns(ids: Sequence[UUID]) -> list[list[Message]]:
    """Return the turns of these messages in which something was asked of a model."""
    turns = _heard(_split(find_messages(ids)))
    return [turn for turn in turns if _is_asked(turn)]


def _split(messages: Iterable[Message]) -> list[list[Message]]:
    turns: list[list[Message]] = [[]]
    for message in messages:
        turns[-1].append(message)
        if message.role == Role.ASSISTANT:
            turns.append([])
    return turns


def _heard(turns: list[list[Message]]) -> list[list[Message]]:
    """Leave out turns of which a model never heard; what was posted goes to the next."""
    never = _never_asked(turns)
    heard: list[list[Message]] = []
    posts: list[Message] = []
    for turn in turns:
        if turn and turn[-1].pk in never:
            posts += [one for one in turn if one.is_post]
            continue
        heard.append([*posts, *turn])
        posts = []
    return heard


def _is_asked(turn: list[Message]) -> bool:
    said = [one for one in turn if one.role != Role.ASSISTANT]
    return any(_says_anything(one) for one in said)


def _never_asked(turns: list[list[Message]]) -> set[UUID]:
    empty = [turn[-1].pk for turn in turns if turn and not turn[-1].content]
    return find_never_asked(empty=empty)


def _said(message: Message, files: Files, dialect: Dialect, *, is_early: bool) -> Said:
    sent = as_sent(files=files, dialect=dialect)
    sent = tuple(map(withhold, sent)) if is_early else sent
    more = sum(one.tokens for one in sent) - sum(one.tokens for one in files)
    known = message.tokens
    tokens = None if known is None else max(0, known + more) + MESSAGE_TOKENS
    is_reply = message.role == Role.ASSISTANT
    author = message.author.name if message.author else "Somebody who left"
    who = ASSISTANT if is_reply else author
    words = shorten(message.content[:READ_LETTERS], SHOWN_LETTERS)
    said = Said(message.pk, message.role, who, words, tokens)
    said = replace(said, files=tuple(_said_file(one, dialect) for one in sent))
    if message.is_for_people:
        return replace(said, tokens=None, note=NEVER_SENT, is_sent=False)
    return replace(said, note=f"as {message.sent_as}" if message.sent_as else "")


def _said_file(file: AttachedFile, dialect: Dialect) -> SaidFile:
    fates = WITHHELD if file.is_withheld else FATES
    fate = "" if file.kind == "text" else fates[form_of(file, dialect)]
    return SaidFile(file.title, file.tokens, fate)
