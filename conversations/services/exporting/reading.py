"""What an export says of each message, read in small parts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from conversations.models import Attachment, Generation, Message
from conversations.rendering.citations import link_targets, list_sources
from conversations.services.branching.branches import list_path
from conversations.services.notes import note_for
from conversations.services.reading import EVERYTHING
from conversations.services.replies import ASSISTANT, list_citations, read_so_far
from conversations.wire import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import Conversation
    from conversations.rendering.citations import Source

BATCH_MESSAGES = 100
NOBODY = "Somebody who left"
_MEANT_FOR: dict[str, str] = {
    Message.MeantFor.EVERYONE: "posted",
    Message.MeantFor.PEOPLE: "people only",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A message with its attempts, oldest first, and its files.

    `text` is what there is of it, also while it is being written.
    """

    message: Message
    attempts: tuple[Generation, ...]
    files: tuple[Attachment, ...]
    text: str

    @property
    def newest(self) -> Generation | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def author(self) -> str:
        if self.message.role == Message.Role.ASSISTANT:
            return ASSISTANT
        return self.message.author.name if self.message.author else NOBODY

    @property
    def model(self) -> str:
        return self.newest.model_title if self.newest else ""

    @property
    def at(self) -> datetime:
        started = self.newest.started_at if self.newest else None
        return started or self.message.created_at

    @property
    def meant_for(self) -> str:
        return _MEANT_FOR.get(self.message.meant_for, "")

    @property
    def end(self) -> str:
        """Return how it ended where that is not simply complete, in words."""
        if self.newest is None:
            return ""
        if self.newest.state in ACTIVE:
            return "This answer was being written."
        return note_for(self.newest, text=self.text)

    @property
    def sources(self) -> list[Source]:
        cited = list_citations(self.attempts)
        return list_sources(list(chain(*cited)))

    @property
    def targets(self) -> tuple[str, ...]:
        cited = list_citations(self.attempts)
        return link_targets(cited[0]) if len(cited) == 1 else ()


def read_branch(*, leaf: UUID | None) -> Iterator[Exported]:
    """Read the messages of the branch that ends at `leaf`, oldest first."""
    path = list_path(leaf=leaf, limit=EVERYTHING) if leaf else []
    path.reverse()
    for start in range(0, len(path), BATCH_MESSAGES):
        ids = path[start : start + BATCH_MESSAGES]
        found = {one.pk: one for one in _messages().filter(pk__in=ids)}
        yield from _with_all([found[pk] for pk in ids if pk in found])


def read_all(*, conversation: Conversation) -> Iterator[Exported]:
    """Read the messages of every branch, in the order they were written."""
    rows = _messages().filter(conversation=conversation).order_by("seq")
    seen = -1
    while batch := list(rows.filter(seq__gt=seen)[:BATCH_MESSAGES]):
        yield from _with_all(batch)
        seen = batch[-1].seq


def read_one(*, message: Message) -> Exported:
    """Read one message."""
    return next(_with_all([message]))


def _messages() -> QuerySet[Message]:
    return Message.objects.select_related("author")


def _with_all(messages: Sequence[Message]) -> Iterator[Exported]:
    ids = [message.pk for message in messages]
    attempts: dict[UUID, list[Generation]] = {}
    for row in _attempts().filter(message__in=ids).order_by("attempt"):
        attempts.setdefault(row.message_id, []).append(row)
    files: dict[UUID | None, list[Attachment]] = {}
    for file in Attachment.objects.filter(message__in=ids):
        files.setdefault(file.message_id, []).append(file)
    for message in messages:
        its_own = attempts.get(message.pk, [])
        text = _text(message, its_own)
        yield Exported(message, tuple(its_own), tuple(files.get(message.pk, ())), text)


def _attempts() -> QuerySet[Generation]:
    rows = Generation.objects.select_related(
        "revision__prompt", "asked_by", "stopped_by", "usage", "model"
    )
    return rows.defer("manifest", "items")


def _text(message: Message, attempts: Sequence[Generation]) -> str:
    if attempts and attempts[-1].state in ACTIVE:
        return read_so_far(attempts[-1])[0]
    return message.content
