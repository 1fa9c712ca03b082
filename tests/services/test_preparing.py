"""Summaries and facts in the background: in time, paid for, and never in the way."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from conversations import limits
from conversations.models import (
    ContextPolicy,
    Conversation,
    Epoch,
    Fact,
    LanguageModel,
    SpendingLimits,
    Summary,
    UsageRecord,
    User,
)
from conversations.services.deleting import delete_conversation
from conversations.services.epochs import ask_roll
from conversations.services.memory import preparing, rests
from conversations.services.memory.facts import list_facts
from conversations.services.memory.preparing import prepare
from conversations.services.memory.summaries import edit_summary, switch_summaries
from conversations.wire import State
from tests.factories import make_model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conversations.models import Message
    from tests.gateway import Recorded, TestGateway
    from tests.services.conftest import Talk

# Of a budget of a thousand tokens a turn takes about 320: after the third the next is
# near it, and with the fourth the context rolls.
ANSWERS = "ok:30+counts"
CAP_TOKENS = 1_000
NEAR_TURNS = 3
ROLL_TURNS = 4
LONG_WORDS = 250
PURPOSE = UsageRecord.Purpose


class Longer:
    """A conversation that does not fit for ever, and a model that writes of it."""

    def __init__(self, talk: Talk, gateway: TestGateway) -> None:
        self.talk = talk
        self.gateway = gateway
        self.asked = 0

    def set_up(self, scenario: str) -> None:
        model = self.talk.conversation.model
        assert model is not None
        LanguageModel.objects.filter(pk=model.pk).update(
            name=ANSWERS, context_cap=CAP_TOKENS, context_keep=50
        )
        writer = make_model(scenario, base_url=self.gateway.base_url)
        ContextPolicy.objects.create(summary_model=writer)

    async def ask(self, turns: int = 1, *, words: int = LONG_WORDS) -> Message:
        """Ask a question of so many words so many times; return the last reply."""
        for _ in range(turns):
            self.asked += 1
            reply = await self.talk.ask(f"question {self.asked} {'word ' * words}")
        return reply

    async def behave(self, scenario: str) -> None:
        """Let the model that writes summaries do something else from now on."""
        await self.talk.run(
            LanguageModel.objects.exclude(name=ANSWERS).update, name=scenario
        )

    async def summaries(self) -> list[Summary]:
        rows = Summary.objects.select_related("usage", "until").order_by("pk")
        return await self.talk.run(list, rows)

    async def facts(self) -> list[Fact]:
        return await self.talk.run(list_facts, conversation=self.talk.conversation)

    async def purposes(self) -> list[str]:
        rows = UsageRecord.objects.order_by("pk").values_list("purpose", flat=True)
        return await self.talk.run(list, rows.exclude(purpose=PURPOSE.ANSWER))

    async def epoch(self) -> Epoch:
        rows = Epoch.objects.select_related("facts_usage").order_by("-pk")
        return await self.talk.run(rows[:1].get)

    def requests_for(self, model: str) -> list[Recorded]:
        return [one for one in self.gateway.requests if one.model == model]

    @property
    def last_sent(self) -> str:
        """The newest request for an answer, as text."""
        return json.dumps(self.requests_for(ANSWERS)[-1].json, ensure_ascii=False)


@pytest.fixture
async def longer(talk: Talk, gateway: TestGateway) -> AsyncIterator[Longer]:
    longer = Longer(talk, gateway)
    await talk.run(longer.set_up, "notes")
    yield longer
    rests._failed.clear()
    assert not preparing._busy
    assert not preparing._next


async def test_far_from_the_budget_nothing_is_asked(longer: Longer) -> None:
    await longer.ask(NEAR_TURNS - 1)

    assert longer.requests_for("notes") == []


async def test_a_summary_is_ready_before_it_is_needed(longer: Longer) -> None:
    await longer.ask(NEAR_TURNS)

    (summary,) = await longer.summaries()
    assert summary.text.startswith("user: question 1")
    assert "question 2" in summary.text
    assert summary.model_title == "notes"
    assert (await longer.epoch()).reason == "start"


async def test_what_it_cost_is_on_a_line_of_its_own(longer: Longer) -> None:
    await longer.ask(NEAR_TURNS)

    (summary,) = await longer.summaries()
    assert summary.usage is not None
    assert summary.usage.purpose == PURPOSE.SUMMARY
    assert summary.usage.user_id == longer.talk.author.pk
    assert await longer.purposes() == [PURPOSE.SUMMARY]


async def test_it_is_not_written_again_for_each_turn(longer: Longer) -> None:
    reply = await longer.ask(NEAR_TURNS)
    generation = await longer.talk.generation(reply)

    await prepare(generation.pk)
    await prepare(generation.pk)

    assert len(longer.requests_for("notes")) == 1


async def test_the_next_roll_uses_it(longer: Longer) -> None:
    await longer.ask(ROLL_TURNS)

    (summary,) = await longer.summaries()
    epoch = await longer.epoch()
    assert (epoch.reason, epoch.summary_id) == ("full", summary.pk)
    assert "user: question 1" in longer.last_sent
    assert "question 1 word word word word word word word word word" not in (
        longer.last_sent
    )


async def test_an_edited_one_is_used_from_the_next_roll(
    longer: Longer, alice: User
) -> None:
    await longer.ask(ROLL_TURNS)
    (summary,) = await longer.summaries()
    await longer.talk.run(
        edit_summary,
        conversation=longer.talk.conversation,
        summary=summary,
        text="Alice counts to seven.",
        author=alice,
    )

    await longer.ask(words=1)
    assert "Alice counts to seven." not in longer.last_sent
    await longer.talk.run(ask_roll, conversation=longer.talk.conversation)
    await longer.ask(words=1)
    assert "Alice counts to seven." in longer.last_sent


async def test_what_comes_after_goes_on_from_an_edited_one(
    longer: Longer, alice: User
) -> None:
    await longer.ask(ROLL_TURNS)
    (summary,) = await longer.summaries()
    await longer.talk.run(
        edit_summary,
        conversation=longer.talk.conversation,
        summary=summary,
        text="Alice counts to seven.",
        author=alice,
    )

    await longer.ask(2)

    newest = (await longer.summaries())[-1]
    assert newest.until.seq > summary.until.seq
    assert newest.text.startswith("Alice counts to seven.")
    assert "user: question 1 " not in newest.text


async def test_one_that_is_switched_off_is_neither_written_nor_sent(
    longer: Longer,
) -> None:
    await longer.ask(NEAR_TURNS)
    await longer.talk.run(
        switch_summaries, conversation=longer.talk.conversation, on=False
    )

    await longer.ask(3)

    assert len(await longer.summaries()) == 1
    assert (await longer.epoch()).summary_id is None
    asked_for = [PURPOSE.SUMMARY, PURPOSE.FACTS, PURPOSE.FACTS]
    assert await longer.purposes() == asked_for


async def test_what_left_without_a_summary_gets_one_after(longer: Longer) -> None:
    await longer.behave("error:500")
    await longer.ask(ROLL_TURNS - 1)
    await longer.behave("notes")

    reply = await longer.ask()

    epoch = await longer.epoch()
    assert (epoch.message_id, epoch.summary_id) == (reply.pk, None)
    (summary,) = await longer.summaries()
    children = await longer.talk.run(
        list, summary.until.children.values_list("pk", flat=True)
    )
    assert children == [epoch.first_message]


async def test_facts_are_found_in_what_left_and_come_with_their_source(
    longer: Longer,
) -> None:
    await longer.ask(ROLL_TURNS)

    first, second = await longer.facts()
    assert first.text.startswith("It was said: question 1")
    assert first.source is not None
    source = await longer.talk.fresh(first.source)
    assert source.content.startswith("question 1")
    assert second.source is not None
    assert second.source.parent_id == first.source_id
    epoch = await longer.epoch()
    assert epoch.facts_read_at is not None
    assert epoch.facts_usage is not None
    assert epoch.facts_usage.purpose == PURPOSE.FACTS


async def test_each_turn_is_searched_for_facts_once(longer: Longer) -> None:
    await longer.ask(ROLL_TURNS + 4)

    records = [
        str(one.json["messages"])
        for one in longer.requests_for("notes")
        if "Now answer with the JSON." in str(one.json["messages"])
    ]
    assert len(records) > 1
    for number in range(1, ROLL_TURNS):
        said = f'"text": "question {number} '
        assert len([record for record in records if said in record]) == 1


async def test_facts_are_not_looked_for_where_admins_do_not_want_it(
    longer: Longer,
) -> None:
    await longer.talk.run(ContextPolicy.objects.update, extracts_facts=False)

    await longer.ask(ROLL_TURNS)

    assert await longer.purposes() == [PURPOSE.SUMMARY]


async def test_without_a_model_nothing_is_asked(longer: Longer) -> None:
    await longer.talk.run(ContextPolicy.objects.update, summary_model=None)

    await longer.ask(ROLL_TURNS)

    assert longer.requests_for("notes") == []
    assert (await longer.epoch()).reason == "full"


async def test_a_model_that_is_disabled_is_not_asked(longer: Longer) -> None:
    await longer.talk.run(
        LanguageModel.objects.filter(name="notes").update, enabled=False
    )

    await longer.ask(ROLL_TURNS)

    assert longer.requests_for("notes") == []


@pytest.mark.parametrize(
    "scenario",
    ["error:500", "error:401", "drop:3", "refusal", "nothing", "tool-calls", "html"],
)
async def test_whatever_fails_the_conversation_goes_on(
    longer: Longer, scenario: str, caplog: pytest.LogCaptureFixture
) -> None:
    await longer.behave(scenario)

    with caplog.at_level(logging.WARNING, logger=preparing.__name__):
        reply = await longer.ask(ROLL_TURNS)

    generation = await longer.talk.generation(reply)
    assert generation.state == State.COMPLETE
    assert (await longer.epoch()).reason == "full"
    assert await longer.summaries() == []
    lines = [one.getMessage() for one in caplog.records]
    assert lines
    for line in lines:
        assert "could not be prepared" in line
        assert "question" not in line
        assert "\n" not in line


async def test_a_limit_on_money_holds_for_it_too(longer: Longer) -> None:
    await longer.behave("error:500")
    generation = await longer.talk.generation(await longer.ask(NEAR_TURNS))
    await longer.behave("notes")
    await longer.talk.run(SpendingLimits.objects.create, everyone=0)

    await prepare(generation.pk)

    assert longer.requests_for("notes") == []
    await longer.talk.run(SpendingLimits.objects.update, everyone=None)
    await prepare(generation.pk)
    assert len(longer.requests_for("notes")) == 1


async def test_a_model_that_gives_nothing_is_not_paid_for_ever(longer: Longer) -> None:
    await longer.behave("nothing")

    await longer.ask(ROLL_TURNS + 2)

    assert (await longer.purposes()).count(PURPOSE.SUMMARY) == rests.MOST_FAILURES


async def test_a_model_that_rests_is_asked_again_later(
    longer: Longer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await longer.behave("nothing")
    await longer.ask(ROLL_TURNS + 2)
    await longer.behave("notes")

    await longer.ask()
    assert await longer.summaries() == []
    monkeypatch.setattr(rests, "REST_SECONDS", 0)
    await longer.ask()

    assert await longer.summaries() != []


async def test_a_summary_without_end_is_cut(
    longer: Longer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.limits.SUMMARY_BYTES", 100)
    await longer.behave("ok:2000")

    await longer.ask(NEAR_TURNS)

    (summary,) = await longer.summaries()
    assert len(summary.text.encode()) <= 100
    assert summary.text.endswith("…")


@pytest.mark.parametrize("scenario", ["json-wrong", "json-refusal", "json-truncated"])
async def test_an_answer_that_holds_no_facts_is_not_asked_for_again(
    longer: Longer, scenario: str
) -> None:
    await longer.behave(scenario)

    await longer.ask(ROLL_TURNS + 1)

    assert await longer.facts() == []
    assert (await longer.purposes()).count(PURPOSE.FACTS) == 1
    assert (await longer.epoch()).facts_read_at is not None


async def test_what_does_not_fit_at_once_is_read_in_pieces(longer: Longer) -> None:
    await longer.talk.run(
        LanguageModel.objects.filter(name="notes").update, window=1_600
    )

    await longer.ask(NEAR_TURNS * 2, words=LONG_WORDS // 3)

    summaries = await longer.summaries()
    assert len(summaries) > 1
    assert len(longer.requests_for("notes")) == len(summaries)
    assert "question 1" in summaries[-1].text
    assert summaries[0].until.seq < summaries[-1].until.seq


async def test_one_conversation_is_prepared_once_at_a_time(longer: Longer) -> None:
    await longer.behave("error:500")
    generation = await longer.talk.generation(await longer.ask(NEAR_TURNS))
    await longer.behave("notes")

    await asyncio.gather(*(prepare(generation.pk) for _ in range(3)))

    assert len(longer.requests_for("notes")) == 1
    assert len(await longer.summaries()) == 1


async def test_an_answer_that_ends_meanwhile_is_looked_at_next(longer: Longer) -> None:
    """What left with it waits for no later one, though the model is slow."""
    talk = longer.talk
    await longer.ask(NEAR_TURNS - 1)
    with longer.gateway.holding("notes"):
        for _ in range(2):
            reply = await talk.send("word " * LONG_WORDS)
        while (await talk.generation(reply)).state != State.COMPLETE:
            await asyncio.sleep(0)
        assert len(longer.requests_for("notes")) == 1
    await talk.idle()

    assert (await longer.epoch()).reason == "full"
    assert await longer.facts() != []
    assert len(await longer.summaries()) == 1


async def test_a_slow_model_has_the_time_it_takes(
    longer: Longer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heart beats meanwhile, and the answer that it follows has ended."""
    talk = longer.talk
    await longer.ask(NEAR_TURNS - 1)
    with longer.gateway.holding("notes"):
        reply = await talk.send("word " * LONG_WORDS)
        while not longer.requests_for("notes"):
            await asyncio.sleep(0)
        monkeypatch.setattr(limits, "HEARTBEAT_SECONDS", 0)
        await talk.hub._beat()
        assert (await talk.generation(reply)).state == State.COMPLETE
    await talk.idle()

    assert len(await longer.summaries()) == 1


async def test_a_conversation_may_be_deleted_meanwhile(
    longer: Longer, caplog: pytest.LogCaptureFixture
) -> None:
    slow = "notes:2@100"
    await longer.behave(slow)
    await longer.ask(NEAR_TURNS - 1)
    asking = asyncio.ensure_future(longer.talk.send("word " * LONG_WORDS))
    await asyncio.to_thread(longer.gateway.wait_for_request, count=NEAR_TURNS + 1)

    await longer.talk.run(delete_conversation, conversation=longer.talk.conversation)
    await longer.talk.idle()

    assert asking.done()
    assert len(longer.requests_for(slow)) == 1
    assert await longer.summaries() == []
    assert "deleted" in caplog.records[-1].getMessage()


async def test_nothing_of_a_conversation_is_sent_that_is_being_deleted(
    longer: Longer,
) -> None:
    await longer.talk.run(ContextPolicy.objects.all().delete)
    generation = await longer.talk.generation(await longer.ask(NEAR_TURNS))
    writer = await longer.talk.run(LanguageModel.objects.get, name="notes")
    await longer.talk.run(ContextPolicy.objects.create, summary_model=writer)
    longer.gateway.clear()
    conversations = Conversation.objects.filter(pk=longer.talk.conversation.pk)
    await longer.talk.run(conversations.update, deleted_at=timezone.now())

    await prepare(generation.pk)

    assert longer.gateway.requests == []


async def test_what_is_gone_is_not_prepared(longer: Longer) -> None:
    await prepare(987_654)

    assert longer.gateway.requests == []
