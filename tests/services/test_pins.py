"""Pinned messages: within a bound, and told to open pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conversations import limits
from conversations.models import Conversation, Message
from conversations.services.errors import RefusedError
from conversations.services.memory.pins import pin_message
from conversations.wire import State
from tests.factories import make_message
from tests.services.remembering import Tree, pin

if TYPE_CHECKING:
    from conversations.models import User


@pytest.fixture
def tree(alice: User) -> Tree:
    return Tree(alice)


def version_of(tree: Tree) -> int:
    return Conversation.objects.get(pk=tree.conversation.pk).version


def test_a_message_is_pinned_and_let_go(tree: Tree, alice: User) -> None:
    version = version_of(tree)

    pin_message(message=tree.left, user=alice, pinned=True)

    tree.left.refresh_from_db()
    assert tree.left.pinned_at is not None
    assert tree.left.pinned_by == alice
    assert tree.left.changed == version_of(tree) == version + 1
    pin_message(message=tree.left, user=alice, pinned=False)
    left = Message.objects.get(pk=tree.left.pk)
    assert (left.pinned_at, left.pinned_by) == (None, None)


def test_the_pins_leave_the_message_as_it_was(tree: Tree, alice: User) -> None:
    tree.left.content = "Changed in memory only."

    pin_message(message=tree.left, user=alice, pinned=True)

    tree.left.refresh_from_db()
    assert tree.left.content == "Left."


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_an_answer_is_not_pinned_while_it_is_written(
    tree: Tree, alice: User, state: State
) -> None:
    tree.left.generations.update(state=state)

    with pytest.raises(RefusedError, match="still being written"):
        pin_message(message=tree.left, user=alice, pinned=True)


def test_an_answer_without_a_word_is_not_pinned(tree: Tree, alice: User) -> None:
    empty = make_message(tree.conversation, " ", parent=tree.left)

    with pytest.raises(RefusedError, match="nothing in this message"):
        pin_message(message=empty, user=alice, pinned=True)


def test_pins_have_a_bound_together(
    tree: Tree, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PINNED_TOKENS", 100)
    Message.objects.filter(pk=tree.trunk.pk).update(content="word " * 60, tokens=None)
    pin(tree.trunk)
    long = make_message(tree.conversation, "word " * 60, parent=tree.left)
    long.tokens = 60

    with pytest.raises(RefusedError, match="100 tokens together"):
        pin_message(message=long, user=alice, pinned=True)

    long.refresh_from_db()
    assert long.pinned_at is None
    pin_message(message=tree.left, user=alice, pinned=True)


def test_what_is_pinned_may_be_pinned_again(
    tree: Tree, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PINNED_TOKENS", tree.left.tokens)

    pin_message(message=tree.left, user=alice, pinned=True)
    pin_message(message=tree.left, user=alice, pinned=True)

    tree.left.refresh_from_db()
    assert tree.left.pinned_at is not None
