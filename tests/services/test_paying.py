"""Answers and money: reserved before they are asked for, settled when they end."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from django.utils import timezone

from conversations.models import (
    LanguageModel,
    Price,
    Spending,
    SpendingLimits,
    UsageRecord,
)
from conversations.services.deleting import delete_conversation
from conversations.services.turns import stop_reply
from conversations.wire import State
from tests.gateway import TestGateway
from tests.services.conftest import Talk

NOTHING = Decimal(0)


@pytest.fixture
def _priced(talk: Talk) -> None:
    """A dollar for a token: nothing that costs is too small to see."""
    Price.objects.create(
        model=LanguageModel.objects.get(name="ok"),
        effective_from=timezone.now(),
        input=10**6,
        output=10**6,
    )


pytestmark = pytest.mark.usefixtures("_priced")


async def spending(talk: Talk) -> tuple[Decimal, Decimal]:
    hers = await talk.run(Spending.objects.get, user=talk.author)
    everyone = await talk.run(Spending.objects.get, user=None)
    assert (hers.spent, hers.reserved) == (everyone.spent, everyone.reserved)
    return hers.spent, hers.reserved


async def test_an_answer_costs_what_it_used(talk: Talk) -> None:
    reply = await talk.ask()

    record = await talk.run(UsageRecord.objects.get, generation__message=reply.pk)
    assert record.cost is not None
    assert record.cost > 0
    assert await spending(talk) == (record.cost, NOTHING)


async def test_an_answer_over_the_limit_is_not_asked_for(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(SpendingLimits.objects.create, each_person=1)
    await talk.ask()
    gateway.clear()

    reply = await talk.ask()

    generation = await talk.generation(reply)
    assert (generation.state, generation.error_kind) == (State.FAILED, "over_limit")
    assert generation.error_detail.startswith("alice’s limit for this month is reached")
    assert gateway.requests == []
    _, reserved = await spending(talk)
    assert reserved == NOTHING


async def test_a_stopped_answer_is_paid_by_our_own_count(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("endless:0@100")
    reply = await talk.send()
    await is_asked(gateway)
    _, reserved = await spending(talk)
    assert reserved > NOTHING

    await talk.run(stop_reply, reply=reply, user=talk.author)
    await talk.idle()

    spent, reserved = await spending(talk)
    assert spent > NOTHING
    assert reserved == NOTHING


async def test_what_is_stopped_while_it_waits_to_be_asked_again_costs_nothing(
    talk: Talk,
) -> None:
    await talk.use("retry-after:30")
    reply = await talk.send()
    async with asyncio.timeout(10):
        while (await talk.generation(reply)).retry_at is None:
            await asyncio.sleep(0)

    await talk.run(stop_reply, reply=reply, user=talk.author)
    await talk.idle()

    assert (await talk.generation(reply)).state == State.STOPPED
    assert await spending(talk) == (NOTHING, NOTHING)
    assert not await talk.run(UsageRecord.objects.exists)


async def test_an_answer_whose_conversation_is_deleted_is_settled(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("endless:0@100")
    await talk.send()
    await is_asked(gateway)

    await talk.run(delete_conversation, conversation=talk.conversation)
    await talk.idle()

    spent, reserved = await spending(talk)
    assert spent > NOTHING
    assert reserved == NOTHING


async def is_asked(gateway: TestGateway) -> None:
    await asyncio.to_thread(gateway.wait_for_request)
