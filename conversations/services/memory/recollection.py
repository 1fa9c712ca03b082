"""What is remembered of a branch as people see it, and what of it the model does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from django.db.models.functions import Left

from conversations.context.authors import with_author
from conversations.context.memory import Note, plain, read_memory
from conversations.models import Message
from conversations.rendering.markers import Beginning
from conversations.rendering.recollections import (
    KnownFact,
    PinnedMessage,
    Said,
    Version,
)
from conversations.services.branching.branches import find_on_branch, list_path
from conversations.services.branching.viewing import find_end_in_view
from conversations.services.errors import RefusedError
from conversations.services.markers import (
    REACH_MESSAGES,
    list_versions,
    name_price,
    name_writer,
    read_sight,
)
from conversations.services.memory.facts import list_facts
from conversations.services.memory.policy import find_summary_model, get_policy
from conversations.services.meter.metering import meter_message
from conversations.services.replies import ASSISTANT
from conversations.text import shorten
from conversations.wire import Outcome, Role

if TYPE_CHECKING:
    from uuid import UUID

    from conversations.context.manifest import Line
    from conversations.models import Conversation, Fact, Summary, User
    from conversations.services.markers import Sight

# Of a message that is only named, so much is read, and so much shown.
READ_LETTERS = 400
SHOWN_LETTERS = 90


@dataclass(frozen=True)
class Recollection:
    """All that is remembered of a branch, and what its newest request was shown of it.

    `versions` of the summary are newest first; `until` is the reply that a new one
    would go up to. `gone` is what the model sees although it is remembered no more.
    `is_asked` says that the next message takes all as it is now, `has_writer` that a
    model writes summaries.
    """

    sight: Sight | None
    begins: Said | None
    is_on: bool
    is_asked: bool
    has_writer: bool
    versions: list[Version] = field(default_factory=list)
    other_seen: Version | None = None
    until: UUID | None = None
    facts: list[KnownFact] = field(default_factory=list)
    pins: list[PinnedMessage] = field(default_factory=list)
    gone: list[Note] = field(default_factory=list)

    @property
    def turns(self) -> int:
        """How many turns the model does not see in full."""
        return self.sight.turns if self.sight else 0

    @property
    def beginning(self) -> Beginning | None:
        """What became of the turns before what the model sees."""
        if self.sight is None:
            return None
        return Beginning(self.sight.turns, self.sight.summarised)

    @property
    def summary(self) -> Version | None:
        return self.versions[0] if self.versions else None

    @cached_property
    def has_news(self) -> bool:
        """Whether the model sees anything else than what is remembered."""
        if self.sight is None:
            return False
        parts: list[KnownFact | PinnedMessage] = [*self.facts, *self.pins]
        has_new = any(part.is_new for part in parts)
        return has_new or bool(self.gone) or self._has_summary_news

    @property
    def _has_summary_news(self) -> bool:
        is_sent = self.sight is not None and self.sight.summary_id is not None
        if not self.is_on:
            return is_sent
        return bool(self.turns and self.summary and not self.summary.is_seen)


class _Reader:
    """Reads the rows of one conversation, for one person's branch."""

    def __init__(
        self, conversation: Conversation, user: User, after: UUID | None
    ) -> None:
        self.conversation = conversation
        leaf = find_end_in_view(conversation=conversation, user=user, after=after)
        newest = list_path(leaf=leaf, limit=REACH_MESSAGES) if leaf else []
        self.sight = read_sight(newest=newest)
        self.notes = Counter(read_memory(self.sight.memory) if self.sight else ())
        self.versions = (
            list_versions(conversation=conversation, leaf=leaf) if leaf else []
        )
        self.facts = list_facts(conversation=conversation)
        pins = conversation.messages.filter(pinned_at__isnull=False)
        self.pins = list(pins.only("content", "role", "sent_as").order_by("seq"))
        self.first = self.sight.first if self.sight else None
        self.here = self._find_here(leaf)
        self.said = self._read_said()

    def _find_here(self, leaf: UUID | None) -> list[UUID]:
        wanted = self._wanted()
        return find_on_branch(leaf=leaf, wanted=wanted) if leaf and wanted else []

    def _wanted(self) -> set[UUID]:
        sources = {fact.source_id for fact in self.facts if fact.source_id}
        pins = {message.pk for message in self.pins}
        return sources | pins | ({self.first} if self.first else set())

    def _read_said(self) -> dict[UUID, Said]:
        wanted = self._wanted()
        rows = Message.objects.filter(pk__in=wanted).select_related("author")
        rows = rows.annotate(head=Left("content", READ_LETTERS)).defer("content")
        return {row.pk: self._said(row) for row in rows}

    def _said(self, row: Message) -> Said:
        author = row.author.name if row.author else "somebody who left"
        return Said(
            id=row.pk,
            seq=row.seq,
            words=shorten(getattr(row, "head", ""), SHOWN_LETTERS),
            author=author if row.role == Role.USER else ASSISTANT,
            is_here=row.pk in self.here,
        )

    def version(self, row: Summary) -> Version:
        is_seen = self.sight is not None and row.pk == self.sight.summary_id
        by, cost = name_writer(row), name_price(row)
        return Version(row.pk, row.text, by, row.created_at, cost, is_seen)

    def other_seen(self) -> Summary | None:
        """Return the summary that the model sees, where it is another one."""
        seen = self.sight.summary_id if self.sight else None
        if seen is None or seen in [row.pk for row in self.versions]:
            return None
        rows = self.conversation.summaries.select_related("author", "usage")
        return rows.get(pk=seen)

    def begins(self) -> Said | None:
        """Return the first message that the model sees, where some are before it."""
        if self.sight is None or not self.sight.turns or self.first is None:
            return None
        return self.said.get(self.first)

    def until(self) -> UUID | None:
        """Return the reply that the summary goes up to, or a new one would."""
        if self.versions:
            return self.versions[0].until_id
        if self.first is None or self.begins() is None:
            return None
        rows = Message.objects.filter(pk=self.first)
        return rows.values_list("previous_reply", flat=True).first()

    def known_facts(self) -> list[KnownFact]:
        known = [self.fact(row) for row in self.facts]
        # What is gone may be what one of them said before.
        if any(note.kind == "fact" for note in self.gone()):
            return known
        left = [
            (int(line["first"]), int(line["last"])) for line in self.left_out("facts")
        ]
        return [
            replace(
                one,
                had_no_room=not (one.is_seen or one.is_pinned)
                and any(first <= one.id <= last for first, last in left),
            )
            for one in known
        ]

    def left_out(self, kind: str) -> list[Line]:
        """Return the manifest's lines of what had no room when the context rolled."""
        lines = self.sight.noted if self.sight else []
        dropped = (line for line in lines if line["outcome"] == Outcome.DROPPED)
        return [line for line in dropped if line["kind"] == kind]

    def fact(self, row: Fact) -> KnownFact:
        return KnownFact(
            id=row.pk,
            text=row.text,
            is_pinned=row.pinned,
            by=row.author.name if row.author else "",
            source=self.said.get(row.source_id) if row.source_id else None,
            is_seen=self._take(Note("fact", row.text)),
        )

    def pin(self, row: Message) -> PinnedMessage:
        said = self.said[row.pk]
        begins = self.said.get(self.first) if self.first else None
        among = said.is_here and (begins is None or said.seq >= begins.seq)
        text = with_author(row.content, row.sent_as)
        noted = self._take(Note("pin", text, Role(row.role)))
        among = self.sight is not None and among
        left = [line["first"] for line in self.left_out("pin")]
        return PinnedMessage(said, among, noted, str(row.pk) in left)

    def _take(self, note: Note) -> bool:
        """Tell whether a note is in the memory, each for one of its kind."""
        found = Note(note.kind, plain(note), note.role)
        self.notes[found] -= 1
        return self.notes[found] >= 0

    def gone(self) -> list[Note]:
        """Return the facts and pins of the memory that nobody has taken."""
        left = self.notes.items()
        return [note for note, n in left if n > 0 and note.kind != "summary"]


def refuse_outdated(
    *, conversation: Conversation, user: User, until: UUID, after: UUID | None = None
) -> None:
    """Refuse an edit of a summary beyond which another one goes by now.

    That is on the branch through `after`, or on the one that the person looks at.
    Raises `RefusedError`: what was edited would not be sent any more.
    """
    if _Reader(conversation, user, after).until() != until:
        raise RefusedError(
            "Meanwhile a newer summary has been written, which is shown below. "
            "Please save again what you want in its place."
        )


def price_roll(
    conversation: Conversation, user: User, after: UUID | None = None
) -> Decimal | None:
    """Return what the next message costs more where the context rolls before it.

    US dollars; what a gateway's cache would have served has to be read again. None
    where nobody knows.
    """
    meter = meter_message(conversation=conversation, user=user, content="", after=after)
    if meter is None or meter.cost is None or meter.cold_cost is None:
        return None
    if meter.cold_cost == 0:
        return Decimal(0)
    # What a cache will serve cannot be told from a request that it did not know.
    return max(meter.cold_cost - meter.cost, Decimal(0)) if meter.cached else None


def read_recollection(
    *, conversation: Conversation, user: User, after: UUID | None = None
) -> Recollection:
    """Read what is remembered on the branch through `after`, a page's last message.

    Without it, on the one that the person looks at.
    """
    reader = _Reader(conversation, user, after)
    sight = reader.sight
    other = reader.other_seen()
    return Recollection(
        sight=sight,
        begins=reader.begins(),
        is_on=conversation.summarises,
        is_asked=sight is not None and sight.is_asked_anew(conversation),
        has_writer=find_summary_model(policy=get_policy()) is not None,
        versions=[reader.version(row) for row in reader.versions],
        other_seen=reader.version(other) if other else None,
        until=reader.until(),
        facts=reader.known_facts(),
        pins=[reader.pin(row) for row in reader.pins],
        gone=reader.gone(),
    )
