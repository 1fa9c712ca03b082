"""What is remembered of a branch: only what belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from conversations.context.tokens import count
from conversations.models import Message
from conversations.services.branching.branches import find_on_branch
from conversations.services.memory.remembered import find_summary
from conversations.wire import Memory
from tests.factories import make_message
from tests.services.remembering import Tree, pin

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from conversations.models import User


@pytest.fixture
def tree(alice: User) -> Tree:
    return Tree(alice)


def test_where_nothing_is_remembered_one_query_tells(
    tree: Tree, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert tree.read(tree.left_leaf) == Memory()


def test_much_is_remembered_in_a_few_queries(
    tree: Tree, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pin(tree.trunk)
    for message in (tree.trunk, tree.left, tree.right):
        tree.remember(message.content, message)
        tree.summarise(message, "Briefly.")

    with django_assert_num_queries(8):
        tree.read(tree.left_leaf)


def test_a_branch_has_its_own_pins_in_order(tree: Tree) -> None:
    for message in (tree.right, tree.left_leaf, tree.trunk):
        pin(message)

    left = tree.read(tree.left_leaf).pins

    assert [one.message.content for one in left] == ["Trunk.", "Left again."]
    assert [one.message.role for one in left] == ["assistant", "assistant"]
    assert left[0].place < left[1].place


def test_a_pin_below_the_leaf_is_not_on_its_branch(tree: Tree) -> None:
    pin(tree.left_leaf)

    assert tree.read(tree.left).pins == ()


def test_a_pinned_message_is_counted_once(tree: Tree) -> None:
    pin(tree.trunk)
    Message.objects.filter(pk=tree.trunk.pk).update(tokens=None)

    (one,) = tree.read(tree.left_leaf).pins

    tree.trunk.refresh_from_db()
    assert one.message.tokens == tree.trunk.tokens == count("Trunk.")


def test_a_branch_has_its_own_facts_and_those_from_nowhere(tree: Tree) -> None:
    tree.remember("Of all")
    tree.remember("Of the trunk", tree.trunk)
    tree.remember("Of the left", tree.left)
    tree.remember("Of the right", tree.right)

    facts = tree.read(tree.left_leaf).facts

    assert [fact.text for fact in facts] == ["Of all", "Of the trunk", "Of the left"]
    assert [fact.source for fact in facts] == [
        "",
        str(tree.trunk.pk),
        str(tree.left.pk),
    ]


def test_pinned_facts_come_first(tree: Tree) -> None:
    tree.remember("First")
    pinned = tree.remember("Second")
    pinned.pinned = True
    pinned.save()

    facts = tree.read(tree.left_leaf).facts

    assert [(fact.text, fact.pinned) for fact in facts] == [
        ("Second", True),
        ("First", False),
    ]


def test_the_summary_that_reaches_furthest_is_taken(tree: Tree) -> None:
    tree.summarise(tree.left, "Trunk and left.")
    tree.summarise(tree.trunk, "Trunk, written later.")
    tree.summarise(tree.right_leaf, "Another branch.")

    summary = tree.read(tree.left_leaf).summary

    assert summary is not None
    assert (summary.text, summary.until) == ("Trunk and left.", str(tree.left.pk))


def test_of_one_place_the_newest_version_is_taken(tree: Tree) -> None:
    tree.summarise(tree.trunk, "As a model wrote it.")
    newest = tree.summarise(tree.trunk, "As a person wrote it.")

    summary = tree.read(tree.left_leaf).summary

    assert summary is not None
    assert (summary.id, summary.text) == (newest.pk, "As a person wrote it.")


def test_a_summary_that_is_switched_off_is_not_read(tree: Tree) -> None:
    tree.summarise(tree.trunk, "Trunk.")

    assert tree.read(tree.left_leaf, summarises=False).summary is None


def test_a_summary_is_found_by_its_branch(tree: Tree) -> None:
    tree.summarise(tree.left, "Left.")

    found = find_summary(conversation_id=tree.conversation.pk, leaf=tree.left_leaf.pk)
    other = find_summary(conversation_id=tree.conversation.pk, leaf=tree.right_leaf.pk)

    assert found is not None
    assert found.text == "Left."
    assert other is None


def test_what_is_on_a_branch_comes_newest_first(tree: Tree) -> None:
    wanted = {tree.trunk.pk, tree.left.pk, tree.right.pk, uuid4()}

    on_left = find_on_branch(leaf=tree.left_leaf.pk, wanted=wanted)

    assert on_left == [tree.left.pk, tree.trunk.pk]
    assert find_on_branch(leaf=tree.left_leaf.pk, wanted=set()) == []
    assert find_on_branch(leaf=uuid4(), wanted=wanted) == []


def test_a_long_branch_is_walked_to_its_beginning(tree: Tree) -> None:
    newest = tree.left_leaf
    for number in range(300):
        newest = make_message(tree.conversation, f"Message {number}", parent=newest)

    assert find_on_branch(leaf=newest.pk, wanted=[tree.trunk.pk]) == [tree.trunk.pk]
