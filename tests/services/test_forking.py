"""Forks: conversations of one's own that begin with a branch of another."""

from __future__ import annotations

from time import process_time
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client

from conversations import limits
from conversations.models import (
    Access,
    Attachment,
    Conversation,
    Generation,
    Message,
    Share,
    User,
)
from conversations.services.branching import forking
from conversations.services.branching.forking import fork_conversation
from conversations.services.errors import RefusedError
from conversations.services.lists import list_own
from conversations.services.transcript import read_window
from conversations.wire import State
from tests.factories import make_attachment, make_conversation, make_message
from tests.gateway import TestGateway
from tests.sending import send_message
from tests.services.conftest import Talk
from tests.services.test_branches import Tree
from tests.services.test_generation import has_text

# Of the processor, for a fork of 10,000 messages.
MOST_SECONDS = 1.0


@pytest.fixture
def tree(alice: User) -> Tree:
    return Tree(alice)


def texts(conversation: Conversation) -> list[str]:
    return list(conversation.messages.order_by("seq").values_list("content", flat=True))


def test_a_fork_has_the_branch_down_to_its_message_and_no_other(
    tree: Tree, alice: User
) -> None:
    fork = fork_conversation(message=tree.more, user=alice)

    assert texts(fork) == ["First", "Yes.", "More"]
    copies = list(fork.messages.order_by("seq"))
    assert [copy.parent_id for copy in copies] == [None, copies[0].pk, copies[1].pk]
    assert copies[2].previous_reply_id == copies[1].pk
    assert [copy.seq for copy in copies] == [1, 2, 3]
    assert not {copy.pk for copy in copies} & set(
        tree.conversation.messages.values_list("pk", flat=True)
    )
    assert tree.conversation.messages.count() == 6


def test_it_is_private_to_who_made_it_and_says_where_it_came_from(
    tree: Tree, bob: User
) -> None:
    Share.objects.create(conversation=tree.conversation, user=bob, access=Access.READ)

    fork = fork_conversation(message=tree.end, user=bob)

    assert (fork.owner, fork.team, fork.forked_from) == (bob, None, tree.end)
    assert fork.title == "A conversation (fork)"
    assert not fork.shares.exists()
    assert fork in list_own(user=bob, teams=())
    assert texts(fork)[0] == "First"
    assert fork.messages.filter(author=tree.conversation.owner).count() == 2


def test_answers_keep_what_was_thought_and_who_gave_them(
    tree: Tree, alice: User
) -> None:
    Generation.objects.filter(message=tree.reply).update(
        reasoning="Let me think.", model_title="Deep", items="[]", request_sha256="x"
    )

    fork = fork_conversation(message=tree.reply, user=alice)

    window = read_window(conversation=fork, limit=9, user=alice)
    answer = window.articles[-1]
    assert answer.model == "Deep"
    assert "Let me think." in str(answer.reasoning[0].html)
    copied = Generation.objects.get(conversation=fork)
    assert (copied.request_sha256, copied.manifest, copied.epoch) == ("", None, None)
    assert answer.figures is None or answer.figures.cost in ("", None, "cost unknown")


def test_files_are_the_same_and_their_rows_its_own(tree: Tree, alice: User) -> None:
    attached = make_attachment(alice, tree.conversation, message=tree.first)

    fork = fork_conversation(message=tree.reply, user=alice)

    copy = Attachment.objects.get(conversation=fork)
    assert copy.pk != attached.pk
    assert copy.file == attached.file
    assert copy.message == fork.messages.get(seq=1)


def test_what_is_remembered_of_the_branch_goes_along(tree: Tree, alice: User) -> None:
    for source, text in (
        (tree.reply, "Here."),
        (tree.new_end, "There."),
        (None, "All."),
    ):
        tree.conversation.facts.create(text=text, tokens=1, source=source)
    tree.conversation.summaries.create(until=tree.reply, text="Sum.", tokens=1)

    fork = fork_conversation(message=tree.end, user=alice)

    assert {fact.text for fact in fork.facts.all()} == {"Here.", "All."}
    assert fork.summaries.get().until == fork.messages.get(seq=2)


def test_what_was_deleted_or_is_not_seen_is_not_forked(
    tree: Tree, alice: User, charlie: User, client: Client
) -> None:
    url = f"/c/{tree.conversation.pk}/m/{tree.end.pk}/fork/"
    client.force_login(charlie)

    assert client.post(url).status_code == 404
    client.force_login(alice)
    removed = f"/c/{tree.conversation.pk}/m/{tree.more.pk}/remove/"
    assert client.post(removed).status_code == 302
    assert client.post(url).status_code == 404
    assert Conversation.objects.count() == 1


def test_a_page_says_where_it_was_forked_from_to_who_may_see_that(
    tree: Tree, alice: User, bob: User, client: Client
) -> None:
    Share.objects.create(conversation=tree.conversation, user=bob, access=Access.READ)
    client.force_login(bob)

    opened = client.post(
        f"/c/{tree.conversation.pk}/m/{tree.reply.pk}/fork/", follow=True
    )

    link = f'href="/c/{tree.conversation.pk}/?at={tree.reply.pk}#m-{tree.reply.pk}"'
    assert link in opened.content.decode()
    Share.objects.all().delete()
    again = client.get(opened.redirect_chain[-1][0]).content.decode()
    assert str(tree.conversation.pk) not in again
    assert "Forked from a conversation that you cannot see" in again


def test_ten_thousand_messages_are_forked_in_well_under_a_second(alice: User) -> None:
    conversation = make_conversation(alice)
    ids = [uuid4() for _ in range(10_000)]
    Message.objects.bulk_create(
        [
            Message(
                id=pk,
                conversation=conversation,
                parent_id=ids[number - 1] if number else None,
                previous_reply_id=ids[number - 1 - number % 2] if number > 1 else None,
                seq=number + 1,
                role="assistant" if number % 2 else "user",
                content="Some words of a message. " * 8,
                attempt=number % 2,
                changed=1,
            )
            for number, pk in enumerate(ids)
        ],
        batch_size=500,
    )
    last = Message.objects.get(pk=ids[-1])

    began = process_time()
    fork = fork_conversation(message=last, user=alice)
    took = process_time() - began

    assert fork.messages.count() == 10_000
    assert took < MOST_SECONDS
    ends = fork.messages.filter(children=None)
    assert ends.get().content == last.content


async def test_its_first_request_sends_the_same_history(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("First")
    reply = await talk.ask("Second")

    fork = await talk.run(fork_conversation, message=reply, user=talk.author)
    await talk.run(
        send_message,
        conversation=fork,
        author=talk.author,
        content="Third",
        client_id=uuid4(),
    )
    await talk.idle()
    await talk.ask("Third")

    forked, original = gateway.requests[-2:]
    assert forked.messages == original.messages
    assert [row["content"] for row in forked.messages][-1] == "Third"


async def test_what_is_still_being_written_is_not_forked(talk: Talk) -> None:
    await talk.use("stall:1")
    running = await talk.send("First")
    await has_text(talk, running.pk)
    waiting = await talk.send("Second")

    for one in (running.pk, waiting.pk, await talk.run(parent_of, waiting)):
        message = await talk.run(Message.objects.get, pk=one)
        with pytest.raises(RefusedError, match="still to come"):
            await talk.run(fork_conversation, message=message, user=talk.author)
    question = await talk.run(
        Message.objects.get, pk=await talk.run(parent_of, running)
    )
    fork = await talk.run(fork_conversation, message=question, user=talk.author)
    assert await talk.run(texts, fork) == ["First"]


@pytest.mark.django_db
def test_an_answer_that_goes_on_while_it_is_copied_is_not_forked(
    tree: Tree, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = forking._make

    def make_late(message: Message, user: User) -> Conversation:
        Generation.objects.filter(message=tree.end).update(state=State.QUEUED)
        return make(message, user)

    monkeypatch.setattr(forking, "_make", make_late)
    with pytest.raises(RefusedError, match="still to come"):
        fork_conversation(message=tree.end, user=alice)

    assert Conversation.objects.get() == tree.conversation


@pytest.mark.django_db
def test_who_has_no_room_for_its_files_is_told_so_and_has_no_fork(
    tree: Tree, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_attachment(tree.conversation.owner, tree.conversation, message=tree.more)
    monkeypatch.setattr(limits, "UPLOAD_BYTES_PER_USER", 9)

    with pytest.raises(RefusedError, match="take up all"):
        fork_conversation(message=tree.end, user=bob)

    assert Conversation.objects.get() == tree.conversation


def parent_of(message: Message) -> UUID | None:
    return message.parent_id


@pytest.mark.django_db
def test_ids_of_copies_are_as_this_database_keeps_them(alice: User) -> None:
    message = make_message(make_conversation(alice))

    copy = fork_conversation(message=message, user=alice).messages.get()

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM conversations_message WHERE seq = 1")
        kept = {str(row[0]) for row in cursor.fetchall()}
    as_kept = str if connection.features.has_native_uuid_field else lambda pk: pk.hex
    assert kept == {as_kept(message.pk), as_kept(copy.pk)}
