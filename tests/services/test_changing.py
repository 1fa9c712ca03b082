"""What waits for its turn is changed in its place, until it begins; other models try."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import (
    Conversation,
    Generation,
    LanguageModel,
    Mention,
    Message,
    User,
)
from conversations.services.branching.editing import change_waiting, is_waiting
from conversations.services.branching.retrying import retry_reply
from conversations.services.errors import RefusedError
from conversations.services.generation import claim
from conversations.services.planning import TooLateError
from conversations.services.turns import stop_reply
from conversations.wire import State
from tests.factories import make_conversation, make_generation, make_message, make_model
from tests.gateway import TestGateway
from tests.services.conftest import Talk
from tests.services.test_branches import edit
from tests.services.test_editing import question_of
from tests.services.test_generation import has_text


async def two_that_wait(talk: Talk) -> tuple[Message, Message, Message]:
    """What runs, and two replies that wait behind it."""
    await talk.use("stall:1")
    running = await talk.send("First")
    await has_text(talk, running.pk)
    return running, await talk.send("Second"), await talk.send("Third")


async def end(talk: Talk, running: Message) -> None:
    await talk.use("ok:1")
    await talk.run(stop_reply, reply=running, user=talk.author)
    await talk.idle()


async def test_what_waits_is_asked_in_its_new_words_and_in_its_place(
    talk: Talk, gateway: TestGateway
) -> None:
    running, second, third = await two_that_wait(talk)
    asked = await question_of(talk, second)

    await talk.run(change_waiting, message=asked, content="Second, changed")
    await end(talk, running)

    said = [request.messages[-1]["content"] for request in gateway.requests]
    assert said == ["First", "Second, changed", "Third"]
    assert (await talk.fresh(asked)).content == "Second, changed"
    assert await talk.run(talk.conversation.messages.count) == 6
    assert (await talk.generation(third)).state == State.COMPLETE


async def test_what_is_changed_keeps_its_place_before_other_branches(
    talk: Talk, gateway: TestGateway
) -> None:
    asked = await question_of(talk, await talk.ask("First"))
    await talk.use("stall:1")
    running = await talk.send("Second")
    await has_text(talk, running.pk)
    earlier, later = [await edit(talk, asked, text) for text in ("Third", "Fourth")]

    await talk.run(change_waiting, message=earlier, content="Third, changed")
    await end(talk, running)

    said = [request.messages[-1]["content"] for request in gateway.requests]
    assert said == ["First", "Second", "Third, changed", later.content]


async def test_pages_and_people_who_are_named_learn_of_the_new_words(
    talk: Talk, bob: User
) -> None:
    running, second, _ = await two_that_wait(talk)
    asked = await question_of(talk, second)
    await talk.run(talk.conversation.shares.create, user=bob, access="write")
    before = (await talk.fresh(asked)).changed

    await talk.run(change_waiting, message=asked, content="For @bob")

    assert (await talk.fresh(asked)).changed > before
    named = Mention.objects.filter(user=bob, message=asked)
    assert await talk.run(named.exists)
    await talk.run(change_waiting, message=asked, content="For nobody")
    assert not await talk.run(named.exists)
    await end(talk, running)


async def test_what_has_begun_is_changed_no_more(talk: Talk) -> None:
    await talk.use("stall:1")
    running = await talk.send("First")
    await has_text(talk, running.pk)
    asked = await question_of(talk, running)

    with pytest.raises(RefusedError, match="send it again"):
        await talk.run(change_waiting, message=asked, content="Too late")

    assert (await talk.fresh(asked)).content == "First"
    await end(talk, running)


@pytest.mark.django_db
def test_a_request_that_was_planned_with_the_words_from_before_is_not_sent(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = make_conversation(alice, model=make_model())
    asked = make_message(conversation, "Before")
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=asked)
    job = make_generation(reply, State.QUEUED, model=None)

    def plan(generation: Generation) -> object:
        change_waiting(message=asked, content="After")
        return planned(generation)

    from conversations.services import generation as service  # noqa: PLC0415

    planned = service._plan
    monkeypatch.setattr(service, "_plan", plan)

    assert claim(job.pk) is None
    assert is_waiting(message=asked)
    assert Message.objects.get(pk=asked.pk).content == "After"
    assert issubclass(TooLateError, Exception)


@pytest.mark.django_db
def test_an_edit_of_what_waits_is_posted_as_such_and_refused_when_it_began(
    alice: User, client: Client
) -> None:
    conversation = make_conversation(alice, model=make_model())
    asked = make_message(conversation, "Before")
    reply = make_message(conversation, "", role=Message.Role.ASSISTANT, parent=asked)
    job = make_generation(reply, State.QUEUED, model=None)
    client.force_login(alice)
    url = reverse("edit", args=[conversation.pk, asked.pk])
    form = {"content": "After", "client_id": str(asked.pk), "waits": "1"}

    assert 'name="waits"' in client.get(url).content.decode()
    assert client.post(url, form).status_code == 302
    assert Message.objects.get(pk=asked.pk).content == "After"
    Generation.objects.filter(message=reply).update(state=State.RUNNING)
    late = client.post(url, form | {"content": "Later"})

    assert late.status_code == 409
    page = late.content.decode()
    assert "send it again" in page
    assert "Later" in page
    assert 'name="waits"' not in page
    assert not Generation.objects.filter(pk=job.pk).exists()


async def test_another_model_tries_once_and_the_conversation_keeps_its_own(
    talk: Talk, gateway: TestGateway
) -> None:
    reply = await talk.ask("First")
    other = await talk.run(make_model, "ok:other", base_url=gateway.base_url)

    again = await talk.run(
        retry_reply, reply=reply, user=talk.author, siblings=1, model=other
    )
    await talk.idle()
    await talk.ask("Second")

    models = [request.model for request in gateway.requests]
    kept = models[0]
    assert models == [kept, "ok:other", kept]
    jobs = [await talk.generation(one) for one in (reply, again)]
    assert jobs[0].epoch_id != jobs[1].epoch_id
    assert jobs[1].model_title == other.title
    fresh = await talk.run(Conversation.objects.get)
    assert fresh.model_id != other.pk


@pytest.mark.django_db
def test_a_model_that_one_may_not_choose_tries_nothing(
    alice: User, client: Client
) -> None:
    conversation = make_conversation(alice, model=make_model())
    asked = make_message(conversation, "Hello")
    reply = make_message(conversation, "Hi", role=Message.Role.ASSISTANT, parent=asked)
    make_generation(reply)
    disabled = make_model("off")
    LanguageModel.objects.filter(pk=disabled.pk).update(enabled=False)
    client.force_login(alice)
    url = reverse("retry", args=[conversation.pk, reply.pk])

    answer = client.post(url, {"siblings": "1", "model": disabled.pk})

    assert answer.status_code == 422
    assert "choose another" in answer.content.decode()
    assert conversation.messages.count() == 2
