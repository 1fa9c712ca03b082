"""The inspector tells the truth: what it lists is what the gateway received."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from conversations.models import (
    Conversation,
    Endpoint,
    Fact,
    Generation,
    LanguageModel,
    Message,
    Price,
    SpendingLimits,
    Summary,
    UsageRecord,
    User,
)
from conversations.rendering.figures import name_cost
from conversations.services.inspection import items as inspection_items
from conversations.services.inspection.reading import inspect_context
from conversations.services.inspection.sizes import count_of
from conversations.services.memory.pins import pin_message
from conversations.services.turns import continue_reply, stop_reply
from conversations.wire import Protocol, State
from tests.factories import make_conversation, make_model, make_prompt
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk
from tests.services.inspecting import (
    CAP,
    LONG,
    expect_sum,
    expect_true,
    inspect,
    words,
)

PROMPT = "You are kind, and brief."


@pytest.fixture
def gateway() -> Iterator[TestGateway]:
    """It counts truly, half as many tokens again as we do, and keeps prompts."""
    with TestGateway(economy=Economy(ratio=1.5, hidden=500)) as gateway:
        yield gateway


@pytest.fixture
def conversation(
    transactional_db: None, alice: User, gateway: TestGateway
) -> Conversation:
    model = make_model("ok", base_url=gateway.base_url)
    prompt = make_prompt(PROMPT, name="Helpful")
    return make_conversation(owner=alice, model=model, prompt=prompt)


@pytest.fixture
def _small(talk: Talk) -> None:
    """So little is sent at once that a few turns make the context roll."""
    LanguageModel.objects.update(context_cap=CAP)


async def test_a_first_question_is_the_prompt_and_the_question(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask("Why is the sky blue?")

    shown = await inspect(talk, reply)

    assert shown.is_sent
    assert shown.what == "the system prompt and the new message"
    assert [row.kind for row in shown.rows] == ["system", "asking"]
    assert shown.rows[0].note == "Helpful v1"
    assert shown.difference is not None
    assert shown.difference.sentence == "Nothing was sent on this branch before."
    await expect_true(talk, gateway, shown)


async def test_the_gateways_own_count_is_shown_as_it_was_reported(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask()

    shown = await inspect(talk, reply)

    usage = gateway.requests[-1].usage
    assert usage is not None
    assert shown.sizes is not None
    assert shown.sizes.counted == usage.input_tokens == shown.sizes.best
    assert shown.sizes.counted > shown.sizes.estimate
    beyond = next(band for band in shown.sizes.bands if band.kind == "more")
    assert beyond.tokens == shown.sizes.counted - shown.sizes.estimate


async def test_every_turn_of_a_growing_conversation_is_listed(
    talk: Talk, gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection_items, "MOST_TURNS", 100)
    for number in range(12):
        reply = await talk.ask(f"Question {number}?")

        shown = await inspect(talk, reply)

        await expect_true(talk, gateway, shown)
        assert shown.difference is not None
        assert shown.difference.is_new == (number == 0)


async def test_of_many_turns_both_ends_are_listed_and_the_rest_is_counted(
    talk: Talk,
) -> None:
    for number in range(10):
        reply = await talk.ask(f"Question {number}?")

    shown = await inspect(talk, reply)

    row = next(row for row in shown.rows if row.kind == "turns")
    assert row.name == "9 earlier turns"
    assert words(row.said)[::2] == ["Question 0?", "Question 1?", "Question 2?"]
    assert words(row.said_last)[::2] == ["Question 6?", "Question 7?", "Question 8?"]
    assert row.turns_between == 3
    expect_sum(row)


@pytest.mark.usefixtures("_small")
async def test_turns_that_left_before_are_counted_and_their_size_is_not_made_up(
    talk: Talk, gateway: TestGateway
) -> None:
    for _ in range(3):
        await talk.ask(LONG)
    reply = await talk.ask("Short.")

    shown = await inspect(talk, reply)

    assert shown.difference is not None
    assert not shown.difference.is_new
    left = next(row for row in shown.rows if not row.is_sent)
    assert left.name in {"1 older turn", "2 older turns"}
    assert left.tokens is None
    assert words(left.said_last)[-1] == "t0 t1 t2 t3 t4"
    await expect_true(talk, gateway, shown)


@pytest.mark.usefixtures("_small")
async def test_a_pinned_message_that_left_is_listed_with_the_notes_as_they_were_sent(
    talk: Talk, gateway: TestGateway
) -> None:
    first = await talk.ask("My boat is called Karla.")
    asked = await talk.run(Message.objects.get, pk=first.parent_id)
    await talk.run(pin_message, message=asked, user=talk.author, pinned=True)
    for _ in range(3):
        reply = await talk.ask(LONG)

    shown = await inspect(talk, reply)

    memory = next(row for row in shown.rows if row.kind == "memory")
    assert "My boat is called Karla." in memory.text
    assert [part.name for part in memory.parts] == ["Pinned message"]
    assert words(memory.parts[0].said) == ["My boat is called Karla."]
    assert "notes on what came before" in shown.what
    await expect_true(talk, gateway, shown)


@pytest.mark.usefixtures("_small")
async def test_what_is_summarised_and_remembered_is_told_apart_from_what_is_dropped(
    talk: Talk, gateway: TestGateway
) -> None:
    first = await talk.ask("My boat is called Karla.")
    await talk.run(remember, talk.conversation, first)
    for _ in range(3):
        reply = await talk.ask(LONG)

    shown = await inspect(talk, reply)

    memory = next(row for row in shown.rows if row.kind == "memory")
    parts = {part.name: part for part in memory.parts if part.is_sent}
    assert set(parts) == {"Summary", "Facts"}
    assert memory.tokens == sum(part.tokens or 0 for part in parts.values())
    assert "They talked about a boat." in memory.text
    outcomes = {row.outcome for row in shown.rows if row.kind == "turns"}
    assert "summarised" in outcomes
    await expect_true(talk, gateway, shown)


def remember(conversation: Conversation, until: Message) -> None:
    Summary.objects.create(
        conversation=conversation,
        until=until,
        text="They talked about a boat.",
        tokens=7,
    )
    Fact.objects.create(
        conversation=conversation, text="The boat is called Karla.", tokens=7
    )


async def test_a_continued_answer_has_two_requests(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("length")
    reply = await talk.ask()
    await talk.run(continue_reply, reply=reply, user=talk.author)
    await talk.idle()

    first, second = await inspect(talk, reply, 1), await inspect(talk, reply)

    assert first.attempts == second.attempts == (1, 2)
    assert [row.kind for row in first.rows] == ["system", "asking"]
    assert [row.kind for row in second.rows] == [
        "system",
        "asking",
        "partial",
        "continue",
    ]
    assert second.rows[2].text == "t0 t1 t2 "
    assert second.difference is not None
    assert second.difference.sentence.startswith("It begins with all of the request")
    await expect_true(talk, gateway, second)

    following = await inspect(talk, await talk.ask("And then?"))
    assert following.difference is not None
    assert following.difference.sentence.startswith("It begins as the request before")
    await expect_true(talk, gateway, following)


async def test_what_a_model_had_thought_is_counted_beside_its_answers(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(Endpoint.objects.update, protocol=Protocol.MESSAGES)
    await talk.use("thinking")
    await talk.ask("First?")
    reply = await talk.ask("Second?")

    shown = await inspect(talk, reply)

    asked = gateway.requests[-1].asked
    assert asked is not None
    assert asked.thoughts
    row = next(row for row in shown.rows if row.kind == "turns")
    assert row.tokens_between
    await expect_true(talk, gateway, shown)


async def test_what_was_withdrawn_or_failed_without_a_word_is_not_listed(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("endless:0@100")
    running = await talk.send("First?")
    waiting = await talk.send("Never mind.")
    await talk.run(gateway.wait_for_request)
    await talk.run(stop_reply, reply=waiting, user=talk.author)
    await talk.run(stop_reply, reply=running, user=talk.author)
    await talk.idle()
    await talk.use("ok")
    reply = await talk.ask("And now?")

    shown = await inspect(talk, reply)
    never = await inspect(talk, waiting)

    await expect_true(talk, gateway, shown)
    assert not never.is_sent
    assert never.not_sent == (
        "Nothing was sent. Withdrawn by alice before it was asked."
    )
    assert never.rows == ()


async def test_a_turn_that_waits_has_sent_nothing_yet(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("endless:0@100")
    running = await talk.send("First?")
    waiting = await talk.send("Second?")
    await talk.run(gateway.wait_for_request)

    shown, now = await inspect(talk, waiting), await inspect(talk, running)

    assert shown.not_sent == "Nothing has been sent yet: this turn waits."
    assert now.is_sent
    assert not now.is_over
    assert now.sizes is not None
    assert now.sizes.counted is None
    await talk.run(stop_reply, reply=waiting, user=talk.author)
    await talk.run(stop_reply, reply=running, user=talk.author)
    await talk.idle()


async def test_what_is_too_large_says_so_with_its_size_and_the_limit(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask("word " * 9_000)

    shown = await inspect(talk, reply)

    assert gateway.requests == []
    assert not shown.is_sent
    assert "larger than the model can take" in shown.not_sent
    assert "the limit here is" in shown.detail
    assert shown.rows[-1].reason == "Larger than what fits, even without earlier turns."
    assert shown.sizes is not None
    assert all(band.kind != "free" for band in shown.sizes.bands)


async def test_what_was_over_the_limit_on_money_was_not_sent(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(SpendingLimits.objects.create, each_person=0)

    shown = await inspect(talk, await talk.ask())

    assert gateway.requests == []
    assert shown.not_sent.startswith("Nothing was sent. ")
    assert [row.kind for row in shown.rows] == ["system", "asking"]


@pytest.mark.parametrize(("cached", "counted"), [(64, 100), (None, None)])
def test_a_count_just_as_expected_is_believed_of_who_tells_of_its_cache(
    cached: int | None, counted: int | None
) -> None:
    generation = Generation(predicted=100, manifest={"tokens": 80})
    generation.usage = UsageRecord(
        input_tokens=100, cached_input_tokens=cached, estimated=True
    )

    assert count_of(generation) == counted


async def test_a_gateway_that_does_not_count_leaves_it_unknown(talk: Talk) -> None:
    await talk.use("no-usage")

    shown = await inspect(talk, await talk.ask())

    assert shown.sizes is not None
    assert shown.sizes.counted is None
    assert shown.costs.read is None
    assert shown.is_over


async def test_the_cache_is_told_as_it_was_reported_with_its_price(
    talk: Talk, gateway: TestGateway
) -> None:
    model = await talk.run(LanguageModel.objects.get, name="ok")
    await talk.run(
        Price.objects.create, model=model, input=1_000, cached_input=100, output=2_000
    )
    await talk.ask(LONG * 6)
    reply = await talk.ask("And now?")

    shown = await inspect(talk, reply)

    usage = gateway.requests[-1].usage
    assert usage is not None
    assert usage.cached_input_tokens
    assert usage.input_tokens
    assert usage.output_tokens
    assert shown.costs.read == usage.cached_input_tokens
    fresh = usage.input_tokens - usage.cached_input_tokens
    written = usage.output_tokens * 2_000
    million = Decimal(1_000_000)
    paid = (fresh * 1_000 + usage.cached_input_tokens * 100 + written) / million
    whole = (usage.input_tokens * 1_000 + written) / million
    assert shown.costs.cost == name_cost(paid)
    assert shown.costs.without_cache == name_cost(whole)


async def test_an_attempt_that_never_was_is_not_found(talk: Talk) -> None:
    reply = await talk.ask()

    assert await talk.run(inspect_context, reply=reply, attempt=7) is None
    assert (await talk.generation(reply)).state == State.COMPLETE
