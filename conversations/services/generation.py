"""One generation, from the queue to its end. The row is the job."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction

from conversations.live.buffer import Buffer
from conversations.live.hub import get_hub
from conversations.rendering.markdown import keep_written
from conversations.services.asking import Asking
from conversations.services.endings import Ending, of_reader
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish, with_usage
from conversations.services.memory.preparing import prepare
from conversations.services.planning import (
    TooLateError,
    columns_of,
    planned_generations,
    take,
)
from conversations.services.queue import has_place, is_busy, start_following
from conversations.services.requests import Plan, plan_request
from conversations.services.spending import OverLimitError
from conversations.wire import State

if TYPE_CHECKING:
    from conversations.models import Generation
    from conversations.services.requests import Job

logger = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 1.0

P = ParamSpec("P")
R = TypeVar("R")


async def run(generation_id: int) -> None:
    """Carry a generation to exactly one end state, whatever happens on the way."""
    hub = get_hub()
    plan = await hub.readers.insist(claim, generation_id)
    if plan is None:
        return
    ending = await _write(plan.job) if plan.job else plan.refusal
    assert ending is not None
    ending = await hub.readers.insist(with_usage, generation_id, ending)
    await hub.journal.insist(finish, generation_id, ending)
    await hub.readers.insist(start_following)
    await _prepare(generation_id)


def claim(generation_id: int) -> Plan | None:
    """Move a generation from queued to running and plan its request.

    Returns None where somebody else was faster or it must wait longer.
    """
    queued = planned_generations().filter(pk=generation_id, state=State.QUEUED)
    # Sorted, as first() does it, so many columns cost half as much again.
    generation = next(iter(queued), None)
    if generation is None or is_busy(generation.conversation_id):
        return None
    plan = _plan(generation)
    try:
        return _admit(generation, plan)
    except (IntegrityError, TooLateError, RefusedError):
        # This turn, or another of its conversation, began to run meanwhile; or the
        # conversation was deleted.
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


def _admit(generation: Generation, plan: Plan) -> Plan | None:
    try:
        return _enter(generation, plan)
    except OverLimitError as error:
        refusal = Ending(State.FAILED, kind="over_limit", detail=str(error))
        return _enter(generation, replace(plan, job=None, refusal=refusal))


def _enter(generation: Generation, plan: Plan) -> Plan | None:
    columns = columns_of(plan)
    with transaction.atomic():
        if not has_place(generation):
            return None
        take(generation, plan, columns)
    return plan


async def _prepare(generation_id: int) -> None:
    """Prepare the next roll; only the end of the process cuts it short."""
    done = await get_hub().tasks.follow(generation_id, prepare(generation_id))
    if not done.cancelled() and (error := done.exception()):
        logger.error("What is to be remembered was not prepared.", exc_info=error)


async def _write(job: Job) -> Ending:
    hub = get_hub()
    buffer = Buffer(job.generation_id, job.message_id, job.attempt, job.text)
    hub.open(job.conversation_id, buffer)
    try:
        asking = Asking(job, buffer)
        reader = await hub.tasks.read(job.generation_id, asking.run())
        await buffer.settle()
    finally:
        hub.shut(buffer)
    keep_written(text := buffer.slice(0), buffer.blocks)
    stopped = hub.tasks.was_stopped(job.generation_id)
    ending = of_reader(reader, has_text=buffer.length > 0, stopped=stopped)
    counted = asking.counted if buffer.began or stopped else None
    return replace(
        ending,
        usage=ending.usage or counted,
        first_delta_at=buffer.first_delta_at,
        first_text_at=buffer.first_text_at,
        text=text,
    )
