"""What is remembered of a branch: its pins, facts and newest summary."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Exists, Max, OuterRef

from conversations import wire
from conversations.context.authors import with_author
from conversations.context.files import with_names
from conversations.context.tokens import count
from conversations.models import (
    Attachment,
    Conversation,
    Epoch,
    Fact,
    Message,
    Summary,
)
from conversations.services.attachments.sending import read_files
from conversations.services.branching.branches import find_on_branch
from conversations.services.changes import mark_changed
from conversations.wire import Memory, Pin, Role

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from conversations.services.attachments.sending import Files

# What pages show of it stands where the context begins, today or a little earlier.
RECENT_EPOCHS = 20


def read_memory(
    *, conversation_id: UUID, leaf: UUID | None, summarises: bool
) -> Memory:
    """Read the pins, facts and the newest summary that belong to a branch.

    Facts of other branches are left out; those without a source belong to all, also
    to one without any message yet. One query where nothing is remembered.
    """
    if not _remembers_anything(conversation_id):
        return Memory()
    facts = list(Fact.objects.filter(conversation=conversation_id))
    untils = _newest_summaries(conversation_id) if summarises else {}
    pins = set(_pinned(conversation_id))
    sources = {fact.source_id for fact in facts if fact.source_id}
    wanted = {*pins, *sources, *untils}
    here = find_on_branch(leaf=leaf, wanted=wanted) if wanted and leaf else []
    places = {None, *here}
    return Memory(
        _read_pins([pk for pk in here if pk in pins]),
        tuple(_fact(fact) for fact in facts if fact.source_id in places),
        _read_summary([untils[pk] for pk in here if pk in untils]),
    )


def find_summary(*, conversation_id: UUID, leaf: UUID) -> wire.Summary | None:
    """Return the newest summary on a branch, None where there is none."""
    untils = _newest_summaries(conversation_id)
    here = find_on_branch(leaf=leaf, wanted=untils) if untils else []
    return _read_summary([untils[pk] for pk in here])


def as_wire(row: Summary) -> wire.Summary:
    """Return a row as the context takes it."""
    return wire.Summary(row.pk, row.text, row.tokens, str(row.until_id))


def mark_memory_changed(conversation_id: UUID, also: Collection[UUID] = ()) -> None:
    """Tell open pages that what is remembered changed; `also` are messages to redraw.

    Inside the caller's transaction, whose row lock it takes. Raises `RefusedError`
    where the conversation has been deleted meanwhile.
    """
    epochs = Epoch.objects.filter(conversation=conversation_id, turns_before__gt=0)
    firsts = epochs.order_by("-pk").values_list("first_message", flat=True)
    mark_changed(conversation_id, {*firsts[:RECENT_EPOCHS], *also})


def _remembers_anything(conversation_id: UUID) -> bool:
    of_it = {"conversation": OuterRef("pk")}
    rows = Conversation.objects.filter(pk=conversation_id).values_list(
        Exists(Fact.objects.filter(**of_it)),
        Exists(Summary.objects.filter(**of_it)),
        Exists(Message.objects.filter(**of_it, pinned_at__isnull=False)),
    )
    return any(rows.first() or ())


def _pinned(conversation_id: UUID) -> list[UUID]:
    rows = Message.objects.filter(conversation=conversation_id, pinned_at__isnull=False)
    seen = rows.exclude(meant_for=Message.MeantFor.PEOPLE)
    return list(seen.values_list("pk", flat=True))


def _newest_summaries(conversation_id: UUID) -> dict[UUID, int]:
    """Return the newest row of each place."""
    rows = Summary.objects.filter(conversation=conversation_id)
    return dict(rows.values_list("until").annotate(newest=Max("pk")))


def _read_pins(ids: Sequence[UUID]) -> tuple[Pin, ...]:
    if not ids:
        return ()
    rows = Message.objects.filter(pk__in=ids).order_by("seq")
    rows = rows.only("role", "content", "tokens", "seq", "sent_as").annotate(
        has_files=Exists(Attachment.objects.filter(message=OuterRef("pk")))
    )
    pins = list(rows)
    with_files = [message.pk for message in pins if message.has_files]
    files = read_files(message_ids=with_files) if with_files else {}
    return tuple(_as_pin(message, files.get(message.pk, ())) for message in pins)


def _as_pin(message: Message, files: Files) -> Pin:
    tokens = count_message(message)
    text = with_author(message.content, message.sent_as)
    role = Role(message.role)
    said = wire.HistoryMessage(str(message.pk), role, text, tokens, files=files)
    return Pin(with_names(said), message.seq)


def count_message(message: Message) -> int:
    """Return a message's tokens; counted and stored where nobody has. May be slow."""
    if message.tokens is None:
        text = count(with_author(message.content, message.sent_as))
        files = read_files(message_ids=[message.pk]).get(message.pk, ())
        message.tokens = text + sum(file.tokens for file in files)
        Message.objects.filter(pk=message.pk).update(tokens=message.tokens)
    return message.tokens


def _fact(fact: Fact) -> wire.Fact:
    source = str(fact.source_id or "")
    return wire.Fact(fact.pk, fact.text, fact.tokens, source, fact.pinned)


def _read_summary(ids: Sequence[int]) -> wire.Summary | None:
    """Read the first of `ids`, which are furthest first."""
    return as_wire(Summary.objects.get(pk=ids[0])) if ids else None
