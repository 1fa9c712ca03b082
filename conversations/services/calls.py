"""Calls in the background: one question, one answer, and nobody watches it come.

They are paid for like any other: reserved before, settled and recorded after.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from conversations.context.tokens import count
from conversations.gateways.prices import highest_cost
from conversations.live.hub import get_hub
from conversations.services.gateways import reach
from conversations.services.prices import find_prices
from conversations.services.requests import TOKENIZER_RATIO, get_gateways
from conversations.services.spending import (
    find_answering_model,
    record_usage,
    reserve,
    settle,
)
from conversations.wire import (
    Counted,
    Finished,
    FinishReason,
    ReasoningDelta,
    Request,
    TextDelta,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime
    from decimal import Decimal

    from conversations.gateways.base import Route
    from conversations.models import LanguageModel, UsageRecord, User
    from conversations.wire import Delta, RequestMessage

# What a protocol puts around each message.
TOKENS_AROUND_A_MESSAGE = 16


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `seconds_to_first` is None where nothing came before the end.

    `pieces` are the deltas in which the text came; `usage` is what was written down.
    """

    text: str
    finished: Finished
    protocol: str
    seconds_to_first: float | None
    seconds: float
    pieces: int
    usage: UsageRecord | None


@dataclass(frozen=True, slots=True)
class _Call:
    model: LanguageModel
    user: User | None
    purpose: UsageRecord.Purpose
    route: Route
    request: Request
    reserved: Decimal
    at: datetime


@dataclass(slots=True)
class _Heard:
    """What has come so far; kept when the rest does not."""

    began: float = field(default_factory=time.monotonic)
    first: float | None = None
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    finished: Finished | None = None


async def ask_once(
    *,
    model: LanguageModel,
    messages: Sequence[RequestMessage],
    user: User | None,
    purpose: UsageRecord.Purpose,
    max_output_tokens: int,
    protocol: str | None = None,
) -> Reply:
    """Ask a model once, without a retry, and return its answer with the seconds it took.

    `protocol` asks for that one. Raises `GatewayError`, scrubbed; `RefusedError` where
    the model cannot be reached, `OverLimitError` where a limit on money forbids it.
    """
    run = get_hub().readers.run
    request = Request(model.name, tuple(messages), max_output_tokens)
    call = await run(_prepare, model, user, purpose, request, protocol)
    heard = _Heard()
    try:
        async with aclosing(get_gateways().stream(call.route, call.request)) as deltas:
            await _listen(deltas, heard)
    finally:
        seconds = time.monotonic() - heard.began
        record = await run(_pay, call, heard)
    return Reply(
        text="".join(heard.texts),
        finished=heard.finished or Finished(FinishReason.CUT),
        protocol=call.route.protocol,
        seconds_to_first=heard.first,
        seconds=seconds,
        pieces=len(heard.texts),
        usage=record,
    )


async def _listen(deltas: AsyncGenerator[Delta, None], heard: _Heard) -> None:
    async for delta in deltas:
        if isinstance(delta, Finished):
            heard.finished = delta
            return
        if isinstance(delta, Counted):
            continue
        if heard.first is None:
            heard.first = time.monotonic() - heard.began
        if isinstance(delta, TextDelta):
            heard.texts.append(delta.text)
        elif isinstance(delta, ReasoningDelta):
            heard.thoughts.append(delta.text)


def _prepare(
    model: LanguageModel,
    user: User | None,
    purpose: UsageRecord.Purpose,
    request: Request,
    protocol: str | None,
) -> _Call:
    reached, at = reach(model, protocol), timezone.now()
    # What is asked once would be written to a cache for nothing.
    dialect = replace(reached.dialect, cache="", cache_key="")
    amount = _highest_cost(model, request, at)
    with transaction.atomic():
        reserved = reserve(user=user, amount=amount, at=at)
    request = replace(request, dialect=dialect)
    return _Call(model, user, purpose, reached.route, request, reserved, at)


def _highest_cost(
    model: LanguageModel, request: Request, at: datetime
) -> Decimal | None:
    prices = find_prices(model=model, at=at)
    if prices is None or request.max_output_tokens is None:
        return None
    asked = int(_count_asked(request) * TOKENIZER_RATIO)
    return highest_cost(asked, request.max_output_tokens, prices)


def _count_asked(request: Request) -> int:
    contents = [message.content for message in request.messages]
    return sum(map(count, contents)) + TOKENS_AROUND_A_MESSAGE * len(contents)


def _pay(call: _Call, heard: _Heard) -> UsageRecord | None:
    """Record what was used and settle it; what failed before anything came is free."""
    usage, record = _usage(call, heard), None
    name = heard.finished.model if heard.finished else ""
    with transaction.atomic():
        if usage is not None:
            answering = find_answering_model(model=call.model, name=name, at=call.at)
            record = record_usage(
                generation=None,
                user=call.user,
                model=answering,
                purpose=call.purpose,
                usage=usage,
                at=call.at,
            )
        cost = record.cost if record else None
        settle(user=call.user, reserved=call.reserved, cost=cost, at=call.at)
    return record


def _usage(call: _Call, heard: _Heard) -> Usage | None:
    """Return what the gateway reported, else our own count of what came."""
    if heard.finished is not None and heard.finished.usage is not None:
        return heard.finished.usage
    if heard.finished is None and heard.first is None:
        return None
    thoughts = count("".join(heard.thoughts))
    return Usage(
        input_tokens=_count_asked(call.request),
        output_tokens=count("".join(heard.texts)) + thoughts,
        reasoning_tokens=thoughts or None,
        estimated=True,
    )
