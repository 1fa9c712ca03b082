"""Turns and branches: what people send, try again and continue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Generation, Message, User
from conversations.services.beginning import Beginning
from conversations.services.branching.retrying import retry_reply
from conversations.services.errors import RefusedError, RestartingError
from conversations.services.history import Stretch, read_history, read_path
from conversations.services.transcript import read_changes, read_window
from conversations.services.turns import continue_reply
from conversations.wire import State
from tests.factories import make_answered_turn, make_conversation, make_model
from tests.gateway import TestGateway
from tests.sending import send_message, start_conversation
from tests.services.conftest import Talk


async def test_the_same_client_id_is_one_turn(talk: Talk, gateway: TestGateway) -> None:
    client_id = uuid4()
    for _ in range(5):
        await talk.run(
            send_message,
            conversation=talk.conversation,
            author=talk.author,
            content="Once",
            client_id=client_id,
        )
    await talk.idle()

    assert await talk.run(talk.conversation.messages.count) == 2
    assert len(gateway.requests) == 1


async def test_retry_makes_a_sibling_and_the_newest_is_shown(talk: Talk) -> None:
    first = await talk.ask()

    second = await talk.run(retry_reply, reply=first, user=talk.author)
    await talk.idle()

    assert second.parent_id == first.parent_id
    window = await talk.run(read_window, conversation=talk.conversation, limit=50)
    assert [article.id for article in window.articles] == [first.parent_id, second.pk]
    assert (await talk.fresh(first)).content == first.content


async def test_an_older_answer_cannot_be_retried(talk: Talk) -> None:
    first = await talk.ask()
    await talk.ask()

    with pytest.raises(RefusedError):
        await talk.run(retry_reply, reply=first, user=talk.author)


async def test_a_complete_answer_cannot_be_continued(talk: Talk) -> None:
    reply = await talk.ask()

    with pytest.raises(RefusedError):
        await talk.run(continue_reply, reply=reply, user=talk.author)


async def test_a_first_message_makes_a_conversation_with_its_title(
    talk: Talk, charlie: User
) -> None:
    client_id = uuid4()
    made = await talk.run(
        start_conversation,
        owner=talk.author,
        content="\n## Rewrite our **answer**\nso that it is kind",
        client_id=client_id,
        beginning=Beginning(model=talk.conversation.model),
    )
    await talk.idle()

    assert made.title == "Rewrite our answer"
    with pytest.raises(RefusedError):
        await talk.run(
            start_conversation,
            owner=charlie,
            content="Mine?",
            client_id=client_id,
            beginning=Beginning(),
        )


async def test_changes_are_the_articles_after_a_version(talk: Talk) -> None:
    await talk.ask("First")
    await talk.run(talk.conversation.refresh_from_db)
    seen = talk.conversation.version
    nothing = await talk.run(read_changes, talk.conversation.pk, seen)
    await talk.ask("Second")

    changes = await talk.run(read_changes, talk.conversation.pk, seen)

    assert len(nothing.frames) == 1
    assert len(changes.frames) == 3
    assert changes.version > seen


async def test_a_long_history_is_read_only_as_far_as_the_window_reaches(
    talk: Talk,
) -> None:
    for number in range(59):
        asked = f"Question {number}"
        await talk.run(make_answered_turn, talk.conversation, asked, "Answer " * 20)
    reply = await talk.ask("Question 59")
    generation = await talk.run(
        Generation.objects.select_related("message").get, message=reply.pk
    )

    parent = generation.message.parent_id
    assert parent is not None
    path = await talk.run(read_path, parent)
    history = await talk.run(
        read_history, generation=generation, path=path, stretch=Stretch(window=100)
    )

    assert history.turns_before > 0
    assert history.turns_before + len(history.turns) == 59
    assert [one.content for one in history.asking] == ["Question 59"]


async def test_retry_asked_twice_is_one_sibling(
    talk: Talk, gateway: TestGateway
) -> None:
    first = await talk.ask()

    siblings = {
        (await talk.run(retry_reply, reply=first, user=talk.author)).pk
        for _ in range(2)
    }
    await talk.idle()

    assert len(siblings) == 1
    assert len(gateway.requests) == 2


async def test_a_text_changed_before_it_is_sent_again_is_kept_too(talk: Talk) -> None:
    client_id = uuid4()
    for content in ("Frist", "First", "First"):
        await talk.run(
            send_message,
            conversation=talk.conversation,
            author=talk.author,
            content=content,
            client_id=client_id,
        )
    await talk.idle()

    asked = talk.conversation.messages.filter(role=Message.Role.USER).order_by("seq")
    contents = await talk.run(list, asked.values_list("content", flat=True))
    assert contents == ["Frist", "First"]


async def test_a_continue_that_fails_leaves_the_answer_continuable(talk: Talk) -> None:
    await talk.use("cut:3")
    reply = await talk.ask()
    await talk.use("error:429")

    await talk.run(continue_reply, reply=reply, user=talk.author)
    await talk.idle()
    await talk.use("ok:1")
    await talk.run(continue_reply, reply=await talk.fresh(reply), user=talk.author)
    await talk.idle()

    assert (await talk.fresh(reply)).content == "t0 t1 t2 t0 "


async def test_a_conversation_whose_model_is_disabled_asks_the_default(
    talk: Talk, gateway: TestGateway
) -> None:
    model = talk.conversation.model
    assert model is not None
    model.enabled = False
    await talk.run(model.save)
    other = await talk.run(make_model, "ok:2", base_url=gateway.base_url)

    generation = await talk.generation(await talk.ask())

    assert (generation.state, generation.model_title) == (State.COMPLETE, other.title)


async def test_while_the_server_drains_no_empty_conversation_is_made(
    talk: Talk,
) -> None:
    talk.hub.draining = True

    with pytest.raises(RestartingError):
        await talk.run(
            start_conversation,
            owner=talk.author,
            content="Too late",
            client_id=uuid4(),
            beginning=Beginning(),
        )

    assert await talk.run(talk.author.conversations.count) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="there a whole database is locked, not a row"
)
def test_a_message_is_sent_while_one_that_waits_begins(alice: User) -> None:
    """What begins locks its row, then the conversation: two would wait for ever."""
    conversation = make_conversation(alice)
    send_message(
        conversation=conversation, author=alice, content="1", client_id=uuid4()
    )

    def send() -> None:
        try:
            send_message(
                conversation=conversation, author=alice, content="2", client_id=uuid4()
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        Generation.objects.update(started_at=timezone.now())
        pool.submit(send).result(timeout=10)

    assert Generation.objects.count() == 2


async def test_only_the_newest_answer_is_continued(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("length:2")
    first = await talk.ask()
    await talk.ask("And then?")

    with pytest.raises(RefusedError, match="newest"):
        await talk.run(continue_reply, reply=await talk.fresh(first), user=talk.author)


async def test_what_was_too_large_to_be_sent_does_not_hide_what_came_before(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("My name is Alice.")
    refused = await talk.ask("word " * 9_000)
    assert (await talk.generation(refused)).error_kind == "too_large"

    await talk.ask("Who am I?")

    said = [message["content"] for message in gateway.requests[-1].messages]
    assert "My name is Alice." in said
    assert "Who am I?" in said


async def test_an_answer_that_was_too_long_is_tried_again_with_less(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("ok:200@5000")
    for _ in range(3):
        await talk.ask("word " * 1100)
    await talk.use("empty-length")
    gateway.clear()
    reply = await talk.ask("And now?")
    assert (await talk.generation(reply)).state == State.CONTEXT_FULL
    await talk.use("ok")

    await talk.run(retry_reply, reply=reply, user=talk.author)
    await talk.idle()

    before, after = gateway.requests[0], gateway.requests[-1]
    assert len(after.messages) < len(before.messages)
