"""Deleting branches, and bringing them back."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations import limits
from conversations.live.room import Branch
from conversations.models import (
    Access,
    Conversation,
    Epoch,
    Generation,
    Message,
    Share,
    User,
)
from conversations.services.branching.branches import (
    find_leaf,
    find_on_branch,
    follow_branch,
    list_path,
)
from conversations.services.branching.editing import edit_message
from conversations.services.branching.removing import remove_branch, restore_branch
from conversations.services.branching.retrying import retry_reply
from conversations.services.branching.viewing import choose_branch, find_branch_in_view
from conversations.services.elsewhere import list_unread_mentions
from conversations.services.errors import RefusedError
from conversations.services.memory.pins import pin_message
from conversations.services.memory.recollection import read_recollection
from conversations.services.memory.remembered import read_memory
from conversations.services.purging import purge_some
from conversations.services.rebuilding import rebuild_request
from conversations.services.team_list import filter_conversations
from conversations.services.transcript import read_changes, read_window
from conversations.wire import State
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_mention,
    make_message,
)
from tests.gateway import TestGateway
from tests.sending import send_message
from tests.services.conftest import Talk
from tests.services.test_branches import Tree
from tests.services.test_generation import has_text


@pytest.fixture
def tree(alice: User) -> Tree:
    return Tree(alice)


def remove(message: Message, user: User) -> None:
    remove_branch(message=known(message), user=user)


def restore(message: Message, user: User) -> None:
    restore_branch(message=known(message), user=user)


def known(message: Message) -> Message:
    rows = Message.everything.select_related("conversation__owner", "parent")
    return rows.get(pk=message.pk)


def question_of(reply: Message) -> Message:
    parent = known(reply).parent
    assert parent is not None
    return parent


def shown(conversation: Conversation, user: User) -> list[UUID]:
    window = read_window(conversation=conversation, limit=50, user=user)
    return [article.id for article in window.articles]


def test_a_branch_goes_with_all_that_came_after_it(tree: Tree, alice: User) -> None:
    remove(tree.first, alice)

    assert shown(tree.conversation, alice) == [tree.edited.pk, tree.new_end.pk]
    assert set(tree.conversation.messages.all()) == {tree.edited, tree.new_end}
    window = read_window(conversation=tree.conversation, limit=9, user=alice)
    assert window.articles[0].siblings is None


def test_what_was_deleted_comes_back_as_it_was(tree: Tree, alice: User) -> None:
    before = shown(tree.conversation, alice)
    remove(tree.edited, alice)
    assert shown(tree.conversation, alice)[-1] == tree.end.pk

    restore(tree.edited, alice)

    assert shown(tree.conversation, alice) == before
    assert not Message.everything.exclude(removed_by=None).exists()


def test_a_branch_deleted_within_another_stays_deleted(tree: Tree, alice: User) -> None:
    remove(tree.more, alice)
    remove(tree.first, alice)
    with pytest.raises(RefusedError, match="Bring that back first"):
        restore(tree.more, alice)

    restore(tree.first, alice)

    assert shown(tree.conversation, alice) == [tree.first.pk, tree.reply.pk]
    restore(tree.more, alice)
    assert shown(tree.conversation, alice)[-1] == tree.end.pk


def test_pages_go_to_the_next_version_or_the_one_before_it(
    tree: Tree, alice: User
) -> None:
    at_more, at_new = Branch(tree.end.pk), Branch(tree.new_end.pk)
    remove(tree.first, alice)
    assert follow_branch(conversation=tree.conversation, branch=at_more) == (
        tree.new_end.pk
    )

    restore(tree.first, alice)
    remove(tree.edited, alice)

    assert follow_branch(conversation=tree.conversation, branch=at_new) == tree.end.pk


def test_without_another_version_pages_end_where_it_began(
    tree: Tree, alice: User
) -> None:
    remove(tree.more, alice)

    page = Branch(tree.end.pk)
    at = follow_branch(conversation=tree.conversation, branch=page)
    frames = read_changes(tree.conversation.pk, 0, page).frames

    assert at == tree.reply.pk
    assert f'"end":"{tree.reply.pk}"' in frames[-1]


def test_who_had_chosen_it_looks_at_what_is_nearest(tree: Tree, alice: User) -> None:
    third, third_end = tree.turn("First, once more", None)
    choose_branch(conversation=tree.conversation, user=alice, message=tree.first.pk)
    remove(tree.first, alice)

    at = find_branch_in_view(conversation=tree.conversation, user=alice).at

    assert at == tree.new_end.pk != third_end.pk
    assert third in tree.conversation.messages.all()


def test_a_page_at_a_deleted_try_shows_one_that_is_there(
    tree: Tree, alice: User
) -> None:
    second, third = tree.answer(tree.more), tree.answer(tree.more)
    remove(second, alice)
    page = Branch(second.pk)
    assert follow_branch(conversation=tree.conversation, branch=page) == third.pk

    remove(third, alice)

    assert follow_branch(conversation=tree.conversation, branch=page) == tree.end.pk


def test_the_only_branch_is_not_deleted_but_the_conversation(alice: User) -> None:
    only = make_message(make_conversation(alice))

    with pytest.raises(RefusedError, match="Delete the whole conversation"):
        remove(only, alice)

    assert Message.objects.filter(pk=only.pk).exists()


def test_what_was_deleted_behind_an_answer_comes_back_behind_its_next_try(
    alice: User,
) -> None:
    conversation = make_conversation(alice)
    failed = make_answered_turn(conversation, state=State.FAILED)
    second, third = (send(conversation, text) for text in ("Second", "Third"))
    remove(third, alice)
    again = retry_reply(reply=known(failed), user=alice)

    restore(third, alice)

    waiting, end = (Message.objects.get(parent=one).pk for one in (second, third))
    assert find_leaf(conversation=conversation) == end
    assert find_on_branch(leaf=end, wanted=[again.pk, waiting]) == [waiting, again.pk]


def test_what_was_answered_and_deleted_stays_behind_the_answer_it_was_asked_with(
    alice: User,
) -> None:
    conversation = make_conversation(alice)
    first = make_answered_turn(conversation)
    post = send(conversation, "Really?", meant_for=Message.MeantFor.PEOPLE)
    second = send(conversation, "Second")
    asked = Generation.objects.filter(message__parent=second)
    asked.update(state=State.COMPLETE, started_at=timezone.now())
    remove(second, alice)
    again = retry_reply(reply=known(first), user=alice)

    restore(second, alice)

    above = [second.pk, post.pk, first.pk]
    assert find_on_branch(leaf=second.pk, wanted=[again.pk, *above]) == above


def send(conversation: Conversation, content: str, **more: Any) -> Message:
    return send_message(
        conversation=conversation,
        author=conversation.owner,
        content=content,
        client_id=uuid4(),
        **more,
    )


def test_what_others_wrote_below_only_the_owner_deletes(
    tree: Tree, alice: User, bob: User
) -> None:
    Share.objects.create(conversation=tree.conversation, user=bob, access=Access.WRITE)
    own = make_message(tree.conversation, "Mine", parent=tree.end, author=bob)
    tree.answer(own)
    foreign = make_message(tree.conversation, "Hers", parent=own)

    with pytest.raises(RefusedError, match="Only alice can delete it"):
        remove(own, bob)
    remove(foreign, alice)
    remove(own, bob)

    assert find_leaf(conversation=tree.conversation) == tree.new_end.pk


def test_after_a_while_it_does_not_come_back(tree: Tree, alice: User) -> None:
    remove(tree.edited, alice)
    age(tree.edited)

    with pytest.raises(RefusedError, match="too long ago"):
        restore(tree.edited, alice)


def age(message: Message) -> None:
    removed = Message.everything.exclude(removed_at=None)
    long_ago = timezone.now() - timedelta(hours=limits.UNDO_HOURS + 1)
    removed.filter(conversation=message.conversation_id).update(removed_at=long_ago)


def test_then_it_goes_for_good_with_what_was_remembered_of_it(
    tree: Tree, alice: User
) -> None:
    kept = tree.conversation.facts.create(text="Kept.", tokens=1, source=tree.reply)
    tree.conversation.facts.create(text="Gone.", tokens=1, source=tree.new_end)
    tree.conversation.views.create(user=alice, leaf=tree.new_end)
    remove(tree.edited, alice)
    age(tree.edited)

    while purge_some():
        pass

    left = set(Message.everything.values_list("pk", flat=True))
    assert left == {tree.first.pk, tree.reply.pk, tree.more.pk, tree.end.pk}
    assert list(tree.conversation.facts.all()) == [kept]
    assert shown(tree.conversation, alice)[-1] == tree.end.pk


def test_it_is_not_to_be_found_read_counted_or_remembered(
    tree: Tree, alice: User, bob: User
) -> None:
    Share.objects.create(conversation=tree.conversation, user=bob, access=Access.WRITE)
    named = make_message(tree.conversation, "Look, @bob, ocelot", parent=tree.new_end)
    make_mention(named, bob)
    pin_message(message=known(named), user=alice, pinned=True)
    fact = tree.conversation.facts.create(text="Ocelots.", tokens=2, source=named)

    remove(tree.edited, alice)

    assert list_unread_mentions(conversation=tree.conversation, user=bob) == []
    rows: Any = Conversation.objects.all()
    assert not filter_conversations(rows, user=bob, q="ocelot").exists()
    seen = read_memory(
        conversation_id=tree.conversation.pk, leaf=tree.end.pk, summarises=True
    )
    assert not seen.pins
    assert not seen.facts
    panel = read_recollection(conversation=tree.conversation, user=alice, after=None)
    assert (panel.facts, panel.pins) == ([], [])
    restore(tree.edited, alice)
    assert list_unread_mentions(conversation=tree.conversation, user=bob) == [named.pk]
    panel = read_recollection(conversation=tree.conversation, user=alice, after=None)
    assert [one.id for one in panel.facts] == [fact.pk]


class Grown:
    """A conversation that grew at random, and what can be read of it."""

    def __init__(self, owner: User, seed: int) -> None:
        self.chance = random.Random(seed)
        self.conversation = make_conversation(owner)
        self.messages: list[Message] = []
        for _ in range(18):
            self.grow()

    def grow(self) -> None:
        parents = [None, *self.messages[-6:]] if self.messages else [None]
        parent = self.chance.choice(parents)
        is_reply = parent is not None and parent.role == Message.Role.USER
        role = Message.Role.ASSISTANT if is_reply else Message.Role.USER
        self.messages.append(make_message(self.conversation, role=role, parent=parent))

    def read(self) -> dict[UUID, tuple[UUID | None, list[UUID]]]:
        """For each message there is: where a page at it ends, and that path."""
        found = {}
        for pk in self.conversation.messages.values_list("pk", flat=True):
            leaf = follow_branch(
                conversation=self.conversation, branch=Branch(pk, stays=True)
            )
            found[pk] = (leaf, list_path(leaf=leaf, limit=99) if leaf else [])
        return found


@pytest.mark.parametrize("seed", range(6))
def test_deleting_leaves_no_trace_and_undoing_brings_all_back(
    alice: User, seed: int
) -> None:
    grown = Grown(alice, seed)
    before = [grown.read()]
    removed: list[Message] = []
    for one in grown.chance.sample(grown.messages, 6):
        try:
            remove(one, alice)
        except RefusedError:
            continue
        removed.append(one)
        there = grown.read()
        gone = set(before[-1]) - set(there)
        assert one.pk in gone
        assert not gone & {pk for _, path in there.values() for pk in path}
        assert all(path[-1:] and leaf == path[0] for leaf, path in there.values())
        for pk in gone:
            page = Branch(pk)
            assert follow_branch(conversation=grown.conversation, branch=page) in there
        before.append(there)

    for one in reversed(removed):
        assert grown.read() == before.pop()
        restore(one, alice)

    assert removed
    assert grown.read() == before.pop()


async def test_what_runs_and_waits_in_it_ends_with_it(talk: Talk) -> None:
    first = await talk.ask("First")
    await talk.use("stall:1")
    running = await talk.send("Second")
    await has_text(talk, running.pk)
    waiting = await talk.send("Third")
    asked = await talk.run(known, running)

    await talk.run(remove, await talk.run(question_of, asked), talk.author)
    await talk.idle()

    jobs = [await talk.generation(one) for one in (running, waiting)]
    assert [job.state for job in jobs] == [State.STOPPED] * 2
    assert await talk.run(shown, talk.conversation, talk.author) == [
        first.parent_id,
        first.pk,
    ]


def test_who_deletes_what_has_just_ended_did_not_stop_it(
    tree: Tree, alice: User
) -> None:
    job = Generation.objects.get(message=tree.end)
    Generation.objects.filter(pk=job.pk).update(state=State.RUNNING)

    def end_first(execute: Any, sql: str, *rest: Any) -> Any:
        if "stopped_by_id" in sql and sql.startswith("UPDATE"):
            Generation.objects.filter(pk=job.pk).update(state=State.COMPLETE)
        return execute(sql, *rest)

    with connection.execute_wrapper(end_first):
        remove(tree.more, alice)

    job.refresh_from_db()
    assert (job.state, job.stopped_by) == (State.COMPLETE, None)


async def test_a_deleted_message_is_never_sent_again(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.ask("First")
    second = await talk.ask("The second")
    asked = await talk.run(question_of, second)
    await talk.run(remove, asked, talk.author)

    await talk.ask("Third")

    said = [row["content"] for row in gateway.requests[-1].messages]
    assert "First" in said
    assert "The second" not in said
    for refused in (
        lambda: retry_reply(reply=known(second), user=talk.author, siblings=1),
        lambda: edit_message(
            message=known(asked),
            author=talk.author,
            content="Again",
            client_id=uuid4(),
        ),
    ):
        with pytest.raises(RefusedError, match="deleted"):
            await talk.run(refused)


async def test_what_is_sent_from_a_deleted_branch_goes_on_nearest_to_it(
    talk: Talk,
) -> None:
    first = await talk.ask("First")
    second = await talk.ask("Second")
    await talk.run(remove, await talk.run(question_of, second), talk.author)

    sent = await talk.run(
        send_message,
        conversation=talk.conversation,
        author=talk.author,
        content="Third",
        client_id=uuid4(),
        after=second.pk,
    )
    await talk.idle()

    assert sent.parent_id == first.pk


async def test_the_requests_of_other_tries_can_be_made_again_when_it_is_gone(
    talk: Talk,
) -> None:
    first = await talk.ask("First")
    again = await talk.run(retry_reply, reply=first, user=talk.author, siblings=1)
    await talk.idle()
    shared = (await talk.generation(first)).epoch_id
    await talk.run(remove, first, talk.author)
    await talk.run(age, first)

    def purge() -> None:
        while purge_some():
            pass

    await talk.run(purge)
    generation = await talk.generation(again)
    body = await talk.run(rebuild_request, generation=generation)

    assert generation.epoch_id == shared
    assert await talk.run(Epoch.objects.filter(message=again).exists)
    assert body is not None
    assert not await talk.run(Generation.objects.filter(message=first.pk).exists)


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("stop", "post"),
        ("retry", "post"),
        ("continue", "post"),
        ("start", "post"),
        ("edit", "get"),
        ("edit", "post"),
        ("edit_meter", "post"),
        ("pin", "post"),
        ("context", "get"),
        ("exact_request", "get"),
        ("remove", "post"),
        ("fork", "post"),
    ],
)
def test_what_was_deleted_is_not_there_for_anything(
    tree: Tree, alice: User, client: Client, name: str, method: str
) -> None:
    remove(tree.edited, alice)
    client.force_login(alice)
    words = {"content": "Anew", "client_id": str(uuid4()), "pinned": "1"}

    for one in (tree.edited, tree.new_end):
        url = reverse(name, args=[tree.conversation.pk, one.pk])
        assert getattr(client, method)(url, words).status_code == 404
    page = f"/c/{tree.conversation.pk}/?at={tree.edited.pk}"
    assert client.get(page).status_code == 404


def test_who_deleted_it_brings_it_back_by_the_notice(
    tree: Tree, alice: User, client: Client
) -> None:
    client.force_login(alice)
    url = reverse("remove", args=[tree.conversation.pk, tree.edited.pk])

    said = client.post(url, headers={"HX-Request": "true"}).content.decode()

    back = reverse("restore_branch", args=[tree.conversation.pk, tree.edited.pk])
    assert f'hx-post="{back}"' in said
    answer = client.post(back)
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"?at={tree.edited.pk}#m-{tree.edited.pk}")
    assert shown(tree.conversation, alice)[-1] == tree.new_end.pk
    assert client.post(back).status_code == 404
