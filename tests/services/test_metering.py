"""What the next request takes and costs, said before it is sent."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from conversations.context.tokens import count
from conversations.gateways.prices import cost_of
from conversations.models import (
    ContextPolicy,
    Conversation,
    Generation,
    LanguageModel,
    Message,
    Price,
    PromptRevision,
    SpendingLimits,
    Summary,
    UsageRecord,
    User,
)
from conversations.services.epochs import ask_roll
from conversations.services.errors import RefusedError
from conversations.services.meter.metering import (
    Meter,
    meter_edit,
    meter_first,
    meter_message,
)
from conversations.services.meter.refusing import refuse_too_large
from conversations.services.spending import settle
from conversations.wire import Prices, Protocol, Rates, State, Usage
from tests.contract.surfaces import Surface, make_surface
from tests.factories import make_conversation, make_message, make_model, make_prompt
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk
from tests.services.test_branches import edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversations.live.hub import Hub

SENTENCE = (
    "the winter harbour keeps its boats under canvas while someone counts the ropes "
    "and writes every number twice, because a rope that is missing in spring costs more"
)
WORDS = SENTENCE.split()
RATES = Rates(
    input=Decimal(3),
    cached_input=Decimal("0.3"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal(6),
    output=Decimal(15),
)
OPENAI = Surface("openai", Protocol.RESPONSES)
ANTHROPIC = Surface("anthropic", Protocol.MESSAGES)


def prose(words: int, seed: int = 0) -> str:
    chosen = random.Random(seed).choices(WORDS, k=words)
    return " ".join(chosen)


@pytest.fixture
def gateway() -> Iterator[TestGateway]:
    """One that counts truthfully, with a cache."""
    with TestGateway(economy=Economy()) as gateway:
        yield gateway


def set_price(model: LanguageModel, rates: Rates = RATES) -> None:
    Price.objects.create(
        model=model,
        effective_from=timezone.now(),
        input=rates.input,
        cached_input=rates.cached_input,
        cache_write=rates.cache_write,
        cache_write_1h=rates.cache_write_1h,
        output=rates.output,
    )


async def meter(talk: Talk, content: str = "And then?") -> Meter:
    """Look at the meter as the page does, with the conversation as it is now."""

    def look() -> Meter | None:
        conversation = Conversation.objects.select_related(
            "model__gateway", "prompt"
        ).get(pk=talk.conversation.pk)
        return meter_message(
            conversation=conversation, user=talk.author, content=content
        )

    found = await talk.run(look)
    assert found is not None
    return found


async def usage_of(talk: Talk, reply: Message) -> UsageRecord:
    return await talk.run(UsageRecord.objects.get, generation__message=reply.pk)


async def set_model(talk: Talk, **values: object) -> None:
    def write() -> None:
        assert talk.conversation.model is not None
        rows = LanguageModel.objects.filter(pk=talk.conversation.model.pk)
        rows.update(**values)
        talk.conversation.refresh_from_db()

    await talk.run(write)


# Tokens.


@pytest.mark.parametrize(("hidden", "ratio"), [(0, 1.0), (23_000, 1.5)])
async def test_the_meter_says_what_the_gateway_will_count(
    talk: Talk, gateway: TestGateway, hidden: int, ratio: float
) -> None:
    gateway.state.economy = Economy("none", hidden=hidden, ratio=ratio)
    await set_model(talk, name="ok:200", window=400_000)
    for turn, words in enumerate([400, 900, 30, 250, 700]):
        text = prose(words, seed=turn)
        said = await meter(talk, text)
        counted = (await usage_of(talk, await talk.ask(text))).input_tokens
        assert counted is not None
        # Of an offset nobody can know before the first answer.
        if turn > 1:
            assert said.tokens == pytest.approx(counted, rel=0.02)
            assert counted > hidden


async def test_the_meter_agrees_with_the_plan(talk: Talk) -> None:
    await set_model(talk, name="length:40", window=100_000)
    await talk.ask(prose(300))
    await set_model(talk, name="ok:80")
    for words in (200, 500):
        said = await meter(talk, prose(words))
        generation = await talk.generation(await talk.ask(prose(words)))
        assert said.tokens == generation.predicted


async def test_after_another_model_answered_everything_counts_again(
    talk: Talk,
) -> None:
    await set_model(talk, window=100_000)
    for words in (300, 500):
        await talk.ask(prose(words))
    await set_model(talk, name="ok:7")

    said = await meter(talk, prose(100))

    generation = await talk.generation(await talk.ask(prose(100)))
    assert said.tokens == generation.predicted
    assert said.cached is None


async def test_a_roll_that_is_asked_for_is_known(talk: Talk) -> None:
    await set_model(talk, window=100_000)
    for words in (300, 500):
        await talk.ask(prose(words))
    await talk.run(ask_roll, conversation=talk.conversation)

    said = await meter(talk)

    await talk.run(talk.conversation.refresh_from_db)
    generation = await talk.generation(await talk.ask("And then?"))
    assert said.tokens == generation.predicted
    assert said.cached is None


async def test_of_the_last_turns_only_those_count(talk: Talk) -> None:
    await set_model(talk, window=100_000, context_turns=2)
    for number in range(4):
        await talk.ask(prose(200, seed=number))

    said = await meter(talk)

    generation = await talk.generation(await talk.ask("And then?"))
    assert said.tokens == generation.predicted


async def test_messages_that_wait_and_their_answers_count_too(
    talk: Talk, gateway: TestGateway
) -> None:
    await set_model(talk, name="ok:300", window=100_000)
    await talk.ask(prose(300))
    alone = await meter(talk)
    await set_model(talk, name="endless:0@20")
    running = await talk.send(prose(200))
    queued = await talk.send(prose(400))

    said = await meter(talk)

    texts = sum(count(prose(words)) for words in (200, 400))
    answers = 2 * 300
    assert said.tokens - alone.tokens >= texts + answers
    assert (await talk.fresh(running)).tokens is None
    assert (await talk.fresh(queued)).tokens is None


async def test_what_was_withdrawn_does_not_count(talk: Talk) -> None:
    await set_model(talk, window=100_000)
    await talk.ask(prose(300))
    before = await meter(talk)
    withdrawn = await talk.send(prose(400))
    await talk.idle()
    rows = Generation.objects.filter(message=withdrawn.pk)
    never = {"started_at": None, "epoch": None, "estimate": None}
    await talk.run(rows.update, state=State.STOPPED, **never)
    texts = Message.objects.filter(pk=withdrawn.pk)
    await talk.run(texts.update, content="", tokens=None)

    assert (await meter(talk)).tokens == before.tokens


async def test_an_answer_that_nobody_has_counted_is_counted_once(talk: Talk) -> None:
    reply = await talk.ask(prose(50))
    rows = Message.objects.filter(pk=reply.pk)
    await talk.run(rows.update, tokens=None)

    await meter(talk)

    assert (await talk.fresh(reply)).tokens == count(reply.content)


# Price.


async def talk_on(
    hub: Hub, gateway: TestGateway, alice: User, surface: Surface, name: str
) -> Talk:
    def make() -> Talk:
        model = make_surface(surface, gateway, name=name)
        LanguageModel.objects.update(listed_window=100_000, abilities={})
        set_price(model)
        gateway.alias(name, "ok:60")
        return Talk(
            hub, make_conversation(alice, model=model, prompt=make_prompt()), alice
        )

    return await hub.readers.run(make)


CACHES = [
    (OPENAI, "gpt-5", "automatic"),
    (OPENAI, "gpt-6", "implicit"),
    (ANTHROPIC, "claude-sonnet-5-5", "breakpoint"),
]


@pytest.mark.parametrize(("surface", "name", "cache"), CACHES)
@pytest.mark.parametrize("warm", [True, False])
async def test_the_price_is_what_is_then_paid(
    hub: Hub,
    gateway: TestGateway,
    alice: User,
    surface: Surface,
    name: str,
    cache: str,
    warm: bool,
) -> None:
    gateway.state.economy = Economy(cache)
    talk = await talk_on(hub, gateway, alice, surface, name)
    for number in range(3):
        await talk.ask(prose(1200, seed=number))

    said = await meter(talk, prose(2000))
    if not warm:
        gateway.state.economy.clear()
    record = await usage_of(talk, await talk.ask(prose(2000)))

    assert record.cost is not None
    answered = cost_of(Usage(0, output_tokens=record.output_tokens), Prices(RATES))
    assert answered is not None
    expected = said.cost if warm else said.cold_cost
    assert float(expected or 0) == pytest.approx(
        float(record.cost - answered), rel=0.02
    )
    assert said.cost is not None
    assert said.cold_cost is not None
    assert said.cost < said.cold_cost
    if warm:
        assert said.cached == record.cached_input_tokens


async def test_where_nobody_knows_the_cache_it_is_as_the_last_time(
    talk: Talk,
) -> None:
    model = talk.conversation.model
    assert model is not None
    await talk.run(set_price, model)
    await set_model(talk, window=100_000)
    for number in range(3):
        reply = await talk.ask(prose(1200, seed=number))
    record = await usage_of(talk, reply)
    assert record.cached_input_tokens

    said = await meter(talk)

    share = record.cached_input_tokens / (record.input_tokens or 1)
    assert said.cached == pytest.approx(said.tokens * share, abs=1)


async def test_an_unknown_price_is_not_shown(talk: Talk) -> None:
    said = await meter(talk)

    assert (said.cost, said.cold_cost, said.price, said.cold_price) == (None,) * 2 + (
        "",
        "",
    )
    assert said.tokens > 0


async def test_what_is_free_is_free(talk: Talk) -> None:
    nothing = Rates(*[Decimal(0)] * 5)
    assert talk.conversation.model is not None
    await talk.run(set_price, talk.conversation.model, nothing)

    said = await meter(talk)

    assert (said.price, said.cold_price) == ("free", "")


# What is said besides.


async def words_of(talk: Talk, content: str = "And then?") -> list[str]:
    return [note.words for note in (await meter(talk, content)).notes]


async def test_a_turn_above_the_admins_limit_is_warned_of(talk: Talk) -> None:
    assert talk.conversation.model is not None
    await talk.run(set_price, talk.conversation.model)
    await talk.run(ContextPolicy.objects.create, warn_above=Decimal("0.01"))
    await set_model(talk, window=100_000)
    assert await words_of(talk) == []

    words = await words_of(talk, prose(3000))

    assert words == [
        "This turn is likely to cost about $0.018, answer included. You are told before "
        "any turn above $0.01."
    ]


async def test_a_cold_cache_is_warned_of_at_its_price(
    hub: Hub, gateway: TestGateway, alice: User
) -> None:
    """An epoch begins anew: nothing of it is in a cache."""
    talk = await talk_on(hub, gateway, alice, OPENAI, "gpt-5")
    for number in range(3):
        await talk.ask(prose(1500, seed=number))
    said = await meter(talk)
    assert said.cold_cost is not None
    await talk.run(ContextPolicy.objects.create, warn_above=said.cold_cost)
    assert await words_of(talk) == []

    await talk.run(ask_roll, conversation=talk.conversation)

    assert len(await words_of(talk)) == 1


async def test_that_older_turns_will_leave_is_said_before(talk: Talk) -> None:
    replies = [await talk.ask(prose(900, seed=number)) for number in range(5)]
    said = await meter(talk, prose(2500))
    assert [note.words for note in said.notes] == [
        "Older turns will leave the context with this message."
    ]
    assert all(note.calm for note in said.notes)
    assert said.tokens <= said.budget

    def summarise() -> None:
        Summary.objects.create(
            conversation=talk.conversation,
            until=replies[2],
            text="They spoke of ropes.",
            tokens=6,
        )

    await talk.run(summarise)

    assert await words_of(talk, prose(2500)) == [
        "Older turns will leave the context with this message; what the summary says "
        "of them stays."
    ]


async def test_a_message_larger_than_fits_is_named_with_its_size_and_the_limit(
    talk: Talk,
) -> None:
    await set_model(talk, window=3_000)
    text = prose(2500)

    said = await meter(talk, text)
    with pytest.raises(RefusedError) as refused:
        await talk.run(
            refuse_too_large,
            conversation=talk.conversation,
            user=talk.author,
            content=text,
        )

    assert [note.words for note in said.notes] == [str(refused.value)]
    assert f"about {said.about:,} tokens, and 2,400 fit" in str(refused.value)
    assert said.tokens > 2500


async def test_a_message_that_fits_by_itself_is_not_refused(talk: Talk) -> None:
    for number in range(5):
        await talk.ask(prose(900, seed=number))

    await talk.run(
        refuse_too_large,
        conversation=talk.conversation,
        user=talk.author,
        content=prose(4500),
    )


async def test_a_message_is_refused_where_it_would_go_and_not_where_one_looks(
    talk: Talk, gateway: TestGateway, client: Client
) -> None:
    """What a gateway adds unseen was learned on one of two branches."""
    await set_model(talk, window=6_000)
    gateway.state.economy = Economy("none", hidden=3_000)
    crowded = await talk.ask("How are the boats?")
    await talk.run(client.force_login, talk.author)
    gateway.state.economy = Economy("none")
    asked = await talk.run(
        Message.objects.select_related("conversation").get, children=crowded.pk
    )
    await edit(talk, asked, "How are the ropes?")
    await talk.idle()
    roomy = await talk.run(talk.conversation.messages.latest, "seq")
    text = prose(3500)

    async def post(name: str, *ids: UUID, **form: object) -> tuple[int, str]:
        url = reverse(name, args=[talk.conversation.pk, *ids])
        form |= {"content": text, "client_id": uuid4()}
        answer = await talk.run(client.post, url, form)
        await talk.idle()
        return answer.status_code, answer.content.decode()

    status, page = await post("send", after=crowded.pk)
    assert status == 409
    assert "Please shorten it" in page
    # Before the first question nothing of either branch is known.
    assert (await post("edit", asked.pk))[0] == 302
    assert (await post("send", after=roomy.pk))[0] == 302


async def test_a_turn_that_may_pass_the_month_s_limit_is_warned_of(talk: Talk) -> None:
    assert talk.conversation.model is not None
    await talk.run(set_price, talk.conversation.model)
    await set_model(talk, max_output=4_000)
    await talk.run(SpendingLimits.objects.create, each_person=Decimal("0.10"))
    assert await words_of(talk) == []

    await spend(talk, "0.07")
    assert await words_of(talk) == [
        "The answer may cost up to $0.06, and $0.03 of your limit for this month is left."
    ]

    await spend(talk, "0.03")
    (words,) = await words_of(talk)
    assert words.startswith("Your limit for this month is reached, so no answer will")


async def test_what_all_have_spent_is_not_told(talk: Talk) -> None:
    assert talk.conversation.model is not None
    await talk.run(set_price, talk.conversation.model)
    await set_model(talk, max_output=4_000)
    await talk.run(SpendingLimits.objects.create, everyone=Decimal("0.10"))
    await spend(talk, "0.07")

    assert await words_of(talk) == [
        "The answer may cost more than what is left for everyone this month."
    ]


async def test_an_unknown_price_under_a_limit_is_told_before(talk: Talk) -> None:
    await talk.run(SpendingLimits.objects.create, each_person=5)

    (words,) = await words_of(talk)

    assert words.startswith("What this model costs is unknown")


async def spend(talk: Talk, cost: str) -> None:
    await talk.run(
        settle,
        user=talk.author,
        reserved=Decimal(0),
        cost=Decimal(cost),
        at=timezone.now(),
    )


# Where it is asked.


async def test_an_edit_is_measured_from_where_it_is_sent(
    hub: Hub, gateway: TestGateway, alice: User
) -> None:
    talk = await talk_on(hub, gateway, alice, OPENAI, "gpt-5")
    for number in range(4):
        reply = await talk.ask(prose(1200, seed=number))
    edited = await talk.run(
        Message.objects.select_related(
            "conversation__model__gateway", "conversation__prompt"
        ).get,
        children=reply.pk,
    )
    whole = await meter(talk)

    said = await talk.run(meter_edit, message=edited, text="And then?", user=alice)

    assert said is not None
    assert said.again
    assert said.cached
    assert said.cached < said.tokens < whole.tokens - 1000


@pytest.mark.django_db
def test_a_new_conversation_is_measured_before_there_is_one(alice: User) -> None:
    model = make_model(window=10_000)
    prompt = make_prompt("You are kind. " * 50)

    said = meter_first(user=alice, model=model, prompt=prompt, content=prose(100))

    assert said is not None
    revision = PromptRevision.objects.get()
    assert revision.tokens is not None
    assert said.tokens > revision.tokens + 100
    assert said.budget == 8_000
    assert not Conversation.objects.exists()


@pytest.mark.django_db
def test_without_a_model_nothing_is_known(alice: User) -> None:
    assert meter_first(user=alice, model=None, prompt=None, content="Hello") is None


@pytest.mark.django_db
def test_a_long_conversation_is_not_read(alice: User) -> None:
    conversation = make_conversation(alice, model=make_model(window=400_000))
    few = count_queries(conversation, alice, turns=1)
    many = count_queries(conversation, alice, turns=300)

    assert many <= few
    assert many <= 20


def count_queries(conversation: Conversation, alice: User, turns: int) -> int:
    last = conversation.messages.order_by("-seq").first()
    for _ in range(turns):
        asked = make_message(conversation, prose(30), parent=last)
        last = make_message(
            conversation, prose(30), role=Message.Role.ASSISTANT, parent=asked
        )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        said = meter_message(conversation=conversation, user=alice, content="Hello")
    assert said is not None
    return len(queries)
