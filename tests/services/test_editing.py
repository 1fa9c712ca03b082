"""Edits: another version of a message, and an answer of its own."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest

from conversations import limits
from conversations.live.room import Branch
from conversations.models import Message
from conversations.services.branching.editing import edit_message
from conversations.services.branching.viewing import find_branch_in_view
from conversations.services.errors import RefusedError, RestartingError
from conversations.services.transcript import read_changes, read_window
from conversations.services.turns import stop_reply
from conversations.wire import State
from tests.gateway import TestGateway
from tests.services.conftest import Talk
from tests.services.test_branches import edit, send
from tests.services.test_generation import has_text


async def question_of(talk: Talk, reply: Message) -> Message:
    return await talk.run(
        Message.objects.select_related("conversation").get, pk=reply.parent_id
    )


async def test_an_edit_is_a_sibling_and_changes_nothing_that_was_said(
    talk: Talk, gateway: TestGateway
) -> None:
    first = await talk.ask("My name is Alice.")
    second = await talk.ask("Who am I?")
    third = await talk.ask("Are you sure?")
    asked = await question_of(talk, second)

    edited = await edit(talk, asked, "What is my name?")
    await talk.idle()

    assert edited.parent_id == asked.parent_id == first.pk
    assert (await talk.fresh(asked)).content == "Who am I?"
    assert (await talk.fresh(third)).content != ""
    said = [row["content"] for row in gateway.requests[-1].messages]
    assert said[-1] == "What is my name?"
    assert "My name is Alice." in said
    assert "Who am I?" not in said
    assert "Are you sure?" not in said


async def test_who_edits_looks_at_the_new_branch(talk: Talk) -> None:
    reply = await talk.ask("First")
    await talk.ask("More")
    asked = await question_of(talk, reply)

    edited = await edit(talk, asked, "First, edited")
    await talk.idle()

    window = await talk.run(
        read_window, conversation=talk.conversation, limit=9, user=talk.author
    )
    assert [one.parent_id for one in window.articles] == [None, edited.pk]
    assert not window.stays


async def test_the_same_words_are_asked_again(talk: Talk, gateway: TestGateway) -> None:
    reply = await talk.ask("Again?")

    edited = await edit(talk, await question_of(talk, reply), "Again?")
    await talk.idle()

    assert edited.pk != reply.parent_id
    assert len(gateway.requests) == 2


async def test_an_edit_sent_twice_is_one(talk: Talk, gateway: TestGateway) -> None:
    asked = await question_of(talk, await talk.ask("First"))
    client_id = uuid4()

    edits = {
        (
            await talk.run(
                edit_message,
                message=asked,
                author=talk.author,
                content="Edited",
                client_id=client_id,
            )
        ).pk
        for _ in range(2)
    }
    await talk.idle()

    assert len(edits) == 1
    assert len(gateway.requests) == 2


async def test_a_message_that_waits_gets_no_version_beside_it(talk: Talk) -> None:
    await talk.use("stall:1")
    running = await talk.send("First")
    await has_text(talk, running.pk)
    waiting = await question_of(talk, await talk.send("Second"))

    with pytest.raises(RefusedError, match="waits"):
        await edit(talk, waiting, "Second, edited")

    assert await talk.run(talk.conversation.messages.count) == 4


async def test_an_edit_waits_while_an_answer_is_written_on_another_branch(
    talk: Talk,
) -> None:
    await talk.use("stall:1")
    running = await talk.send("First")
    await has_text(talk, running.pk)

    edited = await edit(talk, await question_of(talk, running), "First, edited")
    reply = await talk.run(edited.children.get)
    await talk.has_looked(reply)
    window = await talk.run(
        read_window, conversation=talk.conversation, limit=9, user=talk.author
    )
    await talk.use("ok:1")
    await talk.run(stop_reply, reply=running, user=talk.author)
    await talk.idle()

    assert window.busy
    assert window.articles[0].note == "waits for an answer on another branch"
    assert window.articles[0].can_edit
    assert (await talk.generation(reply)).state == State.COMPLETE


async def test_every_version_of_an_edited_message_is_announced(talk: Talk) -> None:
    reply = await talk.ask("First")
    asked = await question_of(talk, reply)
    await talk.run(talk.conversation.refresh_from_db)
    seen = talk.conversation.version

    edited = await edit(talk, asked, "First, edited")
    await talk.idle()

    changed = talk.conversation.messages.filter(changed__gt=seen)
    pks = set(await talk.run(list, changed.values_list("pk", flat=True)))
    assert {asked.pk, edited.pk} <= pks
    assert reply.pk not in pks
    branch = Branch(reply.pk)
    changes = await talk.run(read_changes, talk.conversation.pk, seen, branch)
    frames = [json.loads(frame) for frame in changes.frames]
    told = {frame["m"]: frame["h"] for frame in frames if frame["t"] == "a"}
    assert list(told) == [str(asked.pk)]
    assert "Version 1 of 2" in told[str(asked.pk)]


async def test_a_long_queue_takes_no_edit_either(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await question_of(talk, await talk.ask("First"))
    monkeypatch.setattr(limits, "QUEUED_PER_CONVERSATION", 1)
    await talk.use("stall:1")
    running = await send(talk, "Second", after=None)
    await has_text(talk, (await talk.run(running.children.get)).pk)
    await send(talk, "Third", after=None)

    with pytest.raises(RefusedError, match="waiting here already"):
        await edit(talk, asked, "First, edited")

    branch = await talk.run(
        find_branch_in_view, conversation=talk.conversation, user=talk.author
    )
    assert not branch.stays


async def test_while_the_server_drains_nothing_is_edited(talk: Talk) -> None:
    asked = await question_of(talk, await talk.ask("First"))
    talk.hub.draining = True

    with pytest.raises(RestartingError):
        await edit(talk, asked, "Too late")
