"""What is deleted is not found; what comes back is; of what is purged nothing is left."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Message, SearchEntry, Unindexed, User
from conversations.services.branching.removing import remove_branch, restore_branch
from conversations.services.deleting import delete_conversation, restore_conversation
from conversations.services.purging import purge_some
from conversations.services.search.databases import find
from conversations.services.search.searching import search_conversation, search_messages
from conversations.services.search.wanted import Wanted
from conversations.services.search.words import read_query
from tests.factories import make_conversation, make_message
from tests.services.searching import search_titles

pytestmark = pytest.mark.django_db
LONG_AGO = timedelta(hours=limits.UNDO_HOURS + 1)


@pytest.fixture
def talk(alice: User) -> Conversation:
    """Of `Axolotl care`, in which an answer was asked for in two ways."""
    talk = make_conversation(alice, title="Axolotl care")
    first = make_message(talk, "An axolotl, please.")
    for way in ("cold", "warm"):
        top = make_message(talk, f"Is axolotl water {way}?", parent=first)
        answer = f"An axolotl wants it {way}."
        make_message(talk, answer, role=Message.Role.ASSISTANT, parent=top)
    return talk


def find_words(user: User, typed: str = "axolotl") -> list[str]:
    """What is found in messages, in the order of the conversation."""
    found = search_messages(user=user, typed=typed).found
    pks = [each.message.pk for each in found if each.message]
    rows = Message.everything.filter(pk__in=pks).order_by("seq")
    return list(rows.values_list("content", flat=True))


def find_titles(user: User) -> list[str]:
    found = search_titles(user=user, typed="axolotl")
    return [each.conversation.title for each in found]


def count_indexed(word: str) -> int:
    """How many entries the index of the database has for a word, whoever may see them."""
    query = read_query(word).whole
    wanted = [Wanted(query, titles=titles) for titles in (False, True)]
    return len({pk for one in wanted for pk in find(one)})


def purge() -> None:
    while purge_some():
        pass


def test_a_deleted_conversation_is_found_again_after_undo_and_never_after_purge(
    alice: User, talk: Conversation
) -> None:
    whole = find_words(alice)
    assert len(whole) == 5
    delete_conversation(conversation=talk)
    purge()
    assert find_words(alice) == find_titles(alice) == []
    talk.refresh_from_db()
    assert search_conversation(conversation=talk, typed="axolotl") == []

    restore_conversation(conversation=talk, user=alice)
    assert find_words(alice) == whole
    assert find_titles(alice) == ["Axolotl care"]

    delete_conversation(conversation=talk)
    deleted = Conversation.objects.filter(pk=talk.pk)
    deleted.update(deleted_at=timezone.now() - LONG_AGO)
    assert count_indexed("axolotl") == 6
    purge()
    assert count_indexed("axolotl") == 0
    assert not SearchEntry.objects.exists()
    assert not Unindexed.objects.filter(message_id__isnull=False).exists()


def test_a_deleted_branch_is_found_again_after_undo_and_never_after_purge(
    alice: User, talk: Conversation
) -> None:
    warm = ["Is axolotl water warm?", "An axolotl wants it warm."]
    whole = find_words(alice)
    top = Message.objects.get(content=warm[0])
    rest = [text for text in whole if text not in warm]
    remove_branch(message=top, user=alice)
    purge()
    assert find_words(alice) == rest
    assert find_words(alice, "warm") == []
    assert len(search_conversation(conversation=talk, typed="axolotl")) == 3

    restore_branch(message=Message.everything.get(pk=top.pk), user=alice)
    assert find_words(alice) == whole
    assert find_words(alice, "warm") == warm

    remove_branch(message=Message.objects.get(pk=top.pk), user=alice)
    removed = Message.everything.exclude(removed_at=None)
    removed.update(removed_at=timezone.now() - LONG_AGO)
    assert count_indexed("warm") == 2
    purge()
    assert count_indexed("warm") == 0
    assert find_words(alice) == rest
    assert SearchEntry.objects.count() == len(rest) + 1


def test_what_is_deleted_and_purged_unread_leaves_nothing_behind(
    alice: User, talk: Conversation
) -> None:
    delete_conversation(conversation=talk)
    deleted = Conversation.objects.filter(pk=talk.pk)
    deleted.update(deleted_at=timezone.now() - LONG_AGO)
    purge()

    assert find_words(alice) == find_titles(alice) == []
    assert count_indexed("axolotl") == 0
    assert not Unindexed.objects.filter(message_id__isnull=False).exists()
