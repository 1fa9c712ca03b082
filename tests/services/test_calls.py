"""Calls in the background: they answer, and they are paid for like any other."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from conversations.context.tokens import count
from conversations.gateways.base import GatewayError
from conversations.models import (
    Endpoint,
    Price,
    Spending,
    SpendingLimits,
    UsageRecord,
    User,
)
from conversations.services.calls import ask_once
from conversations.services.errors import RefusedError
from conversations.services.requests import close_gateways
from conversations.services.spending import OverLimitError
from conversations.wire import FinishReason, RequestMessage
from tests.factories import make_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conversations.live.hub import Hub
    from conversations.models import LanguageModel
    from conversations.services.calls import Reply
    from tests.gateway import TestGateway

NOTHING = Decimal(0)
MESSAGES = (RequestMessage("user", "Say hello."),)


class Caller:
    """alice's background calls to one model, at a dollar a token."""

    def __init__(self, hub: Hub, model: LanguageModel, alice: User) -> None:
        self.run = hub.readers.run
        self.model = model
        self.alice = alice

    async def ask(
        self, scenario: str = "ok:3", *, protocol: str | None = None
    ) -> Reply:
        self.model.name = scenario
        return await ask_once(
            model=self.model,
            messages=MESSAGES,
            user=self.alice,
            purpose=UsageRecord.Purpose.TEST,
            max_output_tokens=50,
            protocol=protocol,
        )

    async def record(self) -> UsageRecord:
        return await self.run(UsageRecord.objects.get)

    async def spending(self) -> tuple[Decimal | None, Decimal]:
        row = await self.run(Spending.objects.get, user=self.alice)
        everyone = await self.run(Spending.objects.get, user=None)
        assert (row.spent, row.reserved) == (everyone.spent, everyone.reserved)
        return row.spent, row.reserved


@pytest.fixture
async def caller(hub: Hub, gateway: TestGateway, alice: User) -> AsyncIterator[Caller]:
    def make() -> LanguageModel:
        model = make_model("ok", base_url=gateway.base_url)
        Price.objects.create(
            model=model, effective_from=timezone.now(), input=10**6, output=10**6
        )
        return model

    yield Caller(hub, await hub.readers.run(make), alice)
    await close_gateways()


async def test_an_answer_comes_whole_and_timed(caller: Caller) -> None:
    reply = await caller.ask("ok:3")

    assert reply.text == "t0 t1 t2 "
    assert reply.finished.reason is FinishReason.STOP
    assert reply.protocol == "chat_completions"
    assert reply.seconds_to_first is not None
    assert 0 < reply.seconds_to_first <= reply.seconds


async def test_it_is_recorded_and_paid_for(caller: Caller) -> None:
    reply = await caller.ask("ok:3")

    record, usage = await caller.record(), reply.finished.usage
    assert usage is not None
    assert (record.purpose, record.user_id) == ("test", caller.alice.pk)
    assert (record.input_tokens, record.output_tokens) == (usage.input_tokens, 3)
    assert not record.estimated
    assert await caller.spending() == (record.cost, NOTHING)


async def test_what_it_can_cost_at_most_is_reserved_while_it_runs(
    caller: Caller, gateway: TestGateway
) -> None:
    call = asyncio.ensure_future(caller.ask("stall"))
    await asyncio.to_thread(gateway.wait_for_request)

    _, reserved = await caller.spending()

    # Fifty tokens out, and what was asked.
    assert reserved > 50
    call.cancel()
    await asyncio.wait([call])


async def test_a_limit_forbids_it_before_anything_is_sent(
    caller: Caller, gateway: TestGateway
) -> None:
    await caller.run(SpendingLimits.objects.create, each_person=0)

    with pytest.raises(OverLimitError, match="renews on"):
        await caller.ask()

    assert gateway.requests == []


async def test_what_fails_at_once_costs_nothing(caller: Caller) -> None:
    with pytest.raises(GatewayError):
        await caller.ask("error:400")

    assert await caller.spending() == (NOTHING, NOTHING)
    assert not await caller.run(UsageRecord.objects.exists)


async def test_what_breaks_off_is_paid_by_our_own_count(caller: Caller) -> None:
    with pytest.raises(GatewayError):
        await caller.ask("drop:3")

    record = await caller.record()
    assert record.estimated
    assert record.output_tokens == count("t0 t1 t2 ")
    assert await caller.spending() == (record.cost, NOTHING)


async def test_what_is_given_up_is_settled(
    caller: Caller, gateway: TestGateway
) -> None:
    call = asyncio.ensure_future(caller.ask("stall"))
    request = await asyncio.to_thread(gateway.wait_for_request)

    call.cancel()
    await asyncio.wait([call])

    assert call.cancelled()
    assert await asyncio.to_thread(request.ended.wait, 5)
    _, reserved = await caller.spending()
    assert reserved == 0


async def test_it_asks_for_no_more_than_it_may(
    caller: Caller, gateway: TestGateway
) -> None:
    await caller.ask()

    sent = gateway.wait_for_request().json
    assert sent.get("max_completion_tokens", sent.get("max_tokens")) == 50
    assert sent["messages"] == [{"role": "user", "content": "Say hello."}]


async def test_a_protocol_can_be_asked_for(
    caller: Caller, gateway: TestGateway
) -> None:
    await caller.run(
        Endpoint.objects.create,
        gateway=caller.model.gateway,
        protocol="responses",
        base_url=gateway.base_url,
    )

    reply = await caller.ask(protocol="responses")

    assert (reply.text, reply.protocol) == ("t0 t1 t2 ", "responses")
    assert gateway.wait_for_request().path == "/v1/responses"


async def test_a_protocol_without_an_address_is_refused(caller: Caller) -> None:
    with pytest.raises(RefusedError, match="no address"):
        await caller.ask(protocol="messages")
