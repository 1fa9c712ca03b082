"""Summaries and facts, made in the background before and after a roll."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from conversations.context.digest import ask_facts, ask_summary, read_facts
from conversations.gateways.base import GatewayError
from conversations.live.hub import get_hub
from conversations.models import Generation, UsageRecord
from conversations.services.errors import RefusedError
from conversations.services.memory import rests
from conversations.services.memory.facts import save_found_facts
from conversations.services.memory.leaving import find_unread, find_unsummarised
from conversations.services.memory.policy import get_policy
from conversations.services.memory.summaries import save_summary
from conversations.services.memory.writers import find_writer
from conversations.wire import FinishReason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from conversations.services.calls import Reply
    from conversations.services.memory.writers import Writer
    from conversations.wire import RequestMessage

logger = logging.getLogger(__name__)

USEFUL = frozenset({FinishReason.STOP, FinishReason.LENGTH})

_busy: set[UUID] = set()
# The newest answer of a conversation that ended while an earlier one was looked at.
_next: dict[UUID, _Work] = {}


class UselessError(Exception):
    """A model answered, but with nothing that could be kept."""


@dataclass(frozen=True, slots=True)
class _Work:
    """An answer after which to look, and who is to write."""

    generation: Generation
    writer: Writer
    extracts_facts: bool

    @property
    def conversation_id(self) -> UUID:
        return self.generation.conversation_id

    @property
    def budget(self) -> int | None:
        """What a request of the conversation may have, in tokens."""
        return (self.generation.manifest or {}).get("budget")

    async def ask(
        self, messages: Sequence[RequestMessage], purpose: UsageRecord.Purpose
    ) -> Reply:
        """Ask on the account of whoever asked for the answer."""
        return await self.writer.ask(messages, self.generation.asked_by, purpose)


async def prepare(generation_id: int) -> None:
    """Summarise what is about to leave the context, and find facts in what has left.

    To be called after an answer. Whatever fails is logged, and tried again after a
    later one; it raises nothing.
    """
    try:
        work = await get_hub().readers.run(_find_work, generation_id)
    except Exception as error:  # noqa: BLE001 - nobody waits for it
        _log(error)
        return
    if work is None:
        return
    _next[work.conversation_id] = work
    if work.conversation_id not in _busy:
        await _prepare_all(work.conversation_id)


async def _prepare_all(conversation_id: UUID) -> None:
    """Look at one answer at a time, as long as newer ones have come meanwhile."""
    _busy.add(conversation_id)
    try:
        while (work := _next.pop(conversation_id, None)) is not None:
            for step in (_summarise, _look_for_facts):
                await _try(step, work)
    finally:
        _busy.discard(conversation_id)
        _next.pop(conversation_id, None)


async def _try(step: Callable[[_Work], Awaitable[None]], work: _Work) -> None:
    """Do one step, unless it failed so often that it rests; the other is done anyway."""
    key = f"{work.conversation_id} {work.writer.model.pk} {step.__name__}"
    if rests.is_resting(key):
        return
    try:
        await step(work)
    except Exception as error:  # noqa: BLE001 - nobody waits for it
        if isinstance(error, GatewayError | UselessError):
            rests.note_failure(key)
        _log(error)
    else:
        rests.forget(key)


def _find_work(generation_id: int) -> _Work | None:
    policy = get_policy()
    writer = find_writer(policy=policy)
    rows = Generation.objects.select_related("conversation", "asked_by", "epoch")
    rows = rows.filter(
        pk=generation_id, epoch__isnull=False, conversation__deleted_at=None
    )
    generation = rows.defer("items", "reasoning").first()
    if writer is None or generation is None:
        return None
    return _Work(generation, writer, policy.extracts_facts)


async def _summarise(work: _Work) -> None:
    run, writer = get_hub().readers.run, work.writer
    base, pieces = await run(
        find_unsummarised, generation=work.generation, room=writer.room
    )
    for piece in pieces:
        request = ask_summary(piece, base.text if base else "", work.budget)
        reply = await work.ask(request, UsageRecord.Purpose.SUMMARY)
        base = await run(
            save_summary,
            conversation_id=work.conversation_id,
            until=UUID(piece.until),
            text=_read_text(reply),
            model=writer.model,
            usage=reply.usage,
            base=base,
        )


async def _look_for_facts(work: _Work) -> None:
    run, epoch = get_hub().readers.run, work.generation.epoch
    if epoch is None or not work.extracts_facts:
        return
    piece, known = await run(find_unread, epoch=epoch, room=work.writer.room)
    if piece is None:
        return
    reply = await work.ask(ask_facts(piece, known), UsageRecord.Purpose.FACTS)
    # Whatever it answered was paid for: it is not asked a second time.
    found = read_facts(reply.text, piece)
    await run(save_found_facts, epoch=epoch, found=found, usage=reply.usage)


def _read_text(reply: Reply) -> str:
    text, reason = reply.text.strip(), reply.finished.reason
    if not text or reason not in USEFUL:
        raise UselessError(f"there was no summary in the answer ({reason})")
    return text


def _log(error: Exception) -> None:
    """Log one line, without a word of what was said."""
    reason = type(error).__name__
    if isinstance(error, GatewayError):
        reason = error.kind.value
    elif isinstance(error, RefusedError | UselessError):
        reason = str(error)
    logger.warning("What is to be remembered could not be prepared: %s", reason)
