"""One durable, streamed turn: from the message to its one end state."""

from __future__ import annotations

import asyncio
import hashlib
from uuid import UUID

import pytest

from conversations.context.assembly import CONTINUE_LINE
from conversations.models import Delta, Endpoint, Generation, UsageRecord, User
from conversations.services.finishing import interrupt_running
from conversations.services.prompts import save_revision
from conversations.services.turns import continue_reply, stop_reply
from conversations.wire import Protocol, State
from tests.gateway import TestGateway
from tests.gateway.answer import INPUT_TOKENS
from tests.services.conftest import Talk
from tests.services.inspecting import inspect


async def test_an_answer_is_stored_whole_with_its_usage(talk: Talk) -> None:
    await talk.use("ok:50@1000")

    reply = await talk.ask()
    generation = await talk.generation(reply)

    assert generation.state == State.COMPLETE
    assert reply.content == "".join(f"t{number} " for number in range(50))
    assert generation.usage.output_tokens == 50
    assert not generation.usage.estimated
    assert await talk.run(Delta.objects.count) == 0


async def test_the_gateway_is_sent_the_prompt_and_the_history(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("echo")
    await talk.ask("First")
    await talk.ask("Second")

    sent = gateway.requests[-1].messages

    assert [(row["role"], row["content"]) for row in sent] == [
        ("system", "You are kind."),
        ("user", "First"),
        ("assistant", "First"),
        ("user", "Second"),
    ]


async def test_the_recorded_hash_is_that_of_the_bytes_that_were_sent(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask("Grüße, 世界")
    generation = await talk.generation(reply)

    sent = hashlib.sha256(gateway.requests[-1].body).hexdigest()
    assert generation.request_sha256 == sent


ENDS = [
    ("ok", State.COMPLETE, ""),
    ("json", State.COMPLETE, ""),
    ("nul", State.COMPLETE, ""),
    ("length", State.LENGTH, ""),
    ("filtered", State.FILTERED, ""),
    ("empty-length", State.CONTEXT_FULL, ""),
    ("cut:5", State.CUT, ""),
    ("reset:5", State.CUT, "unreachable"),
    ("tool-calls", State.FAILED, "tool_calls"),
    ("error:500", State.FAILED, "server"),
    ("error:401", State.FAILED, "unauthorised"),
    ("error:429", State.FAILED, "rate_limited"),
    ("error", State.FAILED, "server"),
    ("html", State.FAILED, "not_a_stream"),
    ("redirect", State.FAILED, "redirect"),
    ("echo-key", State.FAILED, "unauthorised"),
]


@pytest.mark.parametrize(("scenario", "state", "kind"), ENDS)
async def test_each_way_to_end_has_its_state(
    talk: Talk, scenario: str, state: State, kind: str
) -> None:
    await talk.use(scenario)

    reply = await talk.ask()
    generation = await talk.generation(reply)

    assert (generation.state, generation.error_kind) == (state, kind)
    assert generation.ended_at is not None


async def test_what_came_before_a_broken_connection_is_kept(talk: Talk) -> None:
    await talk.use("reset:5")

    reply = await talk.ask()

    assert reply.content == "t0 t1 t2 t3 t4 "


async def test_usage_that_was_not_reported_is_estimated_and_marked(talk: Talk) -> None:
    await talk.use("cut:5")

    generation = await talk.generation(await talk.ask())

    assert generation.usage.estimated
    assert generation.usage.output_tokens


async def test_stop_keeps_the_text_and_says_who_stopped(
    talk: Talk, bob: User, gateway: TestGateway
) -> None:
    await talk.use("stall:3")
    reply = await talk.send()
    await has_text(talk, reply.pk)

    await talk.run(stop_reply, reply=reply, user=bob)
    await talk.idle()
    reply = await talk.fresh(reply)
    generation = await talk.generation(reply)

    assert (generation.state, generation.stopped_by) == (State.STOPPED, bob)
    assert reply.content == "t0 t1 t2 "
    assert gateway.requests[-1].wait_until_closed(1.0)


@pytest.fixture
async def _counting(talk: Talk, gateway: TestGateway) -> None:
    """A gateway that counts the prompt before it answers."""
    url = gateway.url_for("anthropic", Protocol.MESSAGES)
    await talk.run(Endpoint.objects.update, protocol=Protocol.MESSAGES, base_url=url)


@pytest.mark.usefixtures("_counting")
async def test_what_was_counted_before_a_stop_is_the_gateways_own(
    talk: Talk, alice: User
) -> None:
    await talk.use("stall:3")
    reply = await talk.send()
    await has_text(talk, reply.pk)

    await talk.run(stop_reply, reply=reply, user=alice)
    await talk.idle()
    generation, shown = await talk.generation(reply), await inspect(talk, reply)

    assert generation.state == State.STOPPED
    assert generation.usage.input_tokens == INPUT_TOKENS != generation.predicted
    assert generation.usage.estimated
    assert generation.usage.output_tokens
    assert shown.sizes is not None
    assert shown.sizes.counted == INPUT_TOKENS


@pytest.mark.usefixtures("_counting")
async def test_what_is_stopped_while_it_waits_to_be_asked_again_costs_nothing(
    talk: Talk, alice: User
) -> None:
    await talk.use("retry-after:30")
    reply = await talk.send()
    while (await talk.generation(reply)).retry_at is None:
        await asyncio.sleep(0)

    await talk.run(stop_reply, reply=reply, user=alice)
    await talk.idle()

    assert (await talk.generation(reply)).state == State.STOPPED
    assert not await talk.run(UsageRecord.objects.exists)


@pytest.mark.usefixtures("_counting")
async def test_what_was_counted_before_a_broken_connection_is_the_gateways_own(
    talk: Talk,
) -> None:
    await talk.use("reset:5")

    generation = await talk.generation(await talk.ask())

    assert generation.state == State.CUT
    assert generation.usage.input_tokens == INPUT_TOKENS != generation.predicted
    assert generation.usage.output_tokens


async def test_stop_works_while_the_gateway_is_silent(
    talk: Talk, alice: User, gateway: TestGateway
) -> None:
    await talk.use("stall")
    reply = await talk.send()
    await talk.run(gateway.wait_for_request)

    await talk.run(stop_reply, reply=reply, user=alice)
    await talk.idle()

    assert (await talk.generation(reply)).state == State.STOPPED


async def test_continue_counts_on_and_asks_to_go_on(
    talk: Talk, alice: User, gateway: TestGateway
) -> None:
    await talk.use("cut:3")
    reply = await talk.ask()
    await talk.use("ok:2")

    await talk.run(continue_reply, reply=reply, user=alice)
    await talk.idle()
    reply = await talk.fresh(reply)
    generation = await talk.generation(reply)

    assert (generation.attempt, generation.start) == (2, len("t0 t1 t2 "))
    assert reply.content == "t0 t1 t2 t0 t1 "
    last = gateway.requests[-1].messages[-2:]
    assert [row["content"] for row in last] == ["t0 t1 t2 ", CONTINUE_LINE]


async def test_a_new_revision_is_used_from_the_next_turn_and_recorded(
    talk: Talk, staff: User, gateway: TestGateway
) -> None:
    first = await talk.generation(await talk.ask())
    prompt = talk.conversation.prompt
    assert prompt is not None

    await talk.run(
        save_revision, prompt=prompt, text="Be brief.", note="", author=staff
    )
    second = await talk.generation(await talk.ask())

    assert first.revision is not None
    assert second.revision is not None
    assert [first.revision.number, second.revision.number] == [1, 2]
    assert gateway.requests[-1].messages[0]["content"] == "Be brief."


async def test_old_turns_leave_the_context_and_the_mark_moves(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("ok:200@5000")
    for _ in range(3):
        await talk.ask("word " * 2000)
    reply = await talk.ask("word " * 2000)
    generation = await talk.generation(reply)

    assert generation.manifest is not None
    dropped = [item for item in generation.manifest["items"] if "dropped" in str(item)]
    assert dropped
    epochs = await talk.run(list, talk.conversation.epochs.order_by("pk"))
    assert [epoch.reason for epoch in epochs] == ["start", "full", "full"]
    assert epochs[-1].turns_before == 2
    assert epochs[-1].first_message is not None


async def test_a_message_that_cannot_fit_is_refused_before_sending(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask("word " * 10_000)
    generation = await talk.generation(reply)

    assert (generation.state, generation.error_kind) == (
        State.CONTEXT_FULL,
        "too_large",
    )
    assert gateway.requests == []


async def test_a_dead_process_leaves_its_text_and_an_interrupted_answer(
    talk: Talk,
) -> None:
    await talk.use("stall:4")
    reply = await talk.send()
    await has_text(talk, reply.pk)

    await talk.run(interrupt_running)
    reply = await talk.fresh(reply)

    assert reply.content == "t0 t1 t2 t3 "
    assert (await talk.generation(reply)).state == State.INTERRUPTED


async def test_whoever_loses_the_end_changes_nothing(talk: Talk, alice: User) -> None:
    await talk.use("stall:4")
    reply = await talk.send()
    await has_text(talk, reply.pk)
    await talk.run(interrupt_running)

    await talk.run(stop_reply, reply=reply, user=alice)
    talk.hub.tasks.cancel((await talk.generation(reply)).pk)
    await talk.idle()

    assert (await talk.generation(reply)).state == State.INTERRUPTED


async def has_text(talk: Talk, pk: UUID) -> None:
    """Wait until the journal has committed what the gateway sent before a stall."""
    while True:
        rows = Generation.objects.filter(message=pk, deltas__isnull=False)
        if await talk.run(rows.exists):
            return
