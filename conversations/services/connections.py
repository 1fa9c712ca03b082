"""The test of a gateway: what it lists, and how it answers on each protocol."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone

from conversations import limits
from conversations.gateways.base import ErrorKind, GatewayError, request_parameters
from conversations.gateways.retry import Adapt, Asked, next_step
from conversations.live.hub import get_hub
from conversations.models import LanguageModel, UsageRecord
from conversations.services.calls import ask_once
from conversations.services.errors import RefusedError
from conversations.services.findings import (
    Finding,
    Tried,
    describe_failure,
    describe_list,
    describe_reply,
)
from conversations.services.gateways import reach
from conversations.services.learning import learn_rejected
from conversations.services.prices import find_prices_of
from conversations.services.requests import get_gateways
from conversations.wire import Protocol, Request, RequestMessage

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from decimal import Decimal

    from conversations.models import Gateway, User
    from conversations.services.calls import Reply

# More than one word, so that one sees whether it streams.
MESSAGES = (
    RequestMessage("user", "Count from one to ten in words. Write nothing else."),
)
# A model that thinks first needs some of them for that.
OUTPUT_TOKENS = 256
SECONDS = 25.0
# The whole test, with the database's part.
TEST_SECONDS = 30.0


def find_test_model(gateway: Gateway) -> LanguageModel | None:
    """Return the model to test a gateway with: the default, else the least dear."""
    models = gateway.models.select_related("gateway").filter(enabled=True)
    if chosen := models.filter(is_default=True).first():
        return chosen
    found = list(models.order_by("pk"))
    prices = find_prices_of(models=found, at=timezone.now())
    outputs: dict[int, Decimal] = {
        pk: each.base.output
        for pk, each in prices.items()
        if each is not None and each.base.output is not None
    }
    # Some gateways list their routers at a price of nothing, or below it.
    priced = [model for model in found if outputs.get(model.pk, 0) > 0]
    return min(priced, key=lambda model: outputs[model.pk]) if priced else _first(found)


async def try_connection(
    *, gateway: Gateway, model: LanguageModel | None, user: User
) -> list[Finding]:
    """Ask a gateway for its models, and `model` on each protocol, all at once.

    Never fails for what the gateway does. The answers are paid for by `user`; nothing
    but their usage is kept, and what an endpoint says it does not take.
    """
    protocols = await get_hub().readers.run(_read_protocols, gateway)
    asked = protocols if model is not None else []
    listing, *tried = await asyncio.gather(
        _try(None, _list_models(gateway)),
        *(_try(each, _ask(model, each, user)) for each in asked if model is not None),
    )
    answered = any(one.failure is None for one in tried)
    return [
        describe_list(listing),
        *(
            describe_failure(one, model, others_answered=answered)
            if one.failure is not None
            else describe_reply(one)
            for one in tried
        ),
    ]


async def _try(
    protocol: Protocol | None, work: Coroutine[None, None, Reply | int]
) -> Tried:
    """Do one part of the test, within its time."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            result = await work
    except (GatewayError, RefusedError) as error:
        return Tried(protocol, time.monotonic() - began, failure=error)
    except TimeoutError:
        detail = f"No answer after {SECONDS:g} s."
        late = GatewayError(ErrorKind.TIMEOUT, detail)
        return Tried(protocol, SECONDS, failure=late)
    return Tried(protocol, time.monotonic() - began, result)


async def _list_models(gateway: Gateway) -> int:
    reached = await get_hub().readers.run(reach, LanguageModel(gateway=gateway))
    return len(await get_gateways().list_models(reached.route))


async def _ask(model: LanguageModel, protocol: Protocol, user: User) -> Reply:
    adapted = 0
    while True:
        try:
            return await ask_once(
                model=model,
                messages=MESSAGES,
                user=user,
                purpose=UsageRecord.Purpose.TEST,
                max_output_tokens=OUTPUT_TOKENS,
                protocol=protocol,
            )
        except GatewayError as error:
            adapt = partial(_leave_out, model, protocol, error, adapted)
            if not await get_hub().readers.run(adapt):
                raise
        adapted += 1


def _leave_out(
    model: LanguageModel, protocol: Protocol, error: GatewayError, adapted: int
) -> bool:
    """Do without what was refused, as a conversation would; tell whether that helps."""
    reached = reach(model, protocol)
    request = Request(model.name, MESSAGES, OUTPUT_TOKENS, dialect=reached.dialect)
    asked = Asked(
        preset=reached.route.preset,
        protocol=protocol,
        sent=request_parameters(protocol, request),
        predicted_share=0,
        tries=limits.RETRY_TRIES,
        adapted=adapted,
    )
    step = next_step(error, asked, random.random)
    if not isinstance(step, Adapt):
        return False
    learn_rejected(
        endpoint_id=reached.endpoint_id,
        model_name=model.name,
        parameter=step.parameter,
    )
    return True


def _read_protocols(gateway: Gateway) -> list[Protocol]:
    there = set(gateway.endpoints.values_list("protocol", flat=True))
    return [each for each in Protocol if each in there]


def _first(models: list[LanguageModel]) -> LanguageModel | None:
    return models[0] if models else None
