"""Which model answers, and how hard it thinks, as people choose it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from conversations.models import Conversation, LanguageModel, User
from conversations.services.beginning import Beginning
from conversations.services.conversations import choose_model
from conversations.services.errors import RefusedError
from conversations.services.transcript import read_changes
from tests.factories import make_model
from tests.gateway import TestGateway
from tests.sending import start_conversation
from tests.services.conftest import Talk

EFFORTS = {"reasoning": True, "efforts": ["low", "high"]}


def make_thinker(gateway: TestGateway, name: str = "echo") -> LanguageModel:
    model = make_model(name, base_url=gateway.base_url)
    model.abilities = EFFORTS
    model.save()
    return model


async def test_a_choice_holds_from_the_next_turn_on(
    talk: Talk, gateway: TestGateway
) -> None:
    before_id = talk.conversation.model_id
    before = await talk.ask()
    thinker = await talk.run(make_thinker, gateway)

    await talk.run(
        choose_model, conversation=talk.conversation, model=thinker, effort="high"
    )
    after = await talk.ask("Think.")

    asked_of = [(await talk.generation(reply)).model_id for reply in (before, after)]
    assert asked_of == [before_id, thinker.pk]
    asked = [request.json for request in gateway.requests]
    assert [one["model"] for one in asked] == ["ok", "echo"]
    assert [one.get("reasoning_effort") for one in asked] == [None, "high"]


async def test_open_pages_hear_of_a_choice(talk: Talk, gateway: TestGateway) -> None:
    talk_id, seen = talk.conversation.pk, talk.conversation.version
    thinker = await talk.run(make_thinker, gateway)

    await talk.run(
        choose_model, conversation=talk.conversation, model=thinker, effort="low"
    )

    changes = await talk.run(read_changes, talk_id, seen)
    (frame,) = changes.frames
    assert changes.version == seen + 1
    assert f'"choice":"{thinker.pk} low"' in frame


async def test_an_effort_is_not_sent_to_a_model_that_does_not_have_it(
    talk: Talk, gateway: TestGateway
) -> None:
    thinker = await talk.run(make_thinker, gateway)
    await talk.run(
        choose_model, conversation=talk.conversation, model=thinker, effort="high"
    )

    await talk.run(LanguageModel.objects.filter(pk=thinker.pk).update, enabled=False)
    await talk.run(talk.conversation.refresh_from_db)
    await talk.ask()

    (request,) = gateway.requests
    assert request.json["model"] == "ok"
    assert "reasoning_effort" not in request.json


@pytest.mark.parametrize(("effort", "kept"), [("high", "high"), ("utmost", "")])
async def test_a_conversation_begins_with_an_effort_its_model_has(
    talk: Talk, gateway: TestGateway, effort: str, kept: str
) -> None:
    made = await talk.run(
        start_conversation,
        owner=talk.author,
        content="Think.",
        client_id=uuid4(),
        beginning=Beginning(model=await talk.run(make_thinker, gateway), effort=effort),
    )
    await talk.idle()

    assert made.effort == kept


@pytest.mark.django_db
def test_nothing_is_chosen_for_a_conversation_that_is_gone(alice: User) -> None:
    model = make_model()
    conversation = Conversation(owner=alice, title="Gone")

    with pytest.raises(RefusedError, match="deleted"):
        choose_model(conversation=conversation, model=model)
