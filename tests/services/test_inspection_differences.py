"""What is different from the request before, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conversations.models import (
    Endpoint,
    Generation,
    LanguageModel,
    Message,
    PromptRevision,
    SystemPrompt,
)
from conversations.services.branching.retrying import retry_reply
from conversations.services.epochs import ask_roll
from conversations.wire import Protocol, State
from tests.factories import make_answered_turn
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk
from tests.services.inspecting import CAP, LONG, expect_true, inspect, words


@pytest.fixture
def gateway() -> Iterator[TestGateway]:
    """It counts truly, half as many tokens again as we do, and keeps prompts."""
    with TestGateway(economy=Economy(ratio=1.5, hidden=500)) as gateway:
        yield gateway


@pytest.fixture
def _small(talk: Talk) -> None:
    """So little is sent at once that a few turns make the context roll."""
    LanguageModel.objects.update(context_cap=CAP)


async def test_the_next_request_begins_with_the_one_before(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("First?")
    reply = await talk.ask("Second?")

    shown = await inspect(talk, reply)

    first = gateway.requests[0].usage
    assert first is not None
    assert shown.difference is not None
    assert shown.difference.sentence == (
        f"It begins with all of the request before: {first.input_tokens} tokens."
    )
    assert words(shown.difference.fresh) == ["t0 t1 t2 t3 t4", "Second?"]


async def test_what_no_gateway_counted_is_as_large_as_was_expected(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("First?")
    gateway.script("ok", "no-usage")
    uncounted = await talk.ask("Second?")
    reply = await talk.ask("Third?")

    shown, before = await inspect(talk, reply), await inspect(talk, uncounted)

    assert before.sizes is not None
    assert before.sizes.counted is None
    assert before.sizes.best > before.sizes.estimate + 500
    assert shown.difference is not None
    assert shown.difference.sentence == (
        f"It begins with all of the request before: about {before.sizes.best} tokens."
    )


async def test_what_was_withdrawn_is_not_called_new_in_a_request(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("First?")
    await talk.run(
        make_answered_turn, talk.conversation, "Never mind.", "", state=State.STOPPED
    )
    reply = await talk.ask("And now?")

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert "Never mind." not in words(shown.difference.fresh)
    assert words(shown.difference.fresh)[-1] == "And now?"
    assert "Never mind." not in str(gateway.requests[-1].body)


@pytest.mark.usefixtures("_small")
async def test_after_a_roll_it_says_why_and_what_left(
    talk: Talk, gateway: TestGateway
) -> None:
    rolled = []
    for _ in range(4):
        shown = await inspect(talk, await talk.ask(LONG))
        await expect_true(talk, gateway, shown)
        if shown.difference and shown.difference.is_new:
            rolled.append(shown)

    _, shown, *_ = rolled
    difference = shown.difference
    assert difference is not None
    assert difference.sentence.startswith("The context was full: it would have taken ")
    assert "left the context" in difference.points[0]
    assert "Nothing is sent in their place." in difference.points
    left = next(row for row in shown.rows if not row.is_sent)
    assert (left.outcome, left.reason) == ("dropped", "Older than what fits.")


async def test_an_answer_tried_again_was_the_same_request(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask()
    await talk.run(retry_reply, reply=reply, user=talk.author)
    await talk.idle()
    again = await talk.run(Message.objects.latest, "seq")

    shown = await inspect(talk, again)

    assert shown.difference is not None
    assert shown.difference.sentence.startswith("It is the request before once more:")
    assert shown.difference.fresh == ()
    assert gateway.requests[0].body == gateway.requests[1].body
    await expect_true(talk, gateway, shown)


async def test_a_new_version_of_the_prompt_is_named(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask()
    prompt = await talk.run(SystemPrompt.objects.get)
    await talk.run(
        PromptRevision.objects.create, prompt=prompt, number=2, text="Be long."
    )
    reply = await talk.ask()

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert shown.difference.sentence == (
        "The system prompt has changed, so the context began anew."
    )
    assert shown.difference.points == (
        f"System prompt: {prompt.name} v2; before it {prompt.name} v1.",
    )
    await expect_true(talk, gateway, shown)


async def test_another_model_is_named(talk: Talk, gateway: TestGateway) -> None:
    await talk.ask()
    await talk.use("echo")
    reply = await talk.ask()

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert shown.difference.sentence == (
        "Another model answers, so the context began anew."
    )
    assert shown.difference.points == ("Model: echo; before it ok.",)
    await expect_true(talk, gateway, shown)


async def test_a_roll_that_somebody_asked_for_is_named(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask()
    await talk.run(ask_roll, conversation=talk.conversation)
    reply = await talk.ask()

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert shown.difference.sentence == (
        "Somebody asked for the context to begin anew."
    )
    await expect_true(talk, gateway, shown)


async def test_what_the_gateway_found_too_long_shows_what_it_took_in_the_end(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("window:1500+ok")
    for _ in range(6):
        reply = await talk.ask(LONG)
        if (await talk.generation(reply)).trimmed:
            break

    shown = await inspect(talk, reply)

    assert [request.status for request in gateway.requests[-2:]] == [400, 200]
    assert shown.difference is not None
    assert shown.difference.sentence == (
        "The gateway found it too long, so the oldest turns left."
    )
    await expect_true(talk, gateway, shown)


async def test_where_only_the_last_turns_are_sent_it_says_so(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(LanguageModel.objects.update, context_turns=2)
    for number in range(4):
        reply = await talk.ask(f"Question {number}?")

    shown = await inspect(talk, reply)

    assert "2 earlier turns" in shown.what
    assert shown.difference is not None
    assert shown.difference.sentence == (
        "Only the last turns are sent: with each new one the oldest leaves."
    )
    assert "1 turn left the context." in shown.difference.points
    await expect_true(talk, gateway, shown)


async def test_the_same_model_in_another_protocol_is_not_called_another_model(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask()
    await talk.run(Endpoint.objects.update, protocol=Protocol.RESPONSES)
    reply = await talk.ask()

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert shown.difference.sentence.startswith("The model is reached at another")
    assert shown.difference.points == ()
    await expect_true(talk, gateway, shown)


async def test_thoughts_that_were_not_taken_back_are_named(talk: Talk) -> None:
    await talk.ask("First?")
    reply = await talk.ask("Second?")
    second = await talk.generation(reply)
    earlier = Generation.objects.exclude(pk=second.pk)
    await talk.run(earlier.update, items_refused_at=second.started_at)

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert shown.difference.sentence == (
        "It goes on from the request before, but not with the same bytes."
    )
    assert "were sent as text" in shown.difference.points[0]


async def test_a_request_of_before_epochs_says_what_is_not_recorded(talk: Talk) -> None:
    await talk.ask("First?")
    reply = await talk.ask("Second?")
    await talk.run(Generation.objects.update, epoch=None, predicted=None)

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert shown.difference.sentence == (
        "How it goes on from the request before is not recorded."
    )
    assert [row.kind for row in shown.rows] == ["system", "turns", "asking"]
