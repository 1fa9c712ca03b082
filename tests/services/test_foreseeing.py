"""What a new epoch will hold is foreseen: its notes, and the turns that stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conversations.context.tokens import count
from conversations.models import Conversation, Fact, Message, Summary
from conversations.services.epochs import ask_roll
from conversations.services.memory.facts import add_fact
from conversations.services.memory.pins import pin_message
from conversations.services.meter.metering import Meter, meter_edit
from conversations.wire import State
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk
from tests.services.test_branches import edit
from tests.services.test_metering import meter, prose, set_model

CAP_TOKENS = 2_400
WIDE = 100_000
OTHER = "length:40"


@pytest.fixture
def gateway() -> Iterator[TestGateway]:
    """One that counts truthfully."""
    with TestGateway(economy=Economy()) as gateway:
        yield gateway


async def remember(talk: Talk, facts: int) -> None:
    for number in range(facts):
        await talk.run(
            add_fact,
            conversation=talk.conversation,
            text=f"Rope {number}: {prose(12, seed=number)}",
            author=talk.author,
        )


async def pin(talk: Talk, reply: Message) -> None:
    said = await talk.run(
        Message.objects.select_related("conversation").get, pk=reply.parent_id
    )
    await talk.run(pin_message, message=said, user=talk.author, pinned=True)


async def summarise(talk: Talk, until: Message, words: int) -> None:
    text = prose(words, seed=99)
    await talk.run(
        Summary.objects.create,
        conversation=talk.conversation,
        until=until,
        text=text,
        tokens=count(text),
    )


async def ask_as_foreseen(talk: Talk, content: str) -> tuple[Meter, int, str]:
    """Return what the meter says, what was planned then, and why an epoch began."""
    said = await meter(talk, content)
    await talk.run(talk.conversation.refresh_from_db)
    reply = await talk.ask(content)
    generation = await talk.generation(reply)
    epoch = await talk.run(lambda: generation.epoch)
    assert generation.predicted is not None
    assert epoch is not None
    assert epoch.message_id == reply.pk
    return said, generation.predicted, epoch.reason


async def test_facts_go_along_to_another_model(talk: Talk) -> None:
    await set_model(talk, window=WIDE)
    for words in (300, 500):
        reply = await talk.ask(prose(words))
    await remember(talk, 5)
    await pin(talk, reply)
    await set_model(talk, name=OTHER)

    said, planned, reason = await ask_as_foreseen(talk, prose(100))

    assert reason == "model"
    assert said.tokens == planned


async def test_facts_go_along_when_one_asks_for_them(talk: Talk) -> None:
    await set_model(talk, window=WIDE)
    for words in (300, 500):
        await talk.ask(prose(words))
    await remember(talk, 5)
    await talk.run(ask_roll, conversation=talk.conversation)

    said, planned, reason = await ask_as_foreseen(talk, prose(100))

    assert reason == "hand"
    assert said.tokens == planned


async def test_facts_go_along_with_a_first_message_that_is_asked_anew(
    talk: Talk,
) -> None:
    await set_model(talk, window=WIDE)
    reply = await talk.ask(prose(300))
    await remember(talk, 5)
    asked = await talk.run(
        Message.objects.select_related(
            "conversation__model__gateway", "conversation__prompt"
        ).get,
        children=reply.pk,
    )
    text = prose(200)

    said = await talk.run(meter_edit, message=asked, text=text, user=talk.author)
    edited = await edit(talk, asked, text)
    await talk.idle()

    generation = await talk.generation(await talk.run(edited.children.get))
    assert said is not None
    assert said.tokens == generation.predicted


@pytest.mark.parametrize("words", [20, 700])
async def test_a_first_roll_brings_its_notes(talk: Talk, words: int) -> None:
    """A long summary is a large part of what is left."""
    await set_model(talk, window=WIDE, context_cap=CAP_TOKENS)
    replies = [await talk.ask(prose(250, seed=number)) for number in range(6)]
    await summarise(talk, replies[3], words)
    await pin(talk, replies[0])
    await remember(talk, 5)

    said, planned, reason = await ask_as_foreseen(talk, prose(900))

    assert reason == "full"
    # At most so much is left: whole turns leave.
    assert planned <= said.tokens <= planned + 450


async def test_what_a_summary_does_not_reach_yet_stays(talk: Talk) -> None:
    await set_model(talk, window=WIDE, context_cap=CAP_TOKENS, context_keep=40)
    replies = [await talk.ask(prose(200, seed=number)) for number in range(9)]
    await summarise(talk, replies[4], 50)

    said, planned, _ = await ask_as_foreseen(talk, prose(450))

    assert planned > 0.5 * CAP_TOKENS
    assert said.tokens == planned


async def test_with_another_model_all_stays_that_was_seen(talk: Talk) -> None:
    """Turns have left before, and all together would not fit."""
    await set_model(talk, window=WIDE, context_cap=CAP_TOKENS)
    await outgrow(talk)
    await remember(talk, 5)
    await pin(talk, await talk.run(first_reply, talk.conversation))
    await set_model(talk, name=OTHER)

    said, planned, reason = await ask_as_foreseen(talk, prose(30))

    assert reason == "model"
    assert planned > 0.7 * CAP_TOKENS
    assert said.tokens == pytest.approx(planned, rel=0.02)


async def outgrow(talk: Talk) -> None:
    """Talk until the context has rolled and is half full again."""
    rolled = talk.conversation.epochs.filter(turns_before__gt=0)
    predicted: int | None = 0
    while not (await talk.run(rolled.exists) and (predicted or 0) > 0.5 * CAP_TOKENS):
        reply = await talk.ask(prose(200))
        predicted = (await talk.generation(reply)).predicted


def first_reply(conversation: Conversation) -> Message:
    return conversation.messages.filter(role=Message.Role.ASSISTANT).earliest("seq")


async def test_an_answer_whose_continuation_was_withdrawn_counts(talk: Talk) -> None:
    await set_model(talk, window=WIDE)
    reply = await talk.ask(prose(300))
    before = await meter(talk)
    first = await talk.generation(reply)

    def withdraw() -> None:
        Message.objects.filter(pk=reply.pk).update(attempt=2)
        first.conversation.generations.create(
            message=first.message, attempt=2, state=State.STOPPED
        )

    await talk.run(withdraw)

    assert (await meter(talk)).tokens == before.tokens
    assert not await talk.run(Fact.objects.exists)
