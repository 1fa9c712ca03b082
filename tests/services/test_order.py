"""Pinned, archived, unread, in folders: one's own order, which nobody else sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Folder, Share, Team, User, View
from conversations.services import order
from conversations.services.errors import RefusedError
from conversations.services.folders import (
    create_folder,
    delete_folder,
    list_folders,
    rename_folder,
    restore_folder,
)
from conversations.services.lists import (
    list_above,
    list_own,
    list_shared_singly,
    list_teams,
)
from conversations.services.purging import purge_some
from conversations.services.reading import mark_read
from conversations.views.rail import read_rail
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_model,
    make_team,
)
from tests.sending import send_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support", alice, bob)


@pytest.fixture
def own(alice: User) -> Conversation:
    return make_conversation(alice, title="own", model=make_model())


def titles(user: User, closed: set[int] | None = None) -> dict[str, list[str]]:
    """Return what stands where in somebody's rail."""
    teams = list_teams(user=user)
    above = list_above(user=user, teams=teams, closed=closed or set())
    found = {"pinned": [row.title for row in above.pinned]}
    found |= {one.name: [row.title for row in one.rows] for one in above.folders}
    for team in teams:
        found[team.name] = [row.title for row in above.of_teams[team.pk]]
    shared = list_shared_singly(user=user, teams=teams)
    found["shared"] = [row.title for row in shared]
    found["own"] = [row.title for row in list_own(user=user, teams=teams)]
    return {place: rows for place, rows in found.items() if rows}


def test_each_is_in_one_place_and_only_for_who_put_it_there(
    alice: User, bob: User, team: Team, own: Conversation
) -> None:
    shared, given = make_conversation(alice), make_conversation(bob, title="given")
    Conversation.objects.filter(pk=shared.pk).update(team=team, title="team's")
    Share.objects.create(conversation=given, user=alice, access="read")
    work = create_folder(user=alice, name="Work")

    order.pin_conversation(user=alice, conversation=own, pinned=True)
    order.move_to_folder(user=alice, conversation=shared, folder=work)
    order.move_to_folder(user=alice, conversation=given, folder=work)

    assert set(titles(alice)["Work"]) == {"team's", "given"}
    assert titles(alice).keys() == {"pinned", "Work"}
    assert titles(alice, closed={work.pk}) == {"pinned": ["own"]}
    assert titles(bob) == {"Support": ["team's"], "own": ["given"]}
    order.pin_conversation(user=alice, conversation=shared, pinned=True)
    order.move_to_folder(user=alice, conversation=given, folder=None)
    order.archive_conversation(user=alice, conversation=own, archived=True)
    assert titles(alice) == {"pinned": ["team's"], "shared": ["given"]}
    assert list(order.list_archived(user=alice)) == [own]


def test_what_is_not_shared_any_more_is_nowhere(alice: User, bob: User) -> None:
    given = make_conversation(bob)
    share = Share.objects.create(conversation=given, user=alice, access="read")
    order.pin_conversation(user=alice, conversation=given, pinned=True)
    order.archive_conversation(user=alice, conversation=given, archived=True)

    share.delete()

    assert titles(alice) == {}
    assert not order.list_archived(user=alice).exists()


def test_a_deleted_folder_comes_back_with_what_was_in_it(
    alice: User, own: Conversation
) -> None:
    folder = create_folder(user=alice, name="Work")
    order.move_to_folder(user=alice, conversation=own, folder=folder)

    delete_folder(folder=folder)
    assert titles(alice) == {"own": ["own"]}
    restore_folder(folder=folder)
    assert titles(alice) == {"Work": ["own"]}

    delete_folder(folder=folder)
    create_folder(user=alice, name="Work")
    with pytest.raises(RefusedError, match="already"):
        restore_folder(folder=folder)
    ago = timezone.now() - timedelta(hours=25)
    Folder.objects.filter(pk=folder.pk).update(deleted_at=ago)
    while purge_some():
        pass
    assert Folder.objects.get() == list_folders(user=alice).get() != folder
    assert View.objects.get().folder is None


def test_no_two_folders_have_one_name_and_no_one_has_too_many(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FOLDERS_PER_USER", 2)
    work, home = (create_folder(user=alice, name=name) for name in ("Work", "Home"))

    assert create_folder(user=alice, name="Work") == work
    with pytest.raises(RefusedError, match="already"):
        rename_folder(folder=home, name="Work")
    with pytest.raises(RefusedError, match="as many as fit"):
        create_folder(user=alice, name="Third")


def test_no_more_are_pinned_than_fit(
    alice: User, own: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PINNED_CONVERSATIONS", 1)
    order.pin_conversation(user=alice, conversation=own, pinned=True)

    order.pin_conversation(user=alice, conversation=own, pinned=True)
    with pytest.raises(RefusedError, match="unpin one first"):
        order.pin_conversation(
            user=alice, conversation=make_conversation(alice), pinned=True
        )


def test_what_one_sees_no_more_takes_no_place_among_the_pinned(
    alice: User, bob: User, own: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PINNED_CONVERSATIONS", 1)
    given = make_conversation(bob)
    share = Share.objects.create(conversation=given, user=alice, access="read")
    order.pin_conversation(user=alice, conversation=given, pinned=True)
    share.delete()

    order.pin_conversation(user=alice, conversation=own, pinned=True)

    assert titles(alice) == {"pinned": ["own"]}


def test_what_others_write_does_not_bring_back_what_is_archived_but_a_name_does(
    alice: User, bob: User, own: Conversation
) -> None:
    Share.objects.create(conversation=own, user=bob, access="write")
    order.archive_conversation(user=alice, conversation=own, archived=True)

    def say(author: User, content: str) -> None:
        send_message(
            conversation=own, author=author, content=content, client_id=uuid4()
        )

    say(bob, "Anyone?")
    assert order.list_archived(user=alice).exists()
    say(bob, "@alice?")
    assert not order.list_archived(user=alice).exists()
    order.archive_conversation(user=alice, conversation=own, archived=True)
    say(alice, "Here.")
    assert not order.list_archived(user=alice).exists()


def is_unread(user: User) -> bool:
    only: Any = list_own(user=user, teams=[]).get()
    return bool(only.is_unread)


def test_what_is_marked_unread_is_so_until_it_is_read_again(
    alice: User, own: Conversation
) -> None:
    reply = make_answered_turn(own)
    mark_read(user=alice, conversation=own, message=reply.pk)

    order.mark_unread(user=alice, conversation=own, unread=True)
    assert is_unread(alice)
    mark_read(user=alice, conversation=own, message=reply.pk)

    assert not is_unread(alice)


def test_a_folder_shows_its_newest_and_says_that_there_are_more(alice: User) -> None:
    folder = create_folder(user=alice, name="Work")
    for age in range(limits.FOLDER_CONVERSATIONS + 1):
        row = make_conversation(alice, title=f"{age}")
        when = timezone.now() - timedelta(hours=age)
        Conversation.objects.filter(pk=row.pk).update(active_at=when)
        order.move_to_folder(user=alice, conversation=row, folder=folder)

    shown = list_above(user=alice, teams=[]).folders[0]

    newest = [str(age) for age in range(limits.FOLDER_CONVERSATIONS)]
    assert [row.title for row in shown.rows] == newest
    assert shown.more


def test_what_one_no_longer_sees_hides_nothing_else_of_its_folder(
    alice: User, bob: User
) -> None:
    folder = create_folder(user=alice, name="Work")
    old = make_conversation(alice, title="old")
    order.move_to_folder(user=alice, conversation=old, folder=folder)
    for _ in range(limits.FOLDER_CONVERSATIONS + 1):
        row = make_conversation(bob)
        given = Share.objects.create(conversation=row, user=alice, access="read")
        order.move_to_folder(user=alice, conversation=row, folder=folder)
        given.delete()

    [shown] = read_rail(alice).groups
    [more] = read_rail(alice, before=shown.next).groups

    assert not shown.rows
    assert [row.title for row in more.rows] == ["old"]
