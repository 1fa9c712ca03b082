"""Contexts that only grow until they are full, as a conversation goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from conversations.models import Epoch, Generation, LanguageModel
from conversations.services.epochs import ask_roll
from conversations.services.memory.facts import add_fact, delete_fact, restore_fact
from conversations.services.prompts import save_revision
from conversations.services.rebuilding import rebuild_request
from conversations.wire import RollReason, State
from tests.factories import make_model, make_user
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk

LONG = "word " * 800
HIDDEN = 23_000
TEA = "Alice likes tea."


@pytest.fixture
async def counting(talk: Talk, gateway: TestGateway) -> AsyncIterator[Economy]:
    """A gateway that tells how many tokens it truly reads, and hides some."""
    gateway.state.economy = Economy(hidden=HIDDEN, ratio=1.5)
    await talk.run(LanguageModel.objects.update, window=200_000)
    await talk.run(talk.conversation.refresh_from_db)
    yield gateway.state.economy
    gateway.state.economy = None


async def reasons(talk: Talk) -> list[str]:
    rows = Epoch.objects.filter(conversation=talk.conversation).order_by("pk")
    return await talk.run(lambda: list(rows.values_list("reason", flat=True)))


async def fill(talk: Talk, turns: int) -> None:
    for _ in range(turns):
        await talk.ask(LONG)


async def test_within_an_epoch_a_request_begins_with_the_one_before(
    talk: Talk, gateway: TestGateway
) -> None:
    await fill(talk, 4)

    sent = [request.messages for request in gateway.requests]
    for earlier, later in pairwise(sent):
        assert later[: len(earlier)] == earlier
    assert await reasons(talk) == [RollReason.START]


async def test_a_full_context_loses_its_oldest_turns_at_once_and_then_grows_again(
    talk: Talk, gateway: TestGateway
) -> None:
    await fill(talk, 12)

    assert await reasons(talk) == [RollReason.START, RollReason.FULL, RollReason.FULL]
    sizes = [len(request.messages) for request in gateway.requests]
    falls = [one for one, other in pairwise(sizes) if other < one]
    assert len(falls) == 2
    rolled = await talk.run(Epoch.objects.latest, "pk")
    assert (rolled.predicted_before or 0) > 0.8 * 8192
    assert rolled.turns_before > 2


async def test_the_newest_turn_stays_though_it_is_more_than_a_roll_leaves(
    talk: Talk, gateway: TestGateway
) -> None:
    for words in (2_000, 3_000, 900):
        await talk.ask("word " * words)

    assert await reasons(talk) == [RollReason.START, RollReason.FULL]
    rolled = await talk.run(Epoch.objects.latest, "pk")
    assert rolled.turns_before == 1
    roles = [message["role"] for message in gateway.requests[-1].messages]
    assert roles == ["system", "user", "assistant", "user"]


async def test_another_model_begins_an_epoch_and_the_first_goes_on_with_its_own(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("One")
    first = talk.conversation.model
    other = await talk.run(make_model, "ok:2", base_url=gateway.base_url)
    talk.conversation.model = other
    await talk.run(talk.conversation.save)
    await talk.ask("Two")
    talk.conversation.model = first
    await talk.run(talk.conversation.save)
    reply = await talk.ask("Three")

    assert await reasons(talk) == [RollReason.START, RollReason.MODEL]
    generation = await talk.generation(reply)
    oldest = await talk.run(Epoch.objects.earliest, "pk")
    assert generation.epoch_id == oldest.pk
    sent = [request.messages for request in gateway.requests]
    assert sent[2][: len(sent[0])] == sent[0]
    assert len(sent[2]) == len(sent[1]) + 2


async def test_a_new_revision_of_the_prompt_begins_an_epoch(talk: Talk) -> None:
    await talk.ask()
    prompt = talk.conversation.prompt
    assert prompt is not None
    staff = await talk.run(make_user, "staff", is_staff=True)
    await talk.run(
        save_revision, prompt=prompt, text="Be brief.", note="", author=staff
    )
    await talk.ask()
    await talk.ask()

    assert await reasons(talk) == [RollReason.START, RollReason.PROMPT]


async def test_a_person_may_ask_for_a_new_epoch(talk: Talk) -> None:
    await talk.ask()
    await talk.run(ask_roll, conversation=talk.conversation)
    await talk.run(talk.conversation.refresh_from_db)
    await talk.ask()
    await talk.ask()

    assert await reasons(talk) == [RollReason.START, RollReason.HAND]


async def test_a_fact_that_was_deleted_and_came_back_changes_no_epoch(
    talk: Talk, gateway: TestGateway
) -> None:
    """Sent again is what an epoch began with, and the fact anew from the next on."""
    fact = await talk.run(
        add_fact, conversation=talk.conversation, text=TEA, author=talk.author
    )
    for changes in ((delete_fact, restore_fact), (delete_fact,), (restore_fact,), ()):
        await talk.run(ask_roll, conversation=talk.conversation)
        await talk.run(talk.conversation.refresh_from_db)
        await talk.ask("One")
        for change in changes:
            await talk.run(change, fact=fact)
            await talk.ask("Two")

    said = [TEA in str(request.messages) for request in gateway.requests]
    assert said == [True, True, True, True, True, False, False, True]
    rows = Generation.objects.select_related("message").order_by("pk")
    for row, came in zip(await talk.run(list, rows), gateway.requests, strict=True):
        rebuilt = await talk.run(rebuild_request, generation=row)
        assert rebuilt.body == came.body, rebuilt.problem


async def test_what_a_gateway_finds_too_long_rolls_and_says_so(
    talk: Talk, gateway: TestGateway
) -> None:
    await fill(talk, 3)
    await talk.use("window:2400+ok")
    reply = await talk.ask("And now?")

    assert (await reasons(talk))[-1] == RollReason.TOO_LONG
    generation = await talk.generation(reply)
    assert (generation.state, generation.trimmed) == (State.COMPLETE, True)


async def test_only_the_last_turns_are_sent_where_an_admin_wants_that(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.run(LanguageModel.objects.update, context_turns=2)
    await talk.run(talk.conversation.refresh_from_db)
    for number in range(5):
        await talk.ask(f"Question {number}")

    asked = [one["content"] for one in gateway.requests[-1].messages]
    assert [text for text in asked if str(text).startswith("Question")] == [
        "Question 2",
        "Question 3",
        "Question 4",
    ]
    assert (await reasons(talk))[-1] == RollReason.LAST_TURNS


async def test_a_cap_of_an_admin_is_a_budget(talk: Talk) -> None:
    await talk.run(LanguageModel.objects.update, context_cap=2_000, context_keep=30)
    await talk.run(talk.conversation.refresh_from_db)
    await fill(talk, 4)

    assert not await talk.run(Generation.objects.filter(predicted__gt=2_000).exists)
    assert not await talk.run(Generation.objects.filter(predicted=None).exists)
    assert RollReason.FULL in await reasons(talk)


async def test_what_a_gateway_will_count_is_learned(
    talk: Talk, gateway: TestGateway, counting: Economy
) -> None:
    for number in range(8):
        await talk.ask("More of this and that. " * (20 + 7 * number))

    rows = Generation.objects.order_by("pk").values_list(
        "predicted", "usage__input_tokens"
    )
    counted = [(said or 0, real or 0) for said, real in await talk.run(list, rows)]
    errors = [abs(said - real) / real for said, real in counted]
    assert sum(errors[1:]) / len(errors[1:]) < 0.02
