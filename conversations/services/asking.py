"""Asking a gateway until it answers, or until there is no way left."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from conversations import limits
from conversations.gateways.base import ErrorKind, GatewayError, request_parameters
from conversations.gateways.files import PARTS, sent_parts
from conversations.gateways.retry import Adapt, Asked, Trim, Wait, next_step
from conversations.live.hub import get_hub
from conversations.models import Generation
from conversations.services.attachments.heavy import find_heavy, say_refused_size
from conversations.services.attachments.unseen import find_unseen, say_unseen
from conversations.services.changes import mark_changed
from conversations.services.learning import learn_rejected, learn_window
from conversations.services.planning import plan_again
from conversations.services.requests import get_gateways, with_request
from conversations.wire import (
    Counted,
    Finished,
    FinishReason,
    ReasoningDelta,
    State,
    TextDelta,
    ToolCallDelta,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

    from conversations.live.buffer import Buffer
    from conversations.services.requests import Job
    from conversations.wire import Dialect, Request, Usage

logger = logging.getLogger(__name__)

# Tokens. What one odd answer makes smaller is smaller for everyone.
LEAST_GUESSED_WINDOW = 4_096
LEAST_GUESSED_SHARE = 0.5
# Ends that are none where nothing was said before: the request failed.
_FAILURES = {
    FinishReason.CONTEXT: ErrorKind.CONTEXT_FULL,
    FinishReason.CUT: ErrorKind.UNREACHABLE,
    FinishReason.ERROR: ErrorKind.SERVER,
}


class Asking:
    """One generation's requests, one after the other, into one buffer.

    Before the first delta a failed request may be sent again: later, adapted, or with
    less. After it never, since text would come twice and be paid for twice.
    """

    def __init__(self, job: Job, buffer: Buffer) -> None:
        self._job = job
        self._buffer = buffer
        self._tries = 1
        self._adapted = 0
        # What the gateway has said of the prompt, should the answer never end.
        self.counted: Usage | None = None

    async def run(self) -> Finished:
        """Return the end of the answer. Raises `GatewayError`, scrubbed."""
        while True:
            try:
                finished = await self._listen()
            except GatewayError as error:
                if self._buffer.began or not await self._recover(error):
                    raise
                continue
            failure = self._failure_of(finished)
            if failure is None or not await self._recover(failure):
                return finished

    def _failure_of(self, finished: Finished) -> GatewayError | None:
        kind = _FAILURES.get(finished.reason)
        if kind is None or self._buffer.began:
            return None
        return GatewayError(kind, finished.detail or finished.raw_reason)

    async def _listen(self) -> Finished:
        hub, buffer, job = get_hub(), self._buffer, self._job
        stream = get_gateways().stream(job.route, job.request, job.body)
        tools: list[str] = []
        try:
            async for delta in stream:
                if isinstance(delta, TextDelta):
                    hub.append(buffer, delta.text)
                elif isinstance(delta, ReasoningDelta):
                    hub.think(buffer, delta.text)
                elif isinstance(delta, ToolCallDelta):
                    tools.append(delta.name)
                elif isinstance(delta, Counted):
                    self.counted = _by_lifetime(delta.usage, job.request.dialect.cache)
                else:
                    finished = _with_lifetime(delta, self._job.request.dialect.cache)
                    return _with_tools(finished, tools)
        finally:
            await stream.aclose()
        return Finished(FinishReason.CUT)

    async def _recover(self, failure: GatewayError) -> bool:
        """Prepare another request; return False where there is no way left."""
        self.counted = None
        asked = Asked(
            preset=self._job.route.preset,
            protocol=self._job.route.protocol,
            sent=request_parameters(self._job.route.protocol, self._job.request),
            predicted_share=self._job.share,
            tries=self._tries,
            adapted=self._adapted,
            trimmed=self._job.trimmed,
        )
        step = next_step(failure, asked, random.random)
        match step:
            case Wait(seconds):
                await self._wait(seconds, failure)
            case Adapt(parameter):
                return await self._leave_out(parameter, failure)
            case Trim():
                return await self._trim(failure)
            case _:
                self._explain_size(failure)
                return await self._send_plain(failure)
        return True

    async def _wait(self, seconds: float, failure: GatewayError) -> None:
        """Wait before the next try, visibly; Stop ends it as it ends an answer."""
        note = get_hub().journal.insist
        self._tries += 1
        await note(_note_waiting, self._job, self._tries, seconds, failure.kind)
        await asyncio.sleep(seconds)
        await note(_note_asking, self._job)

    async def _leave_out(self, parameter: str, failure: GatewayError) -> bool:
        """Ask without a parameter, or a kind of parts, unless that is what was asked of."""
        self._adapted += 1
        request = self._job.request
        is_part = parameter in PARTS.values()
        if is_part or not failure.refuses_value:
            # Another value may be taken.
            await self._learn(learn_rejected, parameter=parameter)
        without = request.dialect.without | {parameter}
        dialect = replace(request.dialect, without=without)
        if is_part and self._hides_the_question(dialect, failure):
            return False
        await self._send(replace(request, dialect=dialect))
        return True

    def _hides_the_question(self, dialect: Dialect, failure: GatewayError) -> bool:
        """Say in plain words what a model cannot read of the message to be answered."""
        job = self._job
        messages, question = job.request.messages, job.question
        files = find_unseen(messages=messages, question=question, dialect=dialect)
        if files:
            failure.kind = ErrorKind.UNREADABLE
            failure.detail = say_unseen(model=job.model_title, files=files)
        return bool(files)

    async def _learn(self, learn: Callable[..., None], **fact: object) -> None:
        """Remember a fact of this model at this endpoint; never fails."""
        job = self._job
        place = {"endpoint_id": job.endpoint_id, "model_name": job.request.model}
        try:
            await get_hub().readers.run(learn, **place, **fact)
        except DatabaseError:
            logger.exception("What a gateway has taught could not be kept.")

    async def _send_plain(self, failure: GatewayError) -> bool:
        """Send earlier replies as text where their own items may be what is wrong."""
        request = self._job.request
        has_items = any(message.items for message in request.messages)
        if failure.kind is not ErrorKind.BAD_REQUEST or not has_items:
            return False
        messages = tuple(replace(message, items=()) for message in request.messages)
        await self._send(replace(request, messages=messages))
        # They would be refused with each turn to come.
        ids = [message.id for message in request.messages if message.items]
        await get_hub().readers.insist(_forget_items, ids)
        return True

    async def _send(self, request: Request) -> None:
        hub = get_hub()
        self._job = await hub.readers.run(with_request, self._job, request)
        await hub.journal.insist(_note_request, self._job)

    async def _trim(self, failure: GatewayError) -> bool:
        """Plan anew with less of the history, and remember what is too long here."""
        job = self._job
        if failure.by_size and sent_parts(job.request):
            return await self._spare_files(failure)
        window = failure.window or failure.tokens or job.tokens
        if window < job.window and (failure.window or _may_be_full(job)):
            await self._learn(learn_window, window=window)
        told = (failure.tokens, failure.window)
        return await self._plan_again(*told)

    async def _spare_files(self, failure: GatewayError) -> bool:
        """Ask once more with the files of older messages only named."""
        is_smaller = await self._plan_again(by_size=True)
        if not is_smaller:
            self._explain_size(failure)
        return is_smaller

    def _explain_size(self, failure: GatewayError) -> None:
        """Say in plain words whose bytes are too many for a gateway."""
        job = self._job
        files = find_heavy(messages=job.request.messages, question=job.question)
        if failure.by_size and files:
            failure.kind = ErrorKind.UNREADABLE
            failure.detail = say_refused_size(model=job.model_title, files=files)

    async def _plan_again(self, *told: int | None, by_size: bool = False) -> bool:
        readers, pk = get_hub().readers, self._job.generation_id
        again = await readers.insist(plan_again, pk, *told, by_size=by_size)
        self._job = again or self._job
        return again is not None


def _may_be_full(job: Job) -> bool:
    """Tell whether a request may have been too long although nobody says so.

    A short one says nothing: it fits anywhere.
    """
    is_long = job.tokens >= LEAST_GUESSED_WINDOW
    return is_long and (job.is_assumed or job.share >= LEAST_GUESSED_SHARE)


def _with_lifetime(finished: Finished, lifetime: str) -> Finished:
    usage = finished.usage
    return replace(finished, usage=usage and _by_lifetime(usage, lifetime))


def _by_lifetime(usage: Usage, lifetime: str) -> Usage:
    """Count what was written to the cache by the lifetime that was asked for.

    Not every gateway says which; an hour costs more than minutes.
    """
    if lifetime != "1h" or usage.cache_write_1h_tokens is not None:
        return usage
    written = usage.cache_write_tokens
    return replace(usage, cache_write_tokens=None, cache_write_1h_tokens=written)


def _with_tools(finished: Finished, tools: list[str]) -> Finished:
    """Say which tools were asked for; no name is there where none was named."""
    if finished.reason is not FinishReason.TOOL_CALLS or finished.detail:
        return finished
    named = ", ".join(dict.fromkeys(name for name in tools if name))
    return replace(finished, detail=named[: limits.ERROR_CHARACTERS])


def _note_waiting(job: Job, tries: int, seconds: float, kind: ErrorKind) -> None:
    until = timezone.now() + timedelta(seconds=seconds)
    _note(job, tries=tries, retry_at=until, error_kind=kind.value)


def _note_asking(job: Job) -> None:
    _note(job, retry_at=None, error_kind="")


def _note_request(job: Job) -> None:
    columns = {"request_sha256": job.request_sha256, "effort": job.effort}
    row = _running(job).only("manifest").first()
    if row is not None:
        manifest = (row.manifest or {}) | {"request": job.described}
        _running(job).update(manifest=manifest, **columns)


def _forget_items(ids: list[str]) -> None:
    rows = Generation.objects.filter(message__in=map(UUID, ids))
    rows.update(items_refused_at=timezone.now())


def _note(job: Job, **columns: object) -> None:
    """Change the running row, and show it; whoever ended it has won."""
    with transaction.atomic():
        if _running(job).update(**columns):
            mark_changed(job.conversation_id, [job.message_id])


def _running(job: Job) -> QuerySet[Generation]:
    return Generation.objects.filter(pk=job.generation_id, state=State.RUNNING)
