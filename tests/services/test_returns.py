"""Back in a team: as it was, in time, and without a right that one would not have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations import limits
from conversations.models import (
    Access,
    Conversation,
    Departure,
    Membership,
    Share,
    Team,
    User,
)
from conversations.services.departures import (
    end_stray_shares,
    leave_team,
    remove_member,
)
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.invitations import accept_invitation, invite
from conversations.services.purging import purge_some
from conversations.services.returns import (
    list_left_teams,
    rejoin_team,
    restore_member,
)
from conversations.services.sharing import share_with_person
from conversations.services.teams import change_role
from tests.factories import make_conversation, make_team, make_user

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support", alice, bob)


def role_of(team: Team, user: User) -> str | None:
    rows = Membership.objects.filter(team=team, user=user)
    return rows.values_list("role", flat=True).first()


def set_role(team: Team, user: User, role: Role) -> None:
    Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})


def share(owner: User, with_: User, access: str = Access.WRITE) -> Conversation:
    conversation = make_conversation(owner)
    Share.objects.create(conversation=conversation, user=with_, access=access)
    return conversation


def access_of(conversation: Conversation, user: User) -> str | None:
    rows = Share.objects.filter(conversation=conversation, user=user)
    return rows.values_list("access", flat=True).first()


def take_out_and_undo(team: Team, bob: User, alice: User) -> None:
    remove_member(team=team, by=alice, user_id=bob.pk)
    restore_member(team=team, by=alice, user_id=bob.pk)


def leave_and_undo(team: Team, bob: User, alice: User) -> None:
    leave_team(team=team, user=bob)
    assert list(list_left_teams(user=bob)) == [team]
    rejoin_team(team=team, user=bob)


@pytest.mark.parametrize(
    ("do", "role"), [(take_out_and_undo, Role.ADMIN), (leave_and_undo, Role.MEMBER)]
)
def test_whoever_comes_back_has_what_they_had(
    team: Team,
    alice: User,
    bob: User,
    do: Callable[[Team, User, User], None],
    role: Role,
) -> None:
    set_role(team, bob, role)
    before = Membership.objects.get(team=team, user=bob)
    to_bob, to_alice = share(alice, bob, Access.READ), share(bob, alice)

    do(team, bob, alice)

    after = Membership.objects.get(team=team, user=bob)
    assert (after.role, after.joined_at) == (role, before.joined_at)
    assert access_of(to_bob, bob) == Access.READ
    assert access_of(to_alice, alice) == Access.WRITE
    assert not Departure.objects.exists()


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_whoever_managed_a_team_and_left_comes_back_as_a_member(
    team: Team, alice: User, bob: User, role: Role
) -> None:
    set_role(team, bob, role)

    leave_and_undo(team, bob, alice)

    assert role_of(team, bob) == Role.MEMBER


def test_a_share_does_not_come_back_to_those_who_no_longer_meet(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    set_role(team, charlie, Role.MEMBER)
    with_charlie, with_alice = share(bob, charlie), share(bob, alice)
    remove_member(team=team, by=alice, user_id=bob.pk)
    leave_team(team=team, user=charlie)

    restore_member(team=team, by=alice, user_id=bob.pk)

    assert access_of(with_charlie, charlie) is None
    assert access_of(with_alice, alice) == Access.WRITE


def test_what_was_shared_anew_meanwhile_stays_as_it_is(
    team: Team, alice: User, bob: User
) -> None:
    to_bob = share(alice, bob, Access.WRITE)
    remove_member(team=team, by=alice, user_id=bob.pk)
    make_team("Another", alice, bob)
    share_with_person(conversation=to_bob, user=alice, person=bob, access=Access.READ)

    restore_member(team=team, by=alice, user_id=bob.pk)

    assert access_of(to_bob, bob) == Access.READ


def test_who_could_not_give_a_role_does_not_bring_it_back(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    set_role(team, bob, Role.OWNER)
    set_role(team, charlie, Role.ADMIN)
    remove_member(team=team, by=alice, user_id=bob.pk)

    with pytest.raises(NotAllowedError, match="Only an owner"):
        restore_member(team=team, by=charlie, user_id=bob.pk)
    change_role(team=team, by=alice, user_id=charlie.pk, role=Role.MEMBER)
    with pytest.raises(NotAllowedError):
        restore_member(team=team, by=charlie, user_id=bob.pk)

    assert role_of(team, bob) is None


def test_who_left_is_not_brought_back_by_others_nor_comes_back_who_was_taken_out(
    team: Team, alice: User, bob: User
) -> None:
    leave_team(team=team, user=bob)
    assert restore_member(team=team, by=alice, user_id=bob.pk) is None
    rejoin_team(team=team, user=bob)

    # What one could have undone ends with what others do after it.
    remove_member(team=team, by=alice, user_id=bob.pk)
    assert not list_left_teams(user=bob)
    with pytest.raises(RefusedError, match="ask somebody for an invitation"):
        rejoin_team(team=team, user=bob)

    assert role_of(team, bob) is None


def test_an_admin_of_the_server_who_takes_somebody_out_means_it(
    team: Team, alice: User, bob: User
) -> None:
    leave_team(team=team, user=bob)
    Membership.objects.create(team=team, user=bob)
    # As the pages of Django admin do.
    Membership.objects.filter(team=team, user=bob).delete()
    end_stray_shares(user_ids=[bob.pk])

    with pytest.raises(RefusedError):
        rejoin_team(team=team, user=bob)


def test_an_earlier_role_is_not_had_again_by_who_was_let_in_anew(
    team: Team, alice: User, bob: User
) -> None:
    set_role(team, bob, Role.ADMIN)
    leave_team(team=team, user=bob)
    path = invite(team=team, role=Role.GUEST, address="", made_by=alice)
    accept_invitation(token=path.split("/")[2], user=bob)

    with pytest.raises(RefusedError, match="is in Support already"):
        rejoin_team(team=team, user=bob)
    leave_team(team=team, user=bob)
    rejoin_team(team=team, user=bob)

    assert role_of(team, bob) == Role.GUEST


def test_nobody_comes_back_later_or_to_more_teams_than_fit(
    team: Team, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_member(team=team, by=alice, user_id=bob.pk)
    make_team("Another", bob)
    monkeypatch.setattr(limits, "TEAMS_PER_USER", 1)
    with pytest.raises(RefusedError, match="as many as one is in"):
        restore_member(team=team, by=alice, user_id=bob.pk)

    monkeypatch.undo()
    hours = timedelta(hours=limits.UNDO_HOURS)
    Departure.objects.update(left_at=timezone.now() - hours)
    with pytest.raises(RefusedError, match="cannot be undone any more"):
        restore_member(team=team, by=alice, user_id=bob.pk)

    assert role_of(team, bob) is None


def test_what_ended_is_forgotten_when_its_time_is_over(
    team: Team, alice: User, bob: User
) -> None:
    long_ago = timezone.now() - timedelta(hours=limits.UNDO_HOURS + 1)
    gone = make_user("gone")
    set_role(team, gone, Role.MEMBER)
    for person in (bob, gone):
        remove_member(team=team, by=alice, user_id=person.pk)
    Departure.objects.filter(user=gone).update(left_at=long_ago)

    while purge_some():
        pass

    assert [row.user for row in Departure.objects.all()] == [bob]
