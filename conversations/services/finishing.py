"""The end of a generation: one compare-and-set, and whoever loses it is silent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from conversations.context.tokens import count
from conversations.models import Generation, Message, UsageRecord
from conversations.services.changes import mark_changed, waiting_messages
from conversations.services.endings import Ending
from conversations.services.months import ZERO
from conversations.services.spending import record_usage, settle
from conversations.wire import State, Usage

if TYPE_CHECKING:
    from collections.abc import Collection

    from conversations.models import User
    from conversations.wire import Finished, Json

RAW_REASON_LETTERS = 100
NAME_LETTERS = 200
# The text itself, as the responses and the messages protocol have it.
TEXT_ITEMS = frozenset({"message", "text"})
LETTERS_A_TOKEN = 4
REFUSED = frozenset({State.FAILED, State.CONTEXT_FULL})


def finish(generation_id: int, ending: Ending) -> bool:
    """End a running generation: state, text, usage and version in one transaction.

    Returns False if it had ended already; then nothing was changed.
    """
    # Before anything is locked: items may be long.
    said = _said(ending.answer)
    with transaction.atomic():
        ended = _set_state(generation_id, State.RUNNING, ending, said)
        if ended is None:
            return False
        _pay(ended, ending)
        # The conversation is locked before its messages, as by who writes in it.
        _mark(ended)
        _fold(ended, ending)
    return True


def with_usage(generation_id: int, ending: Ending) -> Ending:
    """Add our own count of the text, and of what the gateway did not report.

    Slow for a long text; so the next turn need not count it before it is asked.
    What a gateway refused is not counted, nor what waits to be asked again: nothing
    was asked of a model.
    """
    if ending.text:
        ending = replace(ending, tokens=count(ending.text))
    reported = ending.usage or Usage()
    is_whole = None not in (reported.input_tokens, reported.output_tokens)
    if is_whole or _is_refused(ending):
        return ending
    generation = Generation.objects.filter(pk=generation_id).first()
    if generation is None or generation.retry_at is not None:
        # Its conversation was deleted meanwhile, or it waits.
        return ending
    return replace(ending, usage=_estimate(generation, reported))


def _is_refused(ending: Ending) -> bool:
    if ending.first_delta_at is not None:
        return False
    is_filtered = ending.state is State.FILTERED and ending.answer is None
    return is_filtered or ending.state in REFUSED


def _estimate(generation: Generation, reported: Usage) -> Usage:
    """Count ourselves what is missing in `reported`."""
    usage = replace(reported, estimated=True)
    if usage.input_tokens is None:
        usage = replace(usage, input_tokens=generation.predicted)
    if usage.output_tokens is not None:
        return usage
    text, reasoning = _new_text(generation)
    thoughts = count(reasoning)
    return replace(
        usage,
        output_tokens=count(text) + thoughts,
        reasoning_tokens=thoughts or None,
    )


def withdraw(generation: Generation, user: User) -> bool:
    """Take back a turn that waits; return False if it has begun to run."""
    with transaction.atomic():
        ending = Ending(State.STOPPED)
        ended = _set_state(generation.pk, State.QUEUED, ending, {})
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
    generation_id: int, expected: State, ending: Ending, said: dict[str, Any]
) -> Generation | None:
    won = Generation.objects.filter(pk=generation_id, state=expected).update(
        state=ending.state,
        ended_at=timezone.now(),
        lease_until=None,
        retry_at=None,
        first_delta_at=ending.first_delta_at,
        first_text_at=ending.first_text_at,
        error_kind=ending.kind,
        error_detail=ending.detail,
        **said,
    )
    if not won:
        return None
    rows = Generation.objects.select_related("message", "model__gateway", "asked_by")
    return rows.get(pk=generation_id)


def _said(answer: Finished | None) -> dict[str, Any]:
    """The columns of what a gateway says at the end of an answer."""
    if answer is None:
        return {}
    citations = [{"url": each.url, "title": each.title} for each in answer.citations]
    return {
        "raw_reason": answer.raw_reason[:RAW_REASON_LETTERS],
        "echoed_model": answer.model[:NAME_LETTERS],
        "answer_id": answer.answer_id[:NAME_LETTERS],
        "citations": citations,
        "items": _as_json(answer.items) if answer.items else "",
        "items_tokens": _tokens_beside(answer),
    }


def _tokens_beside(answer: Finished) -> int:
    """Return what a reply's items take beside its text: what its gateway says was thought.

    Where it does not say, it is estimated; nobody can count what is sealed.
    """
    letters = sum(len(_as_json(item)) for item in answer.items if not _is_text(item))
    told = answer.usage.reasoning_tokens if answer.usage else None
    return told if told and letters else letters // LETTERS_A_TOKEN


def _is_text(item: Json) -> bool:
    return item.get("type") in TEXT_ITEMS


def _as_json(value: object) -> str:
    """Write items as they are sent back, so that their length tells what they take."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fold(generation: Generation, ending: Ending) -> None:
    text, reasoning = _new_text(generation)
    if text:
        content = generation.message.content + text
        tokens = ending.tokens if content == ending.text else None
        rows = Message.objects.filter(pk=generation.message_id)
        rows.update(content=content, tokens=tokens)
    if reasoning:
        Generation.objects.filter(pk=generation.pk).update(reasoning=reasoning)
    if text or reasoning:
        generation.deltas.all().delete()


def _new_text(generation: Generation) -> tuple[str, str]:
    """Return what was written, and what was thought, in this attempt."""
    rows = generation.deltas.order_by("offset").values_list("is_reasoning", "text")
    pieces = list(rows)
    text, reasoning = (
        "".join(piece for kind, piece in pieces if kind is wanted)
        for wanted in (False, True)
    )
    return text, reasoning


def _pay(generation: Generation, ending: Ending) -> None:
    """Record what was used, and put what it cost in the place of what was reserved."""
    at = generation.started_at or generation.created_at
    cost = None
    if ending.usage is not None:
        record = record_usage(
            generation=generation,
            user=generation.asked_by,
            model=generation.model,
            purpose=UsageRecord.Purpose.ANSWER,
            usage=ending.usage,
            at=at,
        )
        cost = record.cost
    reserved = generation.reserved or ZERO
    settle(user=generation.asked_by, reserved=reserved, cost=cost, at=at)


def _mark(generation: Generation) -> None:
    message = generation.message
    waiting = waiting_messages(generation.conversation_id)
    mark_changed(generation.conversation_id, [message.pk, message.parent_id, *waiting])
