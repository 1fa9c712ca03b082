"""One generation, from the queue to its end. The row is the job."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations import limits
from conversations.live.buffer import Buffer
from conversations.live.hub import get_hub
from conversations.models import Conversation, Generation
from conversations.services.changes import mark_changed, waiting_messages
from conversations.services.endings import Ending, of_reader
from conversations.services.finishing import finish, with_usage
from conversations.services.queue import has_place, is_busy, start_following
from conversations.services.requests import Plan, get_gateways, plan_request
from conversations.wire import Finished, FinishReason, Outcome, State, TextDelta

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.live.threads import DatabaseThreads
    from conversations.services.requests import Job

logger = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 1.0

P = ParamSpec("P")
R = TypeVar("R")


async def run(generation_id: int) -> None:
    """Carry a generation to exactly one end state, whatever happens on the way."""
    hub = get_hub()
    plan = await _insist(hub.readers, claim, generation_id)
    if plan is None:
        return
    ending = await _write(plan.job) if plan.job else plan.refusal
    assert ending is not None
    ending = await _insist(hub.readers, with_usage, generation_id, ending)
    await _insist(hub.journal, finish, generation_id, ending)
    await _insist(hub.readers, start_following)


def claim(generation_id: int) -> Plan | None:
    """Move a generation from queued to running and plan its request.

    Returns None where somebody else was faster or it must wait longer.
    """
    generation = (
        Generation.objects.select_related(
            "message__parent", "conversation__prompt", "conversation__model__gateway"
        )
        .filter(pk=generation_id, state=State.QUEUED)
        .first()
    )
    if generation is None or is_busy(generation.conversation_id):
        return None
    plan = _plan(generation)
    try:
        with transaction.atomic():
            won = has_place(generation) and _take(generation, plan)
            return plan if won else None
    except IntegrityError:
        # Another turn of the conversation began to run meanwhile.
        return None


def _plan(generation: Generation) -> Plan:
    """Plan a request; whatever is wrong with it ends this generation, visibly."""
    try:
        return plan_request(generation)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("A request could not be planned.")
        refusal = Ending(State.FAILED, kind="internal")
        return Plan(None, None, refusal=refusal)


def _take(generation: Generation, plan: Plan) -> bool:
    now = timezone.now()
    won = Generation.objects.filter(pk=generation.pk, state=State.QUEUED).update(
        state=State.RUNNING,
        started_at=now,
        lease_until=now + timedelta(seconds=limits.LEASE_SECONDS),
        model=plan.model,
        model_title=plan.model.title[:100] if plan.model else "",
        revision=plan.revision,
        manifest=plan.manifest,
        request_sha256=plan.request_sha256,
    )
    if won:
        moved = _move_context_mark(generation.conversation, plan)
        message = generation.message
        waiting = waiting_messages(generation.conversation_id)
        mark_changed(
            generation.conversation_id,
            [message.parent_id, message.pk, *moved, *waiting],
        )
    return bool(won)


def _move_context_mark(conversation: Conversation, plan: Plan) -> list[UUID | None]:
    """Note where the context begins; return the messages that show it."""
    if plan.context is None:
        return []
    items = plan.context.items
    dropped = sum(item.turns for item in items if item.outcome is Outcome.DROPPED)
    first = plan.context.state.first_message
    new = UUID(first) if first and dropped else None
    old = conversation.context_first
    if (new, dropped) == (old, conversation.context_dropped):
        return []
    Conversation.objects.filter(pk=conversation.pk).update(
        context_first=new, context_dropped=dropped
    )
    return [] if new == old else [old, new]


async def _write(job: Job) -> Ending:
    hub = get_hub()
    buffer = Buffer(job.generation_id, job.message_id, job.attempt, job.text)
    hub.open(job.conversation_id, buffer)
    try:
        reader = await hub.tasks.read(job.generation_id, _read(job, buffer))
        await buffer.settle()
    finally:
        hub.shut(buffer)
    stopped = hub.tasks.was_stopped(job.generation_id)
    ending = of_reader(reader, has_text=buffer.length > 0, stopped=stopped)
    return replace(ending, first_delta_at=buffer.first_delta_at)


async def _read(job: Job, buffer: Buffer) -> Finished:
    append = get_hub().append
    stream = get_gateways().stream(job.route, job.request)
    try:
        async for delta in stream:
            if isinstance(delta, TextDelta):
                append(buffer, delta.text)
            elif isinstance(delta, Finished):
                return delta
    finally:
        await stream.aclose()
    return Finished(FinishReason.CUT)


async def _insist(
    threads: DatabaseThreads,
    function: Callable[P, R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Run an operation; while the database refuses, try again."""
    while True:
        try:
            return await threads.run(function, *args, **kwargs)
        except DatabaseError:
            logger.exception("The database refused; trying again.")
            await asyncio.sleep(TRY_AGAIN_SECONDS)
