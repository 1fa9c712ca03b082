"""Which branch a person looks at, what is sent there, and what a page is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection

from conversations.live.room import Branch
from conversations.models import Conversation, Generation, Message, User
from conversations.services.branching.branches import (
    find_leaf_below,
    follow_branch,
    list_path,
)
from conversations.services.branching.editing import edit_message
from conversations.services.branching.retrying import retry_reply
from conversations.services.branching.viewing import choose_branch, find_branch_in_view
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish
from conversations.services.queue import start_following
from conversations.services.transcript import Spot, read_changes, read_window
from conversations.services.turns import release_queue, stop_reply
from conversations.wire import State
from tests.factories import make_conversation, make_generation, make_message
from tests.gateway import TestGateway
from tests.sending import send_message
from tests.services.conftest import Talk
from tests.services.test_generation import has_text

Execute = Callable[..., object]


class Tree:
    """A conversation drawn by hand: `first` was edited, and the edit goes on.

    first ── answer ── more ── (answer)     edited ── answer
    """

    def __init__(self, owner: User) -> None:
        self.conversation = make_conversation(owner)
        self.first, self.reply = self.turn("First", None)
        self.more, self.end = self.turn("More", self.reply)
        self.edited, self.new_end = self.turn("First, edited", None)

    def turn(self, text: str, parent: Message | None) -> tuple[Message, Message]:
        asked = make_message(self.conversation, text, parent=parent)
        return asked, self.answer(asked)

    def answer(self, asked: Message) -> Message:
        role = Message.Role.ASSISTANT
        reply = make_message(self.conversation, "Yes.", role=role, parent=asked)
        make_generation(reply)
        return reply

    def in_view(self, user: User) -> UUID | None:
        return find_branch_in_view(conversation=self.conversation, user=user).at

    def choose(self, user: User, message: Message) -> None:
        choose_branch(conversation=self.conversation, user=user, message=message.pk)


@pytest.fixture
def tree(alice: User) -> Tree:
    return Tree(alice)


def test_without_a_choice_one_looks_at_the_newest_branch(
    tree: Tree, alice: User
) -> None:
    assert tree.in_view(alice) == tree.new_end.pk


def test_choosing_a_message_leads_to_where_its_branch_went_on_last(
    tree: Tree, alice: User
) -> None:
    tree.choose(alice, tree.first)

    assert tree.in_view(alice) == tree.end.pk


def test_a_choice_is_ones_own(tree: Tree, alice: User, bob: User) -> None:
    tree.choose(alice, tree.first)

    assert tree.in_view(bob) == tree.new_end.pk


def test_what_is_added_below_a_choice_belongs_to_it(tree: Tree, alice: User) -> None:
    tree.choose(alice, tree.first)
    _, newer = tree.turn("And more", tree.end)

    assert tree.in_view(alice) == newer.pk


def test_who_chooses_the_newest_branch_follows_the_next_one_too(
    tree: Tree, alice: User
) -> None:
    tree.choose(alice, tree.first)
    tree.choose(alice, tree.edited)
    _, newest = tree.turn("Once more, edited", None)

    assert tree.in_view(alice) == newest.pk


def test_whatever_is_said_while_a_page_is_told_it_has_the_end_it_is_told_of(
    tree: Tree,
) -> None:
    asked = 0
    while True:
        known = {str(pk) for pk in list_path(leaf=tree.new_end.pk, limit=100)}
        seen, page = tree.conversation.version, Branch(tree.new_end.pk)
        asked += 1
        said = Said(tree, before=asked)
        with connection.execute_wrapper(said):
            frames = read_changes(tree.conversation.pk, seen, page).frames
        *articles, version = [json.loads(frame) for frame in frames]

        assert version["end"] in known | {each["m"] for each in articles}
        if not said.is_said:
            break
    assert asked > 4


class Said:
    """Goes on with a conversation just before a query, counted from 1."""

    def __init__(self, tree: Tree, *, before: int) -> None:
        self._tree = tree
        self._left = before

    @property
    def is_said(self) -> bool:
        return self._left <= 0

    def __call__(self, execute: Execute, *query: object) -> object:
        self._left -= 1
        if self._left == 0:
            tree = self._tree
            _, tree.new_end = tree.turn("And now?", tree.new_end)
        return execute(*query)


def test_a_message_of_another_conversation_cannot_be_chosen(
    tree: Tree, alice: User
) -> None:
    other = make_message(make_conversation(alice))

    with pytest.raises(RefusedError):
        tree.choose(alice, other)


def test_below_a_message_the_newest_end_counts_however_it_was_reached(
    tree: Tree,
) -> None:
    other = tree.answer(tree.first)
    _, newest = tree.turn("Even more", tree.end)

    below = find_leaf_below(conversation=tree.conversation, message=tree.first.pk)

    assert other.seq < newest.seq
    assert below == newest.pk


def follow(tree: Tree, at: Message, *, stays: bool = False) -> UUID | None:
    branch = Branch(at.pk, stays=stays)
    return follow_branch(conversation=tree.conversation, branch=branch)


def test_a_page_stays_on_its_branch_whatever_happens_on_others(tree: Tree) -> None:
    assert follow(tree, tree.end) == tree.end.pk
    assert follow(tree, tree.reply) == tree.end.pk


def test_a_page_goes_on_to_a_newer_try_of_its_last_answer(tree: Tree) -> None:
    again = tree.answer(tree.more)

    assert follow(tree, tree.end) == again.pk
    assert follow(tree, tree.end, stays=True) == tree.end.pk
    assert follow(tree, again) == again.pk


def test_an_answer_that_was_gone_on_from_does_not_give_way_to_a_newer_try(
    tree: Tree,
) -> None:
    _, later = tree.turn("Later", tree.end)
    tree.answer(tree.more)

    assert follow(tree, tree.end) == later.pk


def shown(tree: Tree, user: User, before: UUID | None = None) -> list[UUID]:
    window = read_window(
        conversation=tree.conversation, limit=2, spot=Spot(before=before), user=user
    )
    return [article.id for article in window.articles]


def test_the_window_shows_the_branch_in_view(tree: Tree, alice: User) -> None:
    tree.choose(alice, tree.first)

    assert shown(tree, alice) == [tree.more.pk, tree.end.pk]
    assert shown(tree, alice, before=tree.more.pk) == [tree.first.pk, tree.reply.pk]


def test_articles_say_which_version_they_are(tree: Tree, alice: User) -> None:
    window = read_window(conversation=tree.conversation, limit=9, user=alice)
    edited, answer = window.articles

    assert edited.siblings is not None
    assert (edited.siblings.number, edited.siblings.count) == (2, 2)
    assert (edited.siblings.before, edited.siblings.after) == (tree.first.pk, None)
    assert answer.siblings is None


def frames(
    conversation: Conversation, seen: int, at: Message, *, stays: bool = False
) -> list[str]:
    """The messages whose articles a page at `at` is sent, in order."""
    changes = read_changes(conversation.pk, seen, Branch(at.pk, stays=stays))
    parsed = [json.loads(frame) for frame in changes.frames]
    return [frame["m"] for frame in parsed if frame["t"] == "a"]


def test_a_page_is_told_nothing_of_other_branches(tree: Tree) -> None:
    seen = tree.end.changed

    assert frames(tree.conversation, seen, tree.end) == []
    assert frames(tree.conversation, seen, tree.new_end) == [
        str(tree.edited.pk),
        str(tree.new_end.pk),
    ]


def test_a_page_that_moves_to_a_newer_try_gets_all_of_it(tree: Tree) -> None:
    again = tree.answer(tree.more)
    later, end = tree.turn("Later", again)
    everything = end.changed

    moved = frames(tree.conversation, everything - 1, tree.end)
    stayed = frames(tree.conversation, everything - 1, tree.end, stays=True)

    assert moved == [str(one.pk) for one in (again, later, end)]
    assert stayed == []


def test_an_answer_on_another_branch_is_not_shown_but_said_to_be_written(
    tree: Tree,
) -> None:
    asked = make_message(tree.conversation, "Now", parent=tree.new_end)
    reply = make_message(
        tree.conversation, "", role=Message.Role.ASSISTANT, parent=asked
    )
    make_generation(reply, State.RUNNING)

    elsewhere = read_changes(tree.conversation.pk, 0, Branch(tree.end.pk))
    here = read_changes(tree.conversation.pk, 0, Branch(tree.new_end.pk))

    assert elsewhere.elsewhere == reply.pk
    assert elsewhere.running is None
    assert here.elsewhere is None
    assert here.running is not None
    assert here.running.message_id == str(reply.pk)
    for changes in (elsewhere, here):
        assert json.loads(changes.frames[-1])["busy"] is True


async def test_a_message_goes_on_from_the_last_one_of_its_page(talk: Talk) -> None:
    first = await talk.ask("First")
    await talk.ask("More")
    asked = await talk.run(Message.objects.get, pk=first.parent_id)
    edited = await edit(talk, asked, "First, edited")
    await talk.idle()

    here = await send(talk, "After the edit", after=None)
    there = await send(talk, "After more", after=first.pk)
    await talk.idle()

    assert await ancestors(talk, here) == ["After the edit", "First, edited"]
    assert await ancestors(talk, there) == ["After more", "More", "First"]
    assert edited.parent_id is None


async def edit(talk: Talk, message: Message, content: str) -> Message:
    return await talk.run(
        edit_message,
        message=message,
        author=talk.author,
        content=content,
        client_id=uuid4(),
    )


async def send(talk: Talk, content: str, after: UUID | None) -> Message:
    return await talk.run(
        send_message,
        conversation=talk.conversation,
        author=talk.author,
        content=content,
        client_id=uuid4(),
        after=after,
    )


async def ancestors(talk: Talk, message: Message) -> list[str]:
    """What people said on the branch to `message`, newest first."""
    path = await talk.run(list_path, leaf=message.pk, limit=50)
    found = await talk.run(Message.objects.in_bulk, path)
    return [found[pk].content for pk in path if found[pk].role == Message.Role.USER]


async def test_without_a_known_last_message_one_goes_on_from_ones_view(
    talk: Talk,
) -> None:
    first = await talk.ask("First")
    asked = await talk.run(Message.objects.get, pk=first.parent_id)
    await edit(talk, asked, "First, edited")
    await talk.idle()
    await talk.run(
        choose_branch,
        conversation=talk.conversation,
        user=talk.author,
        message=first.pk,
    )

    sent = await send(talk, "Here", after=uuid4())
    await talk.idle()

    assert sent.parent_id == first.pk


async def test_who_sends_on_an_older_branch_looks_at_it_again_as_the_newest(
    talk: Talk,
) -> None:
    first = await talk.ask("First")
    asked = await talk.run(Message.objects.get, pk=first.parent_id)
    await edit(talk, asked, "First, edited")
    await talk.idle()
    views = talk.conversation.views.values_list("leaf", flat=True)
    await talk.run(
        choose_branch,
        conversation=talk.conversation,
        user=talk.author,
        message=first.pk,
    )
    assert await talk.run(views.get) == first.pk

    await send(talk, "Here", after=first.pk)
    await talk.idle()

    assert await talk.run(views.get) is None


async def test_messages_sent_from_two_tabs_queue_on_their_own_branches(
    talk: Talk, gateway: TestGateway
) -> None:
    first = await talk.ask("First")
    asked = await talk.run(Message.objects.get, pk=first.parent_id)
    await talk.use("stall:1")
    edited = await edit(talk, asked, "First, edited")
    running = await talk.run(edited.children.get)
    await has_text(talk, running.pk)
    there = [await send(talk, f"There {n}", after=first.pk) for n in (1, 2)]
    here = await send(talk, "Here", after=running.pk)

    await talk.use("ok:1")
    await talk.run(stop_reply, reply=running, user=talk.author)
    await talk.idle()

    assert await ancestors(talk, there[1]) == ["There 2", "There 1", "First"]
    assert await ancestors(talk, here) == ["Here", "First, edited"]
    states = Generation.objects.filter(conversation=talk.conversation)
    ended = await talk.run(list, states.values_list("state", flat=True).order_by("pk"))
    assert ended == [State.COMPLETE, State.STOPPED, *[State.COMPLETE] * 3]
    asked_last = [row.messages[-1]["content"] for row in gateway.requests]
    assert asked_last[2:] == ["There 1", "There 2", "Here"]


async def waiting_below_a_failure(talk: Talk) -> tuple[Message, Message]:
    """A turn that failed, and the reply that waits for a person below it."""
    await talk.use("stall:1")
    failing = await talk.send("First")
    await has_text(talk, failing.pk)
    waiting = await talk.send("Second")
    await talk.has_looked(waiting)
    generation = await talk.generation(failing)
    await talk.run(finish, generation.pk, Ending(State.FAILED))
    talk.hub.tasks.cancel(generation.pk)
    await talk.idle()
    await talk.use("ok:1")
    return failing, waiting


async def test_what_waits_below_a_failure_waits_whatever_other_branches_do(
    talk: Talk,
) -> None:
    failed, waiting = await waiting_below_a_failure(talk)
    asked = await talk.run(Message.objects.get, pk=failed.parent_id)

    edited = await edit(talk, asked, "First, edited")
    await talk.idle()
    await talk.run(start_following)
    await talk.idle()

    answered = await talk.generation(await talk.run(edited.children.get))
    assert answered.state == State.COMPLETE
    assert (await talk.generation(waiting)).state == State.QUEUED
    window = await talk.run(
        read_window, conversation=talk.conversation, limit=9, user=talk.author
    )
    assert waiting.pk not in [article.id for article in window.articles]

    await talk.run(release_queue, reply=waiting)
    await talk.idle()

    assert (await talk.generation(waiting)).state == State.COMPLETE


async def test_a_try_of_a_failed_answer_keeps_the_order_of_what_waits(
    talk: Talk,
) -> None:
    failed, waiting = await waiting_below_a_failure(talk)

    again = await talk.run(retry_reply, reply=failed, user=talk.author)
    await talk.idle()

    path = await talk.run(list_path, leaf=waiting.pk, limit=9)
    found = await talk.run(Message.objects.in_bulk, path)
    numbers = [found[pk].seq for pk in path]
    assert again.pk in path
    assert failed.pk not in path
    assert numbers == sorted(numbers, reverse=True)
    assert (await talk.generation(waiting)).state == State.COMPLETE


async def test_an_older_try_can_be_tried_once_more(talk: Talk) -> None:
    first = await talk.ask("First")
    second = await talk.run(retry_reply, reply=first, user=talk.author, siblings=1)
    twice = await talk.run(retry_reply, reply=first, user=talk.author, siblings=1)
    await talk.idle()

    third = await talk.run(retry_reply, reply=first, user=talk.author, siblings=2)
    await talk.idle()

    assert twice.pk == second.pk
    assert third.pk not in (first.pk, second.pk)
    tries = Message.objects.filter(parent=first.parent_id)
    assert await talk.run(tries.count) == 3


async def test_who_tries_again_on_an_older_branch_stays_there(talk: Talk) -> None:
    first = await talk.ask("First")
    asked = await talk.run(Message.objects.get, pk=first.parent_id)
    await edit(talk, asked, "First, edited")
    await talk.idle()
    await talk.run(
        choose_branch,
        conversation=talk.conversation,
        user=talk.author,
        message=first.pk,
    )

    again = await talk.run(retry_reply, reply=first, user=talk.author)
    await talk.idle()

    branch = await talk.run(
        find_branch_in_view, conversation=talk.conversation, user=talk.author
    )
    assert branch.at == again.pk
