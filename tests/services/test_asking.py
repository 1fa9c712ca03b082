"""Asking again: before the first delta, visibly, and never after it."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from conversations import limits
from conversations.models import Generation, LanguageModel, LearnedFact, Message
from conversations.services.turns import stop_reply
from conversations.wire import State
from tests.gateway import TestGateway

if TYPE_CHECKING:
    from tests.services.conftest import Talk


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_FIRST_SECONDS", 0.01)
    monkeypatch.setattr(limits, "RETRY_MOST_SECONDS", 0.02)


async def state_of(talk: Talk, reply: Message) -> str:
    return (await talk.generation(reply)).state


async def until_it_waits(talk: Talk, reply: Message) -> Generation:
    async with asyncio.timeout(10):
        while True:
            generation = await talk.generation(reply)
            if generation.retry_at is not None:
                return generation


async def test_a_busy_gateway_is_asked_again_until_it_answers(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("flaky:2")

    reply = await talk.ask()

    generation = await talk.generation(reply)
    assert (generation.state, reply.content) == (State.COMPLETE, "t0 t1 t2 t3 t4 ")
    assert (generation.tries, generation.retry_at) == (3, None)
    assert generation.error_kind == ""
    assert len({request.body for request in gateway.requests}) == 1


async def test_it_is_given_up_after_four_tries(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("error:503")

    reply = await talk.ask()

    assert await state_of(talk, reply) == State.FAILED
    assert len(gateway.requests) == limits.RETRY_TRIES


@pytest.mark.parametrize("scenario", ["error:401", "error:404", "quota", "html"])
async def test_what_will_not_pass_by_itself_is_not_tried_again(
    talk: Talk, gateway: TestGateway, scenario: str
) -> None:
    await talk.use(scenario)

    reply = await talk.ask()

    assert await state_of(talk, reply) == State.FAILED
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    ("scenario", "state"),
    [("error", State.FAILED), ("cut", State.CUT), ("reset:2", State.CUT)],
)
async def test_after_the_first_word_nothing_is_sent_again(
    talk: Talk, gateway: TestGateway, scenario: str, state: State
) -> None:
    await talk.use(scenario)

    reply = await talk.ask()

    assert await state_of(talk, reply) == state
    assert reply.content.startswith("t0 ")
    assert len(gateway.requests) == 1


async def test_a_stream_that_ends_before_it_began_is_asked_for_again(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("drop:0")

    reply = await talk.ask()

    assert await state_of(talk, reply) == State.FAILED
    assert len(gateway.requests) == limits.RETRY_TRIES


async def test_the_wait_can_be_seen_and_stopped(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("retry-after:30")

    reply = await talk.send()
    waiting = await until_it_waits(talk, reply)
    await talk.run(stop_reply, reply=reply, user=talk.author)
    await talk.idle()

    assert (waiting.tries, waiting.error_kind) == (2, "rate_limited")
    ended = await talk.generation(reply)
    assert (ended.state, ended.retry_at) == (State.STOPPED, None)
    assert len(gateway.requests) == 1


async def test_a_wait_that_is_too_long_is_not_waited(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("retry-after:3600")

    reply = await talk.ask()

    assert await state_of(talk, reply) == State.FAILED
    assert len(gateway.requests) == 1


async def test_a_refused_parameter_is_left_out_and_never_sent_again(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("no-stream-options")

    reply = await talk.ask()
    again = await talk.ask("And now?")

    sent = ["stream_options" in request.json for request in gateway.requests]
    assert sent == [True, False, False]
    assert await state_of(talk, reply) == State.COMPLETE
    assert await state_of(talk, again) == State.COMPLETE
    fact = await talk.run(LearnedFact.objects.get)
    assert (fact.kind, fact.value) == (LearnedFact.Kind.REJECTS, "stream_options")


async def test_what_was_sent_beside_the_messages_is_on_record(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("no-stream-options")

    generation = await talk.generation(await talk.ask())

    request = (generation.manifest or {})["request"]
    assert request["model"] == "no-stream-options"
    assert request["dialect"]["without"] == ["stream_options"]


async def test_what_was_recorded_is_what_was_sent_last(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("no-stream-options")

    generation = await talk.generation(await talk.ask())

    assert generation.request_sha256 == sha256(gateway.requests[-1].body).hexdigest()


async def test_what_is_too_long_is_sent_once_more_with_less(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("ok:200@5000")
    for _ in range(3):
        await talk.ask("word " * 1100)
    await talk.use("window:3000")

    reply = await talk.ask("And now?")

    generation = await talk.generation(reply)
    assert (generation.state, generation.trimmed) == (State.COMPLETE, True)
    before, after = gateway.requests[-2:]
    assert len(after.messages) < len(before.messages)
    assert generation.request_sha256 == sha256(after.body).hexdigest()
    fact = await talk.run(LearnedFact.objects.get)
    assert (fact.kind, fact.value) == (LearnedFact.Kind.WINDOW, "3000")


async def test_a_window_that_was_learned_is_heeded_from_then_on(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(LanguageModel.objects.update, window=None, listed_window=8192)
    await talk.run(talk.conversation.refresh_from_db)
    await talk.use("ok:200@5000")
    for _ in range(3):
        await talk.ask("word " * 1500)
    await talk.use("window:3000")
    await talk.ask("And now?")
    gateway.clear()

    generation = await talk.generation(await talk.ask("And then?"))

    assert (generation.state, generation.trimmed) == (State.COMPLETE, False)
    assert len(gateway.requests) == 1


async def test_an_overflow_disguised_as_a_success_is_an_overflow(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("ok:200@5000")
    for _ in range(3):
        await talk.ask("word " * 1500)
    gateway.clear()
    await talk.use("empty-length")

    reply = await talk.ask("And now?")

    assert await state_of(talk, reply) == State.CONTEXT_FULL
    before, after = gateway.requests
    assert len(after.messages) < len(before.messages)


async def test_where_nothing_can_be_left_out_it_is_not_asked_twice(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("overflow")

    reply = await talk.ask()

    assert await state_of(talk, reply) == State.CONTEXT_FULL
    assert len(gateway.requests) == 1
