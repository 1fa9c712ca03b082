"""Where the context of a branch begins, and where and why it rolled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F

from conversations.models import Generation
from conversations.rendering.figures import name_cost
from conversations.rendering.markers import Beginning, Roll, SummaryCard
from conversations.services.branching.branches import find_on_branch
from conversations.wire import RollReason

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from conversations.context.manifest import Line
    from conversations.models import Conversation, Summary

# The newest request of a branch is among the newest so many of its messages.
REACH_MESSAGES = 100
# The furthest summary of a branch is among the furthest so many of a conversation.
REACH_SUMMARIES = 20
# The simple mode leaves out a turn with each new one: that is no news.
UNMARKED = (RollReason.START, RollReason.LAST_TURNS)
_ROLL_FIELDS = (
    "message",
    "model_title",
    "manifest",
    "epoch__reason",
    "epoch__model_name",
    "epoch__predicted_before",
    "epoch__turns_before",
    "epoch__revision__number",
    "epoch__revision__prompt__name",
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What the newest request of a branch was shown of it.

    `began` is when its epoch did, `first` the first message; `turns` are before it, of
    which `summarised` are in the summary `summary_id`. `memory` stands for them.
    """

    began: datetime
    first: UUID | None
    turns: int
    summarised: int
    summary_id: int | None
    memory: str
    # The manifest's lines of the memory, as JSON.
    noted: list[Line] = field(default_factory=list)

    def is_asked_anew(self, conversation: Conversation) -> bool:
        """Tell whether a person asked for a new epoch since."""
        asked = conversation.roll_asked_at
        return asked is not None and asked > self.began


@dataclass(frozen=True, slots=True)
class Markers:
    """What stands between messages: where the context begins; rolls, by reply."""

    first: UUID | None = None
    beginning: Beginning | None = None
    rolls: dict[UUID, Roll] = field(default_factory=dict)


def read_markers(
    *, conversation: Conversation, newest: Sequence[UUID], wanted: Collection[UUID]
) -> Markers:
    """Read the markers at the messages `wanted`.

    `newest` are ids of the branch in view, newest first, from its end.
    """
    rolls = _read_rolls(wanted)
    sight = read_sight(newest=newest)
    if sight is None or not sight.turns or sight.first not in wanted:
        return Markers(rolls=rolls)
    card = _read_card(conversation, sight, newest[0])
    return Markers(sight.first, Beginning(sight.turns, sight.summarised, card), rolls)


def read_sight(*, newest: Sequence[UUID]) -> Sight | None:
    """Read what the model sees of a branch (ids, newest first); None before it is asked."""
    rows = Generation.objects.filter(
        message__in=newest[:REACH_MESSAGES], epoch__isnull=False
    ).order_by("-message__seq", "-attempt")
    row = rows.values_list(
        "epoch__created_at",
        "epoch__first_message",
        "epoch__turns_before",
        "epoch__turns_summarised",
        "epoch__summary_id",
        "epoch__memory",
        "epoch__noted",
    ).first()
    return Sight(*row) if row else None


def list_versions(*, conversation: Conversation, leaf: UUID) -> list[Summary]:
    """Return the versions of the summary that goes furthest on a branch, newest first."""
    places = conversation.summaries.order_by("-until__seq").distinct()
    untils = list(places.values_list("until", flat=True)[:REACH_SUMMARIES])
    here = find_on_branch(leaf=leaf, wanted=untils) if untils else []
    if not here:
        return []
    versions = conversation.summaries.filter(until=here[0])
    return list(versions.select_related("author", "usage").order_by("-pk"))


def name_writer(summary: Summary) -> str:
    """Say who wrote a version of a summary."""
    if summary.author is not None:
        return summary.author.name
    if summary.is_written:
        return "somebody who left"
    return summary.model_title or "a model"


def name_price(summary: Summary) -> str:
    """Return what a version cost, in words; nothing where a person wrote it."""
    if summary.usage is None:
        return ""
    return name_cost(summary.usage.cost)


def _read_card(
    conversation: Conversation, sight: Sight, leaf: UUID
) -> SummaryCard | None:
    versions = list_versions(conversation=conversation, leaf=leaf)
    is_sent = sight.summary_id is not None
    if not versions or not (is_sent or conversation.summarises):
        return None
    newest = versions[0]
    return SummaryCard(
        text=newest.text,
        by=name_writer(newest),
        cost=name_price(newest),
        has_versions=len(versions) > 1,
        is_newer=newest.pk != sight.summary_id,
        is_sent=is_sent,
        is_asked=sight.is_asked_anew(conversation),
        is_on=conversation.summarises,
    )


def _read_rolls(wanted: Collection[UUID]) -> dict[UUID, Roll]:
    rows = Generation.objects.filter(
        message__in=list(wanted), epoch__message__parent=F("message__parent")
    ).exclude(epoch__reason__in=UNMARKED)
    rows = rows.select_related("epoch__revision__prompt").only(*_ROLL_FIELDS)
    # Of several attempts that rolled the newest stays.
    return {row.message_id: _roll(row) for row in rows.order_by("attempt")}


def _roll(generation: Generation) -> Roll:
    epoch = generation.epoch
    assert epoch is not None
    reason = RollReason(epoch.reason)
    names = {
        RollReason.MODEL: generation.model_title or epoch.model_name,
        RollReason.PROMPT: str(epoch.revision) if epoch.revision else "",
    }
    return Roll(
        reason=reason,
        name=names.get(reason, ""),
        predicted=epoch.predicted_before,
        budget=(generation.manifest or {}).get("budget"),
        turns=epoch.turns_before,
    )
