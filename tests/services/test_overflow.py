"""What was too long is asked again with less, and with as much as fits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from conversations.models import Generation, LanguageModel, Message
from conversations.services.branching.retrying import retry_reply
from conversations.services.conversations import choose_model
from conversations.services.memory.pins import pin_message
from conversations.wire import Outcome, State
from tests.factories import make_model
from tests.gateway.economy import Economy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway import TestGateway
    from tests.services.conftest import Talk

HIDDEN = 5_000
WINDOW = 32_000
LONG = "word " * 800
PIN = "My boat is called Karla."


@pytest.fixture
async def economy(talk: Talk, gateway: TestGateway) -> AsyncIterator[Economy]:
    """A gateway that counts half as much again as we do, and hides something."""
    gateway.state.economy = Economy("none", hidden=HIDDEN, ratio=1.5)
    await talk.run(LanguageModel.objects.update, window=WINDOW)
    await talk.run(talk.conversation.refresh_from_db)
    yield gateway.state.economy
    gateway.state.economy = None


@pytest.fixture
async def pinned(talk: Talk, economy: Economy) -> Message:
    """What was said first of a conversation that has become long."""
    reply = await talk.ask(PIN)
    asked = await talk.run(Message.objects.get, pk=reply.parent_id)
    await talk.run(pin_message, message=asked, user=talk.author, pinned=True)
    for _ in range(8):
        await talk.ask(LONG)
    return asked


# What a gateway may say of it: its count and its window, nothing, or not even that.
WINDOWS = ("window:{}", "window:{}+says-responses", "full-is-length:{}")


@pytest.mark.parametrize("window", WINDOWS)
async def test_what_is_sent_again_is_smaller_and_keeps_turns_and_pins(
    talk: Talk, gateway: TestGateway, economy: Economy, pinned: Message, window: str
) -> None:
    scenario = f"{window.format(11_000)}+ok"
    gateway.script("ok", scenario, scenario)

    generation = await talk.generation(await talk.ask("And now?"))

    assert (generation.state, generation.trimmed) == (State.COMPLETE, True)
    before, after = sizes(gateway, economy)[-2:]
    assert after < before
    assert after < 11_000
    assert turns_sent(generation) > 0
    assert PIN in str(gateway.requests[-1].json)


async def test_where_the_gateway_says_all_as_much_is_kept_as_at_any_roll(
    talk: Talk, gateway: TestGateway, economy: Economy, pinned: Message
) -> None:
    gateway.script("ok", "window:14000+ok", "window:14000+ok")

    generation = await talk.generation(await talk.ask("And now?"))

    # 80 % of what it reads, and 45 % of that, but for whole turns.
    assert generation.manifest is not None
    assert generation.manifest["budget"] == 11_200
    [sent] = sizes(gateway, economy)[-1:]
    assert sent == generation.usage.input_tokens
    assert sent == pytest.approx(generation.predicted, rel=0.02)
    a_turn = 1.5 * 810
    assert sent > HIDDEN + 0.225 * (11_200 - HIDDEN) - a_turn


@pytest.mark.parametrize("window", WINDOWS)
async def test_each_retry_by_hand_is_smaller_than_whatever_was_refused(
    talk: Talk, gateway: TestGateway, economy: Economy, pinned: Message, window: str
) -> None:
    """It may never have filled half of the window that one believes in."""
    await talk.run(LanguageModel.objects.update, window=10 * WINDOW)
    await talk.run(talk.conversation.refresh_from_db)
    gateway.clear()
    await talk.use(f"{window.format(HIDDEN + 300)}+ok")

    reply = await talk.ask("And now?")
    while (await talk.generation(reply)).state == State.CONTEXT_FULL:
        reply = await talk.run(retry_reply, reply=reply, user=talk.author)
        await talk.idle()

    sent = sizes(gateway, economy)
    assert len(sent) >= 3
    assert all(other < one for one, other in pairwise(sent))
    assert (await talk.generation(reply)).state == State.COMPLETE


async def test_what_one_model_refused_another_may_be_asked(
    talk: Talk, gateway: TestGateway, economy: Economy, pinned: Message
) -> None:
    await talk.use(f"window:{HIDDEN + 300}+says-responses+ok")
    reply = await talk.ask("And now?")
    larger = await talk.run(
        make_model, "ok:3", base_url=gateway.base_url, window=WINDOW
    )
    await talk.run(choose_model, conversation=talk.conversation, model=larger)
    await talk.run(retry_reply, reply=reply, user=talk.author)
    await talk.idle()

    newest = await talk.run(Generation.objects.latest, "pk")
    assert (newest.state, newest.trimmed) == (State.COMPLETE, False)
    assert turns_sent(newest) == 9


def sizes(gateway: TestGateway, economy: Economy) -> list[int]:
    """Return what the gateway has counted of each request, taken or not."""
    came = [request.asked for request in gateway.requests]
    return [economy.count(asked) for asked in came if asked]


def turns_sent(generation: Generation) -> int:
    assert generation.manifest is not None
    return sum(
        item["turns"]
        for item in generation.manifest["items"]
        if (item["kind"], item["outcome"]) == ("turns", Outcome.SENT)
    )
