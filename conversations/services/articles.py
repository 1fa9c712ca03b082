"""From rows to articles: what a message looks like now, the same for everyone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import F, Q
from django.utils.safestring import SafeString

from conversations.models import Generation, Message
from conversations.rendering.articles import Article
from conversations.services.attachments.showing import mark_attached, show_attached
from conversations.services.audience import is_shared
from conversations.services.branching.siblings import read_siblings
from conversations.services.markers import Markers, read_markers
from conversations.services.queue import (
    has_place,
    has_used_up_own,
    is_busy,
    is_held,
    waits_above,
)
from conversations.services.replies import show_reply
from conversations.wire import ACTIVE, State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from django.db.models import QuerySet

    from conversations.models import Conversation
    from conversations.rendering.articles import Siblings

NOTHING = SafeString("")
POSTED: dict[str, str] = {
    Message.MeantFor.EVERYONE: "posted",
    Message.MeantFor.PEOPLE: "people only",
}


@dataclass(frozen=True, slots=True)
class _Branch:
    """What an article must know of its neighbours."""

    conversation: Conversation
    generations: dict[UUID, Generation]
    # Attempts before the newest, oldest first.
    earlier: dict[UUID, list[Generation]]
    # Questions whose reply waits, oldest last.
    waiting: tuple[UUID, ...]
    held: bool
    # What the first of them waits for.
    reason: str
    siblings: dict[UUID, Siblings]
    markers: Markers


def read_articles(
    *,
    conversation: Conversation,
    path: Sequence[UUID],
    only: Collection[UUID] | None = None,
    newest: Sequence[UUID] | None = None,
) -> list[Article]:
    """Read messages of a branch (ids, newest first) as articles, oldest first.

    With `only`, the articles of those messages alone. Where `path` does not begin at
    the end of the branch, or is short, `newest` are the ids that do: what waits there
    waits in line.
    """
    wanted = [pk for pk in path if only is None or pk in only]
    if not wanted:
        return []
    # In this order: what has ended when it is read is folded when its text is read.
    markers = read_markers(
        conversation=conversation, newest=newest or path, wanted=wanted
    )
    branch = _look_around(conversation, newest or path, wanted, markers)
    rows = Message.objects.filter(pk__in=wanted).select_related("author")
    rows = mark_attached(rows.annotate(asked_by=F("parent__author")))
    found = {message.pk: message for message in rows}
    files = show_attached(found.values())
    return [
        replace(_article(branch, found[pk]), attachments=files.get(pk, ()))
        for pk in reversed(wanted)
        if pk in found
    ]


def _look_around(
    conversation: Conversation,
    path: Sequence[UUID],
    wanted: list[UUID],
    markers: Markers,
) -> _Branch:
    rows = _attempts().filter(
        Q(message__in=wanted) | Q(conversation=conversation, state=State.QUEUED),
        attempt=F("message__attempt"),
    )
    generations = {row.message_id: row for row in rows}
    waiting = [pk for pk in path if pk in generations and _waits(generations[pk])]
    first = generations[waiting[-1]] if waiting else None
    held = first is not None and is_held(first)
    return _Branch(
        conversation,
        generations,
        _earlier(generations),
        _questions_of(waiting, path),
        held,
        _reason(conversation, first, held=held) if first else "",
        read_siblings(conversation=conversation, message_ids=wanted),
        markers,
    )


def _questions_of(waiting: list[UUID], path: Sequence[UUID]) -> tuple[UUID, ...]:
    return tuple(
        question for reply, question in itertools.pairwise(path) if reply in waiting
    )


def _reason(conversation: Conversation, first: Generation, *, held: bool) -> str:
    if held:
        shared = is_shared(conversation=conversation)
        return "waits for somebody to ask now" if shared else "waits for you"
    if is_busy(first.conversation_id):
        here = waits_above(first)
        return "queued" if here else "waits for an answer on another branch"
    if has_place(first):
        return "queued"
    # Read by everyone here, so that it names the person.
    whose = f"{first.asked_by.name}’s " if first.asked_by else ""
    return f"waits for {whose if has_used_up_own(first) else ''}other answers to end"


def _attempts() -> QuerySet[Generation]:
    rows = Generation.objects.select_related(
        "revision__prompt", "stopped_by", "usage", "model__gateway"
    )
    return rows.defer("manifest", "items")


def _earlier(newest: dict[UUID, Generation]) -> dict[UUID, list[Generation]]:
    continued = [pk for pk, generation in newest.items() if generation.attempt > 1]
    earlier: dict[UUID, list[Generation]] = {}
    if continued:
        rows = _attempts().filter(message__in=continued)
        for row in rows.exclude(attempt=F("message__attempt")).order_by("attempt"):
            earlier.setdefault(row.message_id, []).append(row)
    return earlier


def _waits(generation: Generation) -> bool:
    return generation.state == State.QUEUED and generation.attempt == 1


def _article(branch: _Branch, message: Message) -> Article:
    generation = branch.generations.get(message.pk)
    article = (
        _question(branch, message)
        if generation is None
        else show_reply(message, generation, branch.earlier.get(message.pk, []))
    )
    article = replace(
        article,
        siblings=branch.siblings.get(message.pk),
        belongs_to=_belongs_to(message),
        can_fork=article.state not in ACTIVE,
    )
    return _with_marks(branch.markers, message, article)


def _belongs_to(message: Message) -> int | None:
    """Return who wrote a message, or asked what it answers."""
    if message.role == Message.Role.USER:
        return message.author_id
    asked_by: int | None = getattr(message, "asked_by", None)
    return asked_by


def _with_marks(markers: Markers, message: Message, article: Article) -> Article:
    return replace(
        article,
        begins=markers.beginning if message.pk == markers.first else None,
        roll=markers.rolls.get(message.pk),
        is_pinned=message.pinned_at is not None,
        can_pin=article.state not in ACTIVE
        and bool(message.content.strip())
        and not message.is_for_people,
    )


def _question(branch: _Branch, message: Message) -> Article:
    waits = message.pk in branch.waiting
    next_up = waits and message.pk == branch.waiting[-1]
    author = message.author
    return Article(
        id=message.pk,
        conversation_id=message.conversation_id,
        parent_id=message.parent_id,
        role=message.role,
        state=State.QUEUED if waits else State.COMPLETE,
        attempt=0,
        created_at=message.created_at,
        author=author.name if author else "Somebody who left",
        initials=author.initials if author else "–",
        face=author.face if author else 0,
        author_id=message.author_id,
        handle=author.handle if author else "",
        closed_html=NOTHING,
        tail=message.content,
        offset=len(message.content),
        closed=0,
        meant_for=POSTED.get(message.meant_for, ""),
        note=(branch.reason if next_up else "queued") if waits else "",
        can_edit=author is not None,
        can_withdraw=waits,
        can_start=branch.held and next_up,
    )
