"""The end of a generation: one compare-and-set, and whoever loses it is silent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from conversations.context.tokens import count
from conversations.models import Generation, Message, UsageRecord
from conversations.services.changes import mark_changed, waiting_messages
from conversations.services.endings import Ending
from conversations.wire import State, Usage

if TYPE_CHECKING:
    from collections.abc import Collection

    from conversations.models import User

REFUSED = frozenset({State.FAILED, State.CONTEXT_FULL})


def finish(generation_id: int, ending: Ending) -> bool:
    """End a running generation: state, text, usage and version in one transaction.

    Returns False if it had ended already; then nothing was changed.
    """
    with transaction.atomic():
        ended = _set_state(generation_id, State.RUNNING, ending)
        if ended is None:
            return False
        _fold(ended)
        if ending.usage is not None:
            _record_usage(ended, ending.usage)
        _mark(ended)
    return True


def with_usage(generation_id: int, ending: Ending) -> Ending:
    """Add our own count where the gateway reported none; slow for a long text.

    What a gateway refused is not counted: nothing was asked of a model.
    """
    refused = ending.state in REFUSED and ending.first_delta_at is None
    if ending.usage is not None or refused:
        return ending
    generation = Generation.objects.filter(pk=generation_id).first()
    if generation is None:
        # Its conversation was deleted meanwhile.
        return ending
    manifest = generation.manifest or {}
    usage = Usage(
        input_tokens=manifest.get("tokens"),
        output_tokens=count(_new_text(generation)),
        estimated=True,
    )
    return replace(ending, usage=usage)


def withdraw(generation: Generation, user: User) -> bool:
    """Take back a turn that waits; return False if it has begun to run."""
    with transaction.atomic():
        ending = Ending(State.STOPPED)
        ended = _set_state(generation.pk, State.QUEUED, ending)
        if ended is None:
            return False
        Generation.objects.filter(pk=generation.pk).update(stopped_by=user)
        _mark(ended)
    return True


def interrupt_expired(owned: Collection[int]) -> list[int]:
    """End what runs although nobody renews its lease; return what was ended.

    What this process owns is not expired, however late its heart beats.
    """
    expired = Generation.objects.filter(
        state=State.RUNNING, lease_until__lt=timezone.now()
    ).exclude(pk__in=owned)
    return _interrupt(list(expired.values_list("pk", flat=True)))


def interrupt_running() -> list[int]:
    """End everything that runs: the process that ran it is gone."""
    running = Generation.objects.filter(state=State.RUNNING)
    return _interrupt(list(running.values_list("pk", flat=True)))


def _interrupt(generation_ids: list[int]) -> list[int]:
    ending = Ending(State.INTERRUPTED)
    return [pk for pk in generation_ids if finish(pk, with_usage(pk, ending))]


def _set_state(
    generation_id: int, expected: State, ending: Ending
) -> Generation | None:
    won = Generation.objects.filter(pk=generation_id, state=expected).update(
        state=ending.state,
        ended_at=timezone.now(),
        lease_until=None,
        first_delta_at=ending.first_delta_at,
        raw_reason=ending.raw_reason,
        error_kind=ending.kind,
        error_detail=ending.detail,
    )
    if not won:
        return None
    return Generation.objects.select_related("message").get(pk=generation_id)


def _fold(generation: Generation) -> None:
    if text := _new_text(generation):
        Message.objects.filter(pk=generation.message_id).update(
            content=generation.message.content + text, tokens=None
        )
        generation.deltas.all().delete()


def _new_text(generation: Generation) -> str:
    rows = generation.deltas.order_by("offset")
    return "".join(rows.values_list("text", flat=True))


def _record_usage(generation: Generation, usage: Usage) -> None:
    UsageRecord.objects.create(
        generation=generation,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        estimated=usage.estimated,
    )


def _mark(generation: Generation) -> None:
    message = generation.message
    waiting = waiting_messages(generation.conversation_id)
    mark_changed(generation.conversation_id, [message.pk, message.parent_id, *waiting])
