"""What a cache is expected to serve is what it serves, over whole conversations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db.models import F

from conversations.models import (
    Conversation,
    Endpoint,
    Gateway,
    Generation,
    LanguageModel,
    PromptRevision,
    User,
)
from conversations.services.branching.retrying import retry_reply
from conversations.services.keys import set_key
from conversations.services.turns import continue_reply
from conversations.wire import Protocol, State
from tests.factories import make_conversation, make_prompt
from tests.gateway import TestGateway
from tests.gateway.caching import Policy
from tests.gateway.economy import Economy
from tests.services.conftest import Talk

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAT, RESPONSES, MESSAGES = (
    Protocol.CHAT_COMPLETIONS,
    Protocol.RESPONSES,
    Protocol.MESSAGES,
)
TURNS = 30
# Tokens; small enough that the conversation outgrows it.
WINDOW = 9_000
HOUR = timedelta(hours=1)
QUESTION = "What of alpha, bravo, charlie and delta? "


@dataclass(frozen=True)
class Kind:
    """A kind of gateway, a model of its, and how it keeps prompts.

    `forgets` says whether that is less than an hour.
    """

    preset: str
    protocol: Protocol
    model: str
    cache: Policy
    forgets: bool = False


KINDS = {
    "blocks": Kind(
        "openai", CHAT, "gpt-4o", Policy("automatic", lifetime=24 * HOUR.seconds)
    ),
    "implicit": Kind(
        "openai",
        RESPONSES,
        "gpt-6-sol",
        Policy("breakpoint", lookback=None, implicit="30m"),
        forgets=True,
    ),
    "marks": Kind(
        "anthropic", MESSAGES, "claude-sonnet-4-6", Policy("breakpoint"), forgets=True
    ),
    "marks passed on": Kind(
        "openrouter",
        CHAT,
        "anthropic/claude-opus-5.5",
        Policy("breakpoint", floor=512),
        forgets=True,
    ),
    "none": Kind("ollama", CHAT, "llama4", Policy("none")),
}

MARKED = [name for name, kind in KINDS.items() if kind.cache.kind == "breakpoint"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def gateway(kind: Kind) -> Iterator[TestGateway]:
    """A gateway with a cache that tells the truth."""
    with TestGateway(flavour=kind.preset, economy=Economy(kind.cache)) as gateway:
        gateway.alias(kind.model, "echo")
        yield gateway


@pytest.fixture
def conversation(
    transactional_db: None, kind: Kind, gateway: TestGateway, alice: User
) -> Conversation:
    row = Gateway.objects.create(name="A gateway", preset=kind.preset)
    set_key(gateway=row, key="a-key-of-no-use")
    url = gateway.url_for(kind.preset, kind.protocol)
    Endpoint.objects.create(gateway=row, protocol=kind.protocol, base_url=url)
    model = LanguageModel.objects.create(gateway=row, name=kind.model, window=WINDOW)
    return make_conversation(alice, model=model, prompt=make_prompt())


async def test_what_a_cache_serves_is_what_was_expected(
    talk: Talk, kind: Kind, gateway: TestGateway
) -> None:
    for turn in range(TURNS):
        if turn == TURNS // 3:
            await talk.run(let_an_hour_pass, gateway)
        await talk.ask(f"{turn}: {QUESTION * (5 + turn % 7 * 3)}")

    rows = await talk.run(read_generations)
    assert {row.state for row in rows} == {State.COMPLETE}
    expected = [row.predicted_cached for row in rows]
    served = [row.usage.cached_input_tokens for row in rows]
    begun = [number for number, row in enumerate(rows) if began_an_epoch(row)]

    assert len(begun) > 1
    # What a cache has of the first one, others may have left there; and where an epoch
    # begins, one that looks for no marks serves whatever happens to be equal.
    is_known = kind.cache.kind != "automatic"
    unknown = [number for number in begun if not (number and is_known)]
    for number in range(TURNS):
        is_told = number not in unknown or kind.preset == "ollama"
        assert (expected[number] is not None) is is_told
        assert expected[number] in (None, served[number])
    told = [each for each in expected if each is not None]
    assert any(told) is (kind.preset != "ollama")
    assert (expected[TURNS // 3] == 0) is (kind.forgets or kind.preset == "ollama")


@pytest.mark.parametrize("kind", MARKED, indirect=True)
async def test_it_is_so_on_all_ways_a_conversation_goes(
    talk: Talk, kind: Kind, gateway: TestGateway
) -> None:
    """Whatever the gateway's tokenizer: it says what it has read and written."""
    assert gateway.economy is not None
    gateway.economy.ratio, gateway.economy.hidden = 1.3, 1_700
    gateway.script(kind.model, "echo", "length:90", "echo")
    await talk.ask(QUESTION * 9)
    reply = await talk.ask(QUESTION)
    await talk.run(continue_reply, reply=reply, user=talk.author)
    await talk.idle()
    reply = await talk.ask(QUESTION * 7)
    await talk.run(retry_reply, reply=reply, user=talk.author)
    await talk.idle()
    await talk.ask(QUESTION * 3)

    rows = await talk.run(read_generations)
    assert [row.attempt for row in rows] == [1, 1, 2, 1, 1, 1]
    assert [row.predicted_cached for row in rows[1:]] == [
        row.usage.cached_input_tokens for row in rows[1:]
    ]
    assert all(row.predicted_cached for row in rows[1:])


@pytest.mark.parametrize("kind", MARKED, indirect=True)
async def test_a_long_system_prompt_is_still_there_after_a_roll(
    talk: Talk, kind: Kind, gateway: TestGateway
) -> None:
    """How long it is for the gateway, it says when it first serves it by itself."""
    text = "You are kind, and you know all of this. " * 150
    await talk.run(PromptRevision.objects.update, text=text)
    for turn in range(TURNS * 2):
        await talk.ask(f"{turn}: {QUESTION * (5 + turn % 7 * 3)}")

    rows = await talk.run(read_generations)
    begun = [row for row in rows if began_an_epoch(row)]
    expected = [row.predicted_cached for row in begun]
    served = [row.usage.cached_input_tokens for row in begun]

    assert len(begun) > 3
    if kind.model.startswith("gpt"):
        assert expected == [None, *served[1:]]
        assert not any(served)
    else:
        assert expected == [None, None, *served[2:]]
        assert all(size and size > 1_024 for size in served[1:])


def let_an_hour_pass(gateway: TestGateway) -> None:
    assert gateway.economy is not None
    gateway.economy.clock.advance(HOUR.total_seconds())
    Generation.objects.update(started_at=F("started_at") - HOUR)


def read_generations() -> list[Generation]:
    rows = Generation.objects.select_related("usage", "epoch")
    return list(rows.order_by("message__seq", "attempt"))


def began_an_epoch(generation: Generation) -> bool:
    assert generation.epoch is not None
    return generation.epoch.message_id == generation.message_id
