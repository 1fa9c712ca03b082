"""Accountable access: what an admin reads leaves a note for those it belongs to."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from conversations.models import Conversation, Opening
from conversations.services.errors import RefusedError
from conversations.services.openings import (
    find_newest_opening,
    list_openings,
    note_opening,
)
from tests.factories import make_conversation, make_team

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from conversations.models import User


@pytest.fixture(autouse=True)
def _admins_may_read(settings: Settings) -> None:
    settings.ADMINS_MAY_READ = True


@pytest.fixture
def conversation(alice: User) -> Conversation:
    return make_conversation(owner=alice)


def note(conversation: Conversation, user: User) -> list[Opening]:
    """Note a reading; return all there are, newest first."""
    note_opening(conversation_id=conversation.pk, user=user)
    conversation.refresh_from_db()
    return list(list_openings(conversation=conversation))


def make_older(opening: Opening, **ago: int) -> None:
    then = timezone.now() - timedelta(**ago)
    Opening.objects.filter(pk=opening.pk).update(created_at=then, last_at=then)


def test_a_reading_is_noted_and_told_to_open_pages(
    conversation: Conversation, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    version, sharing = conversation.version, conversation.sharing_version
    with caplog.at_level(logging.WARNING, "conversations.security"):
        [opening] = note(conversation, staff)

    assert (opening.user, opening.name) == (staff, "staff")
    assert find_newest_opening(conversation=conversation) == opening
    assert conversation.version == version + 1
    assert conversation.sharing_version == sharing + 1
    assert f"conversation {conversation.pk}" in caplog.text


def test_who_goes_on_reading_is_noted_once(
    conversation: Conversation, staff: User
) -> None:
    [opening] = note(conversation, staff)
    version = conversation.version

    [again] = note(conversation, staff)

    assert again.last_at == opening.last_at
    assert conversation.version == version


def test_the_end_of_a_reading_moves_on_by_the_minute(
    conversation: Conversation, staff: User
) -> None:
    [opening] = note(conversation, staff)
    assert not opening.lasted
    make_older(opening, minutes=50)

    [again] = note(conversation, staff)

    assert again.pk == opening.pk
    assert again.lasted
    assert timezone.now() - again.last_at < timedelta(minutes=1)


def test_who_comes_back_after_an_hour_is_noted_anew(
    conversation: Conversation, staff: User
) -> None:
    [opening] = note(conversation, staff)
    make_older(opening, minutes=61)

    newer, older = note(conversation, staff)

    assert older == opening
    assert find_newest_opening(conversation=conversation) == newer


def test_what_is_long_ago_is_listed_but_is_no_news(
    conversation: Conversation, staff: User
) -> None:
    [opening] = note(conversation, staff)
    make_older(opening, days=31)

    assert find_newest_opening(conversation=conversation) is None
    assert list(list_openings(conversation=conversation)) == [opening]


def test_a_reading_is_known_when_the_account_is_gone(
    conversation: Conversation, staff: User
) -> None:
    note(conversation, staff)
    staff.delete()

    [opening] = list_openings(conversation=conversation)

    assert (opening.user, opening.name) == (None, "staff")


def test_nobody_is_noted_who_shares_in_it(
    conversation: Conversation, alice: User, bob: User, staff: User
) -> None:
    conversation.team = make_team("Support", alice, bob, staff)
    conversation.save()

    for person in (alice, bob, staff):
        assert note(conversation, person) == []


def test_an_admin_reads_and_never_writes_nor_lists(
    conversation: Conversation, staff: User, settings: Settings
) -> None:
    rows = Conversation.objects
    assert rows.visible_to(staff).get() == conversation
    for ways in (
        rows.shared_with(staff),
        rows.writable_by(staff),
        rows.owned_by(staff),
    ):
        assert not ways.exists()
    assert rows.list_visible_pairs([staff.pk]) == {(staff.pk, conversation.pk)}

    settings.ADMINS_MAY_READ = False

    assert not rows.visible_to(staff).exists()
    assert rows.list_visible_pairs([staff.pk]) == set()
    assert note(conversation, staff) == []


@pytest.mark.parametrize("lacks", ["is_superuser", "is_active"])
def test_staff_and_deactivated_admins_may_not_read(
    conversation: Conversation, staff: User, lacks: str
) -> None:
    setattr(staff, lacks, False)
    staff.save()

    assert not Conversation.objects.visible_to(staff).exists()
    assert Conversation.objects.list_visible_pairs([staff.pk]) == set()


def test_a_deleted_conversation_is_not_read(
    conversation: Conversation, staff: User
) -> None:
    conversation.deleted_at = timezone.now()
    conversation.save()

    with pytest.raises(RefusedError):
        note(conversation, staff)
    assert not Opening.objects.exists()
