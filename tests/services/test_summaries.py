"""Summaries: every version stays, the newest holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conversations import limits
from conversations.context.tokens import count
from conversations.models import Conversation, LanguageModel, Summary
from conversations.services.errors import RefusedError
from conversations.services.memory.remembered import as_wire
from conversations.services.memory.summaries import (
    StaleError,
    cut_summary,
    edit_summary,
    list_summaries,
    revert_summary,
    save_summary,
    switch_summaries,
)
from tests.factories import make_model
from tests.services.remembering import Tree

if TYPE_CHECKING:
    from conversations import wire
    from conversations.models import Message, User


@pytest.fixture
def tree(alice: User) -> Tree:
    tree = Tree(alice)
    tree.begin(tree.left, tree.left_leaf)
    return tree


@pytest.fixture
def model(db: None) -> LanguageModel:
    return make_model("cheap")


def save(
    tree: Tree,
    model: LanguageModel,
    until: Message,
    text: str,
    base: Summary | None = None,
) -> wire.Summary:
    return save_summary(
        conversation_id=tree.conversation.pk,
        until=until.pk,
        text=text,
        model=model,
        usage=None,
        base=as_wire(base) if base else None,
    )


def versions(tree: Tree, until: Message) -> list[str]:
    rows = list_summaries(conversation=tree.conversation, until=until.pk)
    return [row.text for row in rows]


def test_a_model_s_summary_says_who_wrote_it(tree: Tree, model: LanguageModel) -> None:
    summary = save(tree, model, tree.trunk, " They chose. \0")

    row = Summary.objects.get()
    assert (row.pk, row.text, row.until) == (summary.id, "They chose. �", tree.trunk)
    assert (row.is_written, row.author, row.model_title) == (False, None, "cheap")
    assert row.tokens == count("They chose. �")


def test_a_summary_is_not_written_twice(tree: Tree, model: LanguageModel) -> None:
    save(tree, model, tree.trunk, "Once.")

    with pytest.raises(StaleError):
        save(tree, model, tree.trunk, "Twice.")

    assert versions(tree, tree.trunk) == ["Once."]


def test_what_a_person_changed_meanwhile_is_not_written_over(
    tree: Tree, model: LanguageModel, alice: User
) -> None:
    base = tree.summarise(tree.trunk, "They chose coffee.")
    edit_summary(
        conversation=tree.conversation,
        summary=base,
        text="They chose tea.",
        author=alice,
    )

    with pytest.raises(StaleError):
        save(tree, model, tree.left, "They chose coffee, and left.", base)

    assert versions(tree, tree.left) == []


def test_an_edit_is_a_version_of_its_own(tree: Tree, alice: User) -> None:
    first = tree.summarise(tree.trunk, "They chose coffee.")

    edited = edit_summary(
        conversation=tree.conversation,
        summary=first,
        text="They chose tea.\r\n",
        author=alice,
    )

    assert versions(tree, tree.trunk) == ["They chose tea.", "They chose coffee."]
    assert (edited.author, edited.is_written) == (alice, True)
    assert edited.tokens == count("They chose tea.")


def test_an_earlier_version_holds_again_with_its_author(
    tree: Tree, alice: User
) -> None:
    first = tree.summarise(tree.trunk, "They chose coffee.")
    first.model_title = "cheap"
    first.save()
    edit_summary(
        conversation=tree.conversation, summary=first, text="Tea.", author=alice
    )

    again = revert_summary(conversation=tree.conversation, summary=first)

    assert versions(tree, tree.trunk) == [
        "They chose coffee.",
        "Tea.",
        "They chose coffee.",
    ]
    assert (again.author, again.is_written, again.model_title) == (None, False, "cheap")


@pytest.mark.parametrize(
    ("text", "words"),
    [(" \n", "switch it off"), ("x" * (limits.SUMMARY_BYTES + 1), "shorten it")],
)
def test_a_summary_that_does_not_fit_is_refused_kindly(
    tree: Tree, alice: User, text: str, words: str
) -> None:
    first = tree.summarise(tree.trunk, "They chose.")

    with pytest.raises(RefusedError, match=words):
        edit_summary(
            conversation=tree.conversation, summary=first, text=text, author=alice
        )

    assert versions(tree, tree.trunk) == ["They chose."]


def test_summaries_are_switched_off_and_kept(tree: Tree) -> None:
    tree.summarise(tree.trunk, "They chose.")

    switch_summaries(conversation=tree.conversation, on=False)

    assert not Conversation.objects.get(pk=tree.conversation.pk).summarises
    assert versions(tree, tree.trunk) == ["They chose."]
    switch_summaries(conversation=tree.conversation, on=True)
    assert Conversation.objects.get(pk=tree.conversation.pk).summarises


def test_open_pages_learn_of_every_change(
    tree: Tree, alice: User, model: LanguageModel
) -> None:
    first = tree.summarise(tree.trunk, "They chose.")
    conversation, seen = tree.conversation, set()

    edit_summary(conversation=conversation, summary=first, text="Tea.", author=alice)
    seen.add(changed_at_the_cut(tree))
    revert_summary(conversation=conversation, summary=first)
    seen.add(changed_at_the_cut(tree))
    switch_summaries(conversation=conversation, on=False)
    seen.add(changed_at_the_cut(tree))
    save(tree, model, tree.left, "They left.")
    seen.add(changed_at_the_cut(tree))

    assert len(seen) == 4


def changed_at_the_cut(tree: Tree) -> int:
    """The version of the message before which the summary is shown."""
    tree.left.refresh_from_db()
    assert tree.left.changed == Conversation.objects.get().version
    return tree.left.changed


def test_a_summary_that_is_too_long_ends_at_a_sentence() -> None:
    cut = cut_summary("They chose tea. " * 2_000)

    assert cut.endswith("They chose tea.…")
    assert limits.SUMMARY_BYTES * 0.9 < len(cut.encode()) <= limits.SUMMARY_BYTES


def test_a_summary_in_any_script_is_cut_between_letters() -> None:
    cut = cut_summary("茶" * 10_000)

    assert set(cut) == {"茶", "…"}
    assert len(cut.encode()) <= limits.SUMMARY_BYTES


def test_a_short_summary_stays_as_it_is() -> None:
    assert cut_summary("They chose tea.\r\n") == "They chose tea."
