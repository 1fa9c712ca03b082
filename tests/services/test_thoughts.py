"""Thoughts that go back sealed are foretold as well as text, and crowd nothing out."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

import pytest

from conversations.models import (
    Conversation,
    Endpoint,
    Gateway,
    Generation,
    LanguageModel,
    Message,
    User,
)
from conversations.services.keys import set_key
from conversations.services.memory.pins import pin_message
from conversations.services.meter.metering import meter_message
from conversations.wire import Outcome, Protocol, RollReason, State
from tests.factories import make_conversation, make_prompt
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN, RATIO = 23_000, 1.5
WINDOW = 70_000
TURNS, OVERFLOW_AT = 30, 24
QUESTION = "What of alpha, bravo, charlie and delta? "
PIN = "My boat is called Karla."


@dataclass(frozen=True)
class Kind:
    """A gateway whose answers come with sealed thoughts, and what of them it counts.

    No more than `cap` tokens are sent.
    """

    preset: str
    protocol: Protocol
    model: str
    replayed: float
    cap: int


KINDS = {
    "messages": Kind("anthropic", Protocol.MESSAGES, "claude-sonnet-4-6", 1.0, 33_000),
    "responses": Kind("openai", Protocol.RESPONSES, "gpt-6-sol", 1.0, 33_000),
    "not counted": Kind(
        "anthropic", Protocol.MESSAGES, "claude-sonnet-4-6", 0.0, 26_000
    ),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def gateway(kind: Kind) -> Iterator[TestGateway]:
    economy = Economy("none", ratio=RATIO, hidden=HIDDEN, replayed=kind.replayed)
    with TestGateway(flavour=kind.preset, economy=economy) as gateway:
        yield gateway


@pytest.fixture
def conversation(
    transactional_db: None, kind: Kind, gateway: TestGateway, alice: User
) -> Conversation:
    row = Gateway.objects.create(name="A gateway", preset=kind.preset)
    set_key(gateway=row, key="a-key-of-no-use")
    url = gateway.url_for(kind.preset, kind.protocol)
    Endpoint.objects.create(gateway=row, protocol=kind.protocol, base_url=url)
    model = LanguageModel.objects.create(
        gateway=row, name=kind.model, window=WINDOW, context_cap=kind.cap
    )
    return make_conversation(alice, model=model, prompt=make_prompt())


async def test_a_conversation_with_thoughts_is_foretold_and_keeps_its_pin(
    talk: Talk, gateway: TestGateway, kind: Kind
) -> None:
    """Nearly all that goes back may be thoughts; of some gateways none of it counts."""
    gateway.alias(kind.model, "ponders")
    foreseen = await hold_talk(talk, gateway, kind)

    rows = await talk.run(read_generations)
    assert {row.state for row in rows} == {State.COMPLETE}
    reasons = {row.epoch.reason for row in rows if row.epoch}
    assert reasons == {RollReason.START, RollReason.FULL, RollReason.TOO_LONG}
    errors = [error_of(row, row.predicted or 0) for row in rows[1:]]
    assert fmean(errors) < 0.01
    if kind.replayed:
        assert max(errors) < 0.02
    assert max(error_of(rows[turn], foreseen[turn]) for turn in foreseen) < 0.02
    for row in rows[2:]:
        assert pin_is_sent(row)
    [again] = [row for row in rows if row.trimmed]
    assert turns_sent(again) > 0
    assert any(row.sealed > 2_000 for row in rows)


async def test_what_was_thought_is_what_its_gateway_says_of_it(
    talk: Talk, gateway: TestGateway, kind: Kind
) -> None:
    gateway.script(kind.model, "ponders:500", "ponders:500+usage-absurd", "ok")

    replies = [await talk.ask(QUESTION) for _ in range(3)]

    told, silent, none = [await talk.generation(reply) for reply in replies]
    assert told.items_tokens == told.usage.reasoning_tokens == 1_502
    thought = json.dumps(json.loads(silent.items)[0], separators=(",", ":"))
    assert silent.items_tokens == len(thought) // 4
    assert none.items_tokens == 0


async def hold_talk(talk: Talk, gateway: TestGateway, kind: Kind) -> dict[int, int]:
    """Return what the meter said before some of the turns."""
    chance, foreseen = random.Random(1), {}
    for turn in range(TURNS):
        thoughts = int(chance.lognormvariate(5, 1.2)) if turn % 3 else 2
        scenario = f"ponders:{min(thoughts, 1_000)}"
        if turn == OVERFLOW_AT:
            scenario = f"window:{await talk.run(find_small_window)}+{scenario}"
        gateway.script(kind.model, scenario, *[scenario] * (turn == OVERFLOW_AT))
        text = f"{turn}: {QUESTION * (1 + int(chance.lognormvariate(2, 1)))}".strip()
        if turn % 7 == 6 and turn != OVERFLOW_AT:
            meter = await talk.run(
                meter_message,
                conversation=talk.conversation,
                user=talk.author,
                content=text,
            )
            assert meter is not None
            foreseen[turn] = meter.tokens
        reply = await talk.ask(PIN if turn == 1 else text)
        if turn == 1:
            asked = await talk.run(Message.objects.get, pk=reply.parent_id)
            await talk.run(pin_message, message=asked, user=talk.author, pinned=True)
    return foreseen


def find_small_window() -> int:
    """Return a window that has room for half of what was sent, beside what is hidden."""
    newest = Generation.objects.select_related("usage").latest("pk")
    return HIDDEN + ((newest.usage.input_tokens or 0) - HIDDEN) // 2


def read_generations() -> list[Generation]:
    rows = Generation.objects.select_related("usage", "epoch")
    return list(rows.order_by("pk"))


def error_of(row: Generation, expected: int) -> float:
    real = row.usage.input_tokens or 0
    return abs(expected - real) / real


def pin_is_sent(row: Generation) -> bool:
    """Whether it is among the notes, or its turn is still there."""
    lines = lines_of(row, "pin")
    return not lines or all(one["outcome"] == Outcome.SENT for one in lines)


def turns_sent(row: Generation) -> int:
    sent = [one for one in lines_of(row, "turns") if one["outcome"] == Outcome.SENT]
    return sum(one["turns"] for one in sent)


def lines_of(row: Generation, kind: str) -> list[dict[str, Any]]:
    assert row.manifest is not None
    return [one for one in row.manifest["items"] if one["kind"] == kind]
