"""Facts: kept within bounds, with their source, and told to open pages."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from conversations import limits
from conversations.context.digest import FoundFact
from conversations.context.tokens import count
from conversations.models import Conversation, Fact, Message
from conversations.services.branching.removing import remove_branch, restore_branch
from conversations.services.errors import RefusedError
from conversations.services.memory.facts import (
    add_fact,
    delete_fact,
    edit_fact,
    list_deleted_facts,
    list_facts,
    pin_fact,
    restore_fact,
    save_found_facts,
)
from conversations.services.memory.leaving import find_unread
from conversations.services.purging import purge_some
from tests.services.remembering import Tree

if TYPE_CHECKING:
    from conversations.models import Epoch, User


@pytest.fixture
def tree(alice: User) -> Tree:
    return Tree(alice)


@pytest.fixture
def epoch(tree: Tree) -> Epoch:
    return tree.begin(tree.left, tree.left_leaf)


def version_of(tree: Tree) -> int:
    return Conversation.objects.get(pk=tree.conversation.pk).version


def texts(tree: Tree) -> list[str]:
    return [fact.text for fact in list_facts(conversation=tree.conversation)]


def found(*said: str, source: Message) -> list[FoundFact]:
    return [FoundFact(text, str(source.pk)) for text in said]


def test_a_person_writes_down_a_fact(tree: Tree, alice: User) -> None:
    fact = add_fact(
        conversation=tree.conversation,
        text=" Alice likes\ntea. ",
        author=alice,
        source=tree.left,
    )

    assert (fact.text, fact.author, fact.source) == (
        "Alice likes tea.",
        alice,
        tree.left,
    )
    assert fact.tokens == count("Alice likes tea.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" \n", "worth remembering"),
        ("x" * (limits.FACT_CHARACTERS + 1), "Please shorten it"),
        ("ALICE likes tea.", "remembered already"),
    ],
)
def test_what_is_no_new_fact_is_refused_kindly(
    tree: Tree, alice: User, text: str, words: str
) -> None:
    tree.remember("Alice likes tea.")
    version = version_of(tree)

    with pytest.raises(RefusedError, match=words):
        add_fact(conversation=tree.conversation, text=text, author=alice)

    assert texts(tree) == ["Alice likes tea."]
    assert version_of(tree) == version


def test_more_facts_than_fit_are_refused(
    tree: Tree, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FACTS_PER_CONVERSATION", 1)
    tree.remember("One.")

    with pytest.raises(RefusedError, match="delete one first"):
        add_fact(conversation=tree.conversation, text="Two.", author=alice)


def test_a_fact_is_edited_and_keeps_its_source(tree: Tree, alice: User) -> None:
    fact = tree.remember("Alice likes coffee.", tree.left)

    edit_fact(fact=fact, text="Alice likes tea.", author=alice)

    fact.refresh_from_db()
    assert (fact.text, fact.author, fact.source) == (
        "Alice likes tea.",
        alice,
        tree.left,
    )
    assert fact.tokens == count("Alice likes tea.")


def test_a_fact_may_be_written_in_other_letters(tree: Tree, alice: User) -> None:
    fact = tree.remember("alice likes tea.")

    edit_fact(fact=fact, text="Alice likes tea.", author=alice)

    assert texts(tree) == ["Alice likes tea."]


def test_a_fact_does_not_become_another(tree: Tree, alice: User) -> None:
    tree.remember("One.")
    fact = tree.remember("Two.")

    with pytest.raises(RefusedError, match="remembered already"):
        edit_fact(fact=fact, text="one.", author=alice)

    assert texts(tree) == ["One.", "Two."]


def test_a_fact_is_pinned_let_go_and_forgotten(tree: Tree) -> None:
    tree.remember("One.")
    fact = tree.remember("Two.")

    pin_fact(fact=fact, pinned=True)
    assert texts(tree) == ["Two.", "One."]
    pin_fact(fact=fact, pinned=False)
    assert texts(tree) == ["One.", "Two."]
    delete_fact(fact=fact)
    assert texts(tree) == ["One."]


def test_a_deleted_fact_comes_back_as_it_was(tree: Tree) -> None:
    tree.remember("One.")
    other = tree.remember("Two.", source=tree.left)
    pin_fact(fact=other, pinned=True)
    delete_fact(fact=other)
    assert texts(tree) == ["One."]
    version = version_of(tree)

    (back,) = list_deleted_facts(conversation=tree.conversation)
    restore_fact(fact=back)

    assert texts(tree) == ["Two.", "One."]
    assert version_of(tree) == version + 1
    assert (back.pk, back.source) == (other.pk, tree.left)
    assert not list_deleted_facts(conversation=tree.conversation)


def test_a_fact_that_is_known_by_now_does_not_come_back(
    tree: Tree, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    fact = tree.remember("Alice likes tea.")
    delete_fact(fact=fact)
    known = add_fact(
        conversation=tree.conversation, text="alice likes tea.", author=alice
    )

    with pytest.raises(RefusedError, match="remembered already"):
        restore_fact(fact=fact)
    edit_fact(fact=known, text="Alice likes cake.", author=alice)
    monkeypatch.setattr(limits, "FACTS_PER_CONVERSATION", 1)
    with pytest.raises(RefusedError, match="delete one first"):
        restore_fact(fact=fact)

    assert texts(tree) == ["Alice likes cake."]


def test_a_deleted_fact_goes_for_good_when_its_time_is_over(tree: Tree) -> None:
    kept, gone = tree.remember("Kept."), tree.remember("Gone.")
    for fact in (kept, gone):
        delete_fact(fact=fact)
    long_ago = timezone.now() - timedelta(hours=limits.UNDO_HOURS + 1)
    Fact.everything.filter(pk=gone.pk).update(deleted_at=long_ago)
    assert list(list_deleted_facts(conversation=tree.conversation)) == [kept]

    while purge_some():
        pass

    assert list(Fact.everything.all()) == [kept]


def test_open_pages_learn_of_a_fact(tree: Tree, alice: User, epoch: Epoch) -> None:
    version = version_of(tree)

    add_fact(conversation=tree.conversation, text="Alice likes tea.", author=alice)

    tree.left.refresh_from_db()
    assert tree.left.changed == version_of(tree) == version + 1


def test_found_facts_come_with_their_source(tree: Tree, epoch: Epoch) -> None:
    facts = found("Tea.", "Milk.", source=tree.trunk)

    assert save_found_facts(epoch=epoch, found=facts, usage=None) == 2

    rows = list_facts(conversation=tree.conversation)
    assert [(row.text, row.source, row.author) for row in rows] == [
        ("Tea.", tree.trunk, None),
        ("Milk.", tree.trunk, None),
    ]
    epoch.refresh_from_db()
    assert epoch.facts_read_at is not None


def test_found_facts_that_are_known_are_not_kept_twice(
    tree: Tree, epoch: Epoch
) -> None:
    tree.remember("TEA.")
    facts = found("Tea.", "Milk.", "milk.", source=tree.trunk)

    assert save_found_facts(epoch=epoch, found=facts, usage=None) == 1

    assert texts(tree) == ["TEA.", "Milk."]


def test_found_facts_stay_within_the_bound(
    tree: Tree, epoch: Epoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FACTS_PER_CONVERSATION", 2)
    tree.remember("One.")

    save_found_facts(
        epoch=epoch, found=found("Two.", "Three.", source=tree.trunk), usage=None
    )

    assert texts(tree) == ["One.", "Two."]


def test_what_was_searched_already_is_not_added_to(tree: Tree, epoch: Epoch) -> None:
    save_found_facts(epoch=epoch, found=[], usage=None)

    again = found("Tea.", source=tree.trunk)

    assert save_found_facts(epoch=epoch, found=again, usage=None) == 0
    assert texts(tree) == []


def test_what_was_found_in_a_deleted_branch_is_known_again_when_it_comes_back(
    tree: Tree, alice: User, epoch: Epoch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FACTS_PER_CONVERSATION", 2)
    for text in ("Tea.", "Milk."):
        tree.remember(text, source=tree.right)
    branch = Message.objects.get(children=tree.right)
    remove_branch(message=branch, user=alice)

    assert find_unread(epoch=epoch, room=1_000)[1] == []
    add_fact(conversation=tree.conversation, text="Tea.", author=alice)
    facts = found("Milk.", source=tree.left)
    assert save_found_facts(epoch=epoch, found=facts, usage=None) == 1
    assert texts(tree) == ["Tea.", "Milk."]
    restore_branch(message=branch, user=alice)
    assert texts(tree) == ["Tea.", "Milk."] * 2
    with pytest.raises(RefusedError, match="remembered already"):
        add_fact(conversation=tree.conversation, text="Milk.", author=alice)
