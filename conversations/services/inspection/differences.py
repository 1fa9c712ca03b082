"""What is different from the request before: the same beginning, or why a new one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from conversations.models import Generation, Message
from conversations.services.inspection.items import items_of
from conversations.services.inspection.said import find_asked, read_said
from conversations.services.inspection.sizes import count_of, size_of
from conversations.services.rebuilding import dialect_of
from conversations.wire import Outcome, RollReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.models import Epoch
    from conversations.services.inspection.items import Row
    from conversations.services.inspection.said import Said

# So far back the request before is looked for.
REACH_MESSAGES = 200
# They end a request and are in no later one.
PASSING = frozenset({"partial", "continue"})
FIRST = "Nothing was sent on this branch before."
UNKNOWN = "How it goes on from the request before is not recorded."
GO_ON = "At its end are the answer so far and a line that asks to go on."
ANOTHER_WAY = (
    "The model is reached at another address or in another protocol, so the context "
    "began anew."
)
REFUSED_ITEMS = (
    "The gateway did not take back what the model had thought in earlier answers, so "
    "they were sent as text."
)
REASONS = {
    RollReason.START: "The context begins here.",
    RollReason.TOO_LONG: "The gateway found it too long, so the oldest turns left.",
    RollReason.PROMPT: "The system prompt has changed, so the context began anew.",
    RollReason.MODEL: "Another model answers, so the context began anew.",
    RollReason.HAND: "Somebody asked for the context to begin anew.",
    RollReason.FILES: (
        "There was no more room for all files, so those of older messages left."
    ),
    RollReason.LAST_TURNS: (
        "Only the last turns are sent: with each new one the oldest leaves."
    ),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """In words: how a request begins, what else has changed, and what is new in it.

    `is_new` says that its context begins with it, with nothing of the one before.
    """

    sentence: str
    is_new: bool = False
    points: tuple[str, ...] = ()
    fresh: tuple[Said, ...] = ()


def compare(
    *, generation: Generation, path: Sequence[UUID], rows: Sequence[Row]
) -> Difference:
    """Return what a request that was sent has in common with the one before it."""
    earlier = _earlier(generation, path)
    before = earlier.first()
    if generation.epoch is None:
        points = _changes(generation, before) if before else ()
        return Difference(UNKNOWN if before else FIRST, points=points)
    same = earlier.filter(epoch=generation.epoch).first()
    if same is not None:
        return _same(generation, same, path, is_previous=same == before)
    if before is None:
        return Difference(FIRST, is_new=True)
    points = (
        *_changes(generation, before),
        *_left(generation.epoch, before.epoch),
        *_remembered(rows),
        *_oddities(generation, path),
    )
    return Difference(_reason(generation, before), is_new=True, points=points)


def _earlier(generation: Generation, path: Sequence[UUID]) -> QuerySet[Generation]:
    """Return what was sent before: above it, to its siblings, and of itself."""
    reply = generation.message
    tries = Message.objects.filter(parent=reply.parent_id, seq__lte=reply.seq)
    ids = [*path[:REACH_MESSAGES], *tries.values_list("pk", flat=True)]
    rows = Generation.objects.filter(message__in=ids)
    rows = rows.exclude(message=reply.pk, attempt__gte=generation.attempt)
    rows = rows.exclude(request_sha256="").order_by("-message__seq", "-attempt")
    related = ("message", "usage", "epoch", "revision__prompt", "model__gateway")
    return rows.select_related(*related).defer("items", "reasoning")


def _same(
    generation: Generation,
    same: Generation,
    path: Sequence[UUID],
    *,
    is_previous: bool,
) -> Difference:
    when = "the request before" if is_previous else "an earlier request"
    asked = find_asked(_since(generation, same, path))
    said = [one for one in asked if not one.is_for_people]
    fresh = read_said(said, dialect_of(generation))
    oddities = _oddities(generation, path)
    words = f"It begins with all of {when}: {_size(same)}."
    if oddities:
        words = f"It goes on from {when}, but not with the same bytes."
    elif same.start:
        words = f"It begins as {when} did, up to the answer so far: {_size(same)}."
    elif not fresh and generation.start == 0:
        words = f"It is {when} once more: {_size(same)}."
    return Difference(words, fresh=fresh, points=(*_go_on(generation), *oddities))


def _go_on(generation: Generation) -> tuple[str, ...]:
    return (GO_ON,) if generation.start else ()


def _size(same: Generation) -> str:
    """Name what two requests share: as the gateway counted it, else as was expected."""
    items = items_of(same)
    passing = sum(item.tokens for item in items if item.kind in PASSING)
    is_counted = count_of(same) is not None and not passing
    return f"{'' if is_counted else 'about '}{size_of(same) - passing:,} tokens"


def _since(
    generation: Generation, same: Generation, path: Sequence[UUID]
) -> list[UUID]:
    """Return the messages that were not in an earlier request, oldest first."""
    asked = same.message.parent_id
    if asked == generation.message.parent_id or asked not in path:
        return []
    return list(reversed(path[: path.index(asked)]))


def _reason(generation: Generation, before: Generation) -> str:
    assert generation.epoch is not None
    reason, size = generation.epoch.reason, generation.epoch.predicted_before
    if reason == RollReason.MODEL and _is_same_model(generation, before):
        return ANOTHER_WAY
    if reason != RollReason.FULL:
        return REASONS[RollReason(reason)]
    budget = (generation.manifest or {}).get("budget", 0)
    would = f": it would have taken {size:,} of {budget:,} tokens" if size else ""
    return f"The context was full{would}. So the oldest turns left."


def _changes(generation: Generation, before: Generation) -> tuple[str, ...]:
    """Name what admins or people chose otherwise than for the request before."""
    points = []
    if generation.revision != before.revision:
        now, then = _prompt(generation), _prompt(before)
        points.append(f"System prompt: {now}; before it {then}.")
    if not _is_same_model(generation, before):
        points.append(
            f"Model: {generation.model_title}; before it {before.model_title}."
        )
    return tuple(points)


def _prompt(generation: Generation) -> str:
    return str(generation.revision) if generation.revision else "none"


def _is_same_model(generation: Generation, before: Generation) -> bool:
    return generation.model_title == before.model_title


def _left(epoch: Epoch, before: Epoch | None) -> tuple[str, ...]:
    """Say how many turns left, or came back, since the epoch before."""
    left = epoch.turns_before - (before.turns_before if before else 0)
    if left == 0:
        return ()
    turns = f"{abs(left):,} turn{'' if abs(left) == 1 else 's'}"
    if left < 0:
        return (f"{turns} came back into the context.",)
    whole = epoch.turns_before
    total = f"; {whole:,} in all are no longer sent" if whole != left else ""
    return (f"{turns} left the context{total}.",)


def _remembered(rows: Sequence[Row]) -> tuple[str, ...]:
    """Say what stands for the turns that are not sent."""
    memory = next((row for row in rows if row.kind == "memory"), None)
    parts = memory.parts if memory else ()
    sent = [part.name.lower() for part in parts if part.is_sent]
    if sent:
        kinds = list(dict.fromkeys(sent))
        return (f"Sent in their place, as notes: {', '.join(kinds)}.",)
    has_left = any(row.outcome != Outcome.SENT and row.kind == "turns" for row in rows)
    return ("Nothing is sent in their place.",) if has_left else ()


def _oddities(generation: Generation, path: Sequence[UUID]) -> tuple[str, ...]:
    if generation.started_at is None:
        return ()
    until = generation.ended_at or timezone.now()
    refused = Generation.objects.filter(
        message__in=path[:REACH_MESSAGES],
        items_refused_at__range=(generation.started_at, until),
    )
    return (REFUSED_ITEMS,) if refused.exists() else ()
