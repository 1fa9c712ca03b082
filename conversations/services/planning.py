"""The row of a generation that runs: what it was planned with, and planned again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Generation
from conversations.services.changes import mark_changed, waiting_messages
from conversations.services.epochs import keep_epoch
from conversations.services.requests import plan_request
from conversations.services.spending import reserve
from conversations.wire import Refusal, State

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet

    from conversations.services.requests import Job, Plan


# What planning reads of a generation and its surroundings: to name every column of
# theirs takes as long as to fetch them.
_PLANNED = (
    "attempt",
    "start",
    "state",
    "effort",
    "estimate",
    "sealed",
    "model",
    "revision",
    "asked_by__username",
    "asked_by__first_name",
    "asked_by__last_name",
    "asked_by__is_active",
    "asked_by__monthly_limit",
    "message__content",
    "message__seq",
    "message__parent__seq",
    "conversation__prompt",
    "conversation__model",
    "conversation__effort",
    "conversation__summarises",
    "conversation__roll_asked_at",
)


class TooLateError(Exception):
    """Somebody else took the generation; what was done for it is rolled back."""


def take(generation: Generation, plan: Plan, columns: dict[str, Any]) -> None:
    """Move a queued generation to running with its plan, its cost reserved.

    Inside the caller's transaction, before which `columns_of` gave the columns. Raises
    `TooLateError`, and `OverLimitError` where its cost would be above a limit.
    """
    now = timezone.now()
    rows = Generation.objects.filter(pk=generation.pk)
    won = rows.filter(state=State.QUEUED).update(
        state=State.RUNNING,
        started_at=now,
        lease_until=now + timedelta(seconds=limits.LEASE_SECONDS),
        epoch=_keep_epoch(generation, plan),
        **columns,
    )
    if not won:
        raise TooLateError
    if plan.job is not None:
        # Locked in the order in which the end of an answer locks: the row, the money,
        # the conversation.
        user = generation.asked_by
        reserved = reserve(user=user, amount=plan.highest_cost, at=now)
        if reserved:
            rows.update(reserved=reserved)
    _show(generation, plan, waiting_messages(generation.conversation_id))


def plan_again(
    generation_id: int,
    counted: int | None = None,
    window: int | None = None,
    *,
    by_size: bool = False,
) -> Job | None:
    """Plan a running generation with less of the history; None where that is no use.

    Its gateway has `counted` so many tokens, and said that it reads as many as `window`;
    None where it did not say; `by_size` says that it is its files. The model stays the
    one it was admitted with, whatever was chosen since. Nothing earlier may be left to
    leave out, or it may have ended.
    """
    rows = planned_generations().select_related("model__gateway", "revision")
    generation = rows.filter(pk=generation_id, state=State.RUNNING).first()
    if generation is None:
        return None
    before = generation.estimate or 0
    refused = Refusal(before, generation.sealed, counted, window, by_size)
    plan = plan_request(generation, refused=refused)
    if plan.job is None or plan.context is None or plan.context.tokens >= before:
        return None
    columns = columns_of(plan)
    with transaction.atomic():
        running = Generation.objects.filter(pk=generation_id, state=State.RUNNING)
        if not running.update(trimmed=not by_size, **columns):
            return None
        running.update(epoch=_keep_epoch(generation, plan))
        _show(generation, plan, [])
    return plan.job


def planned_generations() -> QuerySet[Generation]:
    """Return generations with all that planning reads."""
    rows = Generation.objects.select_related(
        "message__parent",
        "conversation__prompt",
        "conversation__model__gateway",
        "asked_by",
    )
    return rows.only(*_PLANNED)


def columns_of(plan: Plan) -> dict[str, Any]:
    """Return what a generation's row keeps of its plan; slow for a long request."""
    job = plan.job
    return {
        "model": plan.model,
        "model_title": plan.model.title[:100] if plan.model else "",
        "revision": plan.revision,
        "manifest": plan.manifest,
        "request_sha256": job.request_sha256 if job else "",
        "protocol": job.route.protocol if job else "",
        "effort": job.effort if job else "",
        "estimate": plan.context.tokens if plan.context else None,
        "sealed": plan.context.sealed if plan.context else 0,
        "predicted": plan.context.predicted if plan.context else None,
        "predicted_cached": plan.cached,
    }


def _keep_epoch(generation: Generation, plan: Plan) -> int | None:
    """Return the epoch a request belongs to; one that is refused belongs to none."""
    if plan.context is None or plan.job is None:
        return None
    return keep_epoch(generation, plan.context)


def _show(generation: Generation, plan: Plan, waiting: list[UUID | None]) -> None:
    moved = _moved_marks(plan)
    message = generation.message
    changed = [message.parent_id, message.pk, *moved, *waiting]
    mark_changed(generation.conversation_id, changed)
    if plan.context is not None and plan.context.is_new:
        _keep_wish(generation)


def _keep_wish(generation: Generation) -> None:
    """Whoever asked for a new epoch while this one was planned gets the next one."""
    known = generation.conversation.roll_asked_at
    meanwhile = Q(roll_asked_at__gt=known) if known else ~Q(roll_asked_at=None)
    rows = Conversation.objects.filter(meanwhile, pk=generation.conversation_id)
    rows.update(roll_asked_at=timezone.now())


def _moved_marks(plan: Plan) -> list[UUID | None]:
    """Return the messages that show where the context began, and where it does now."""
    context, left = plan.context, plan.left_epoch
    if context is None or not context.is_new or plan.job is None:
        return []
    firsts = [context.epoch.first_message, left.first_message if left else ""]
    return [UUID(first) for first in firsts if first]
