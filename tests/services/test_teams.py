"""Who belongs to a team, in which role, and what ends when they leave it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations import limits
from conversations.models import (
    Access,
    Conversation,
    LanguageModel,
    Membership,
    Share,
    Team,
    User,
)
from conversations.services import departures
from conversations.services.beginning import Beginning
from conversations.services.departures import (
    delete_team,
    end_team,
    leave_team,
    remove_member,
)
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.teams import (
    change_role,
    change_team,
    find_defaults,
    list_full_teams,
    make_team,
)
from tests.factories import make_conversation, make_model, make_prompt
from tests.factories import make_team as make_team_of
from tests.sending import start_conversation

pytestmark = pytest.mark.django_db

Role = Membership.Role


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team_of("Support", alice, bob)


def set_role(team: Team, user: User, role: Membership.Role) -> None:
    Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})


def role_of(team: Team, user: User) -> str | None:
    rows = Membership.objects.filter(team=team, user=user)
    return rows.values_list("role", flat=True).first()


def share(
    owner: User, *, team: Team | None = None, with_: User | None = None
) -> Conversation:
    conversation = make_conversation(owner)
    Conversation.objects.filter(pk=conversation.pk).update(team=team)
    if with_ is not None:
        Share.objects.create(conversation=conversation, user=with_, access=Access.READ)
    return conversation


def sees(user: User, conversation: Conversation) -> bool:
    return Conversation.objects.visible_to(user).filter(pk=conversation.pk).exists()


def test_whoever_makes_a_team_owns_it(alice: User) -> None:
    team = make_team(owner=alice, name="Support")

    assert role_of(team, alice) == Role.OWNER


def test_nobody_makes_teams_without_end(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TEAMS_PER_USER", 1)
    make_team(owner=alice, name="First")

    with pytest.raises(RefusedError, match="Leave or delete one first"):
        make_team(owner=alice, name="Second")

    assert Team.objects.count() == 1


@pytest.mark.parametrize(
    ("by", "of", "to"),
    [
        (Role.OWNER, Role.MEMBER, Role.OWNER),
        (Role.OWNER, Role.OWNER, Role.GUEST),
        (Role.ADMIN, Role.MEMBER, Role.ADMIN),
        (Role.ADMIN, Role.ADMIN, Role.GUEST),
        (Role.ADMIN, Role.GUEST, Role.MEMBER),
    ],
)
def test_who_manages_a_team_changes_roles(
    team: Team,
    bob: User,
    charlie: User,
    by: Membership.Role,
    of: Membership.Role,
    to: Membership.Role,
) -> None:
    set_role(team, bob, by)
    set_role(team, charlie, of)

    change_role(team=team, by=bob, user_id=charlie.pk, role=to)

    assert role_of(team, charlie) == to


@pytest.mark.parametrize(
    ("by", "of", "to"),
    [
        (Role.ADMIN, Role.MEMBER, Role.OWNER),
        (Role.ADMIN, Role.ADMIN, Role.OWNER),
        (Role.ADMIN, Role.OWNER, Role.MEMBER),
        (Role.MEMBER, Role.GUEST, Role.MEMBER),
        (Role.GUEST, Role.MEMBER, Role.GUEST),
    ],
)
def test_nobody_changes_a_role_above_their_own(
    team: Team,
    bob: User,
    charlie: User,
    by: Membership.Role,
    of: Membership.Role,
    to: Membership.Role,
) -> None:
    set_role(team, bob, by)
    set_role(team, charlie, of)

    with pytest.raises(NotAllowedError):
        change_role(team=team, by=bob, user_id=charlie.pk, role=to)

    assert role_of(team, charlie) == of


@pytest.mark.parametrize(
    ("by", "of"),
    [
        (Role.ADMIN, Role.OWNER),
        (Role.MEMBER, Role.GUEST),
        (Role.GUEST, Role.MEMBER),
        (None, Role.MEMBER),
    ],
)
def test_nobody_removes_somebody_above_themselves(
    team: Team,
    bob: User,
    charlie: User,
    by: Membership.Role | None,
    of: Membership.Role,
) -> None:
    set_role(team, charlie, of)
    Membership.objects.filter(team=team, user=bob).delete()
    if by is not None:
        set_role(team, bob, by)

    with pytest.raises(NotAllowedError):
        remove_member(team=team, by=bob, user_id=charlie.pk)

    assert role_of(team, charlie) == of


def test_somebody_outside_the_team_is_nobody_to_change(
    team: Team, alice: User, charlie: User
) -> None:
    assert remove_member(team=team, by=alice, user_id=charlie.pk) is None
    role = Role.ADMIN
    assert change_role(team=team, by=alice, user_id=charlie.pk, role=role) is None
    assert role_of(team, charlie) is None


@pytest.mark.parametrize(
    "act",
    [
        lambda team, user: leave_team(team=team, user=user),
        lambda team, user: remove_member(team=team, by=user, user_id=user.pk),
        lambda team, user: change_role(
            team=team, by=user, user_id=user.pk, role=Role.ADMIN
        ),
    ],
    ids=["leave", "remove", "demote"],
)
def test_the_only_owner_stays_until_there_is_another(
    team: Team, alice: User, bob: User, act: Callable[[Team, User], object]
) -> None:
    with pytest.raises(RefusedError, match="A team needs an owner"):
        act(team, alice)
    assert role_of(team, alice) == Role.OWNER

    change_role(team=team, by=alice, user_id=bob.pk, role=Role.OWNER)
    act(team, alice)

    assert role_of(team, alice) != Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_demote_each_other_at_once_one_stays(
    team: Team, alice: User, bob: User
) -> None:
    set_role(team, bob, Role.OWNER)
    ready = Barrier(2)

    def demote(by: User, other: User) -> bool:
        ready.wait(10)
        try:
            change_role(team=team, by=by, user_id=other.pk, role=Role.MEMBER)
        except RefusedError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(demote, [alice, bob], [bob, alice]))

    assert sorted(done) == [False, True]
    roles = Membership.objects.filter(team=team).values_list("role", flat=True)
    assert sorted(roles) == [Role.MEMBER, Role.OWNER]


def test_who_leaves_loses_what_the_team_has_and_the_team_keeps_theirs(
    team: Team, alice: User, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    of_alice, of_bob = share(alice, team=team), share(bob, team=team)

    leave_team(team=team, user=bob)

    assert caplog.messages == [f"User {bob.pk} left team {team.pk}."]
    assert not sees(bob, of_alice)
    assert sees(bob, of_bob)
    assert sees(alice, of_bob)


def test_single_shares_end_with_the_last_team_of_both(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    other = make_team_of("Other", alice, bob)
    set_role(team, charlie, Role.GUEST)
    to_bob, to_alice = share(alice, with_=bob), share(bob, with_=alice)
    to_charlie = share(alice, with_=charlie)

    remove_member(team=team, by=alice, user_id=bob.pk)
    assert sees(bob, to_bob)
    assert sees(alice, to_alice)

    remove_member(team=other, by=alice, user_id=bob.pk)
    assert not sees(bob, to_bob)
    assert not sees(alice, to_alice)
    assert sees(charlie, to_charlie)


def test_a_share_that_ends_is_news_for_the_pages_of_its_conversation(
    team: Team, alice: User, bob: User
) -> None:
    shared, other = share(alice, with_=bob), share(alice)

    leave_team(team=team, user=bob)

    for conversation, grown in ((shared, 1), (other, 0)):
        before = conversation.sharing_version, conversation.version
        conversation.refresh_from_db()
        after = conversation.sharing_version, conversation.version
        assert after == (before[0] + grown, before[1] + grown)


def test_a_conversation_is_held_before_its_shares_end(
    team: Team, alice: User, bob: User
) -> None:
    # As its owner does who changes a share: in another order both would wait for ever.
    share(alice, with_=bob)

    with CaptureQueriesContext(connection) as queries:
        leave_team(team=team, user=bob)

    said = [query["sql"] for query in queries]
    ends = next(
        sql for sql in said if sql.startswith('DELETE FROM "conversations_share"')
    )
    holds = next(sql for sql in said if sql.startswith('UPDATE "conversations_conv'))
    assert said.index(holds) < said.index(ends)


def test_a_guest_has_no_longer_what_they_had_as_a_member(
    team: Team, alice: User, bob: User
) -> None:
    shared, singly = share(alice, team=team), share(alice, with_=bob)

    change_role(team=team, by=alice, user_id=bob.pk, role=Role.GUEST)

    assert not sees(bob, shared)
    assert sees(bob, singly)
    assert team not in list_full_teams(user=bob)


@pytest.mark.parametrize("by_admin", [True, False])
def test_with_a_team_ends_what_was_shared_with_it(
    team: Team,
    alice: User,
    bob: User,
    by_admin: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(departures, "SLICE_ROWS", 2)
    shared = [share(alice, team=team) for _ in range(5)]
    singly = share(alice, with_=bob)

    if by_admin:
        end_team(team=team)
    else:
        delete_team(team=team, by=alice)

    assert not Team.objects.exists()
    assert all(sees(alice, one) and not sees(bob, one) for one in shared)
    assert not sees(bob, singly)
    assert {*Conversation.objects.values_list("sharing_version", flat=True)} == {1}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.GUEST])
def test_only_an_owner_deletes_a_team(
    team: Team, alice: User, bob: User, role: Membership.Role
) -> None:
    set_role(team, bob, role)
    shared = share(alice, team=team)

    with pytest.raises(NotAllowedError):
        delete_team(team=team, by=bob)

    shared.refresh_from_db()
    assert shared.team == team


def test_a_model_of_a_deleted_team_does_not_become_everyones(
    team: Team, alice: User, charlie: User
) -> None:
    other = make_team_of("Other", alice)
    alone, both = make_model("alone", is_default=True), make_model("both")
    alone.teams.set([team])
    both.teams.set([team, other])

    delete_team(team=team, by=alice)

    assert not LanguageModel.objects.visible_to(charlie).exists()
    assert list(LanguageModel.objects.visible_to(alice)) == [both]


def test_a_team_begins_with_what_its_managers_chose(team: Team, bob: User) -> None:
    model, prompt = make_model(), make_prompt()
    set_role(team, bob, Role.ADMIN)

    change_team(team=team, by=bob, name="Help", model=model, prompt=prompt)

    team.refresh_from_db()
    assert str(team) == "Help"
    assert find_defaults(team=team, user=bob) == (model, prompt)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.GUEST])
def test_others_do_not_change_a_team(
    team: Team, bob: User, role: Membership.Role
) -> None:
    set_role(team, bob, role)

    with pytest.raises(NotAllowedError):
        change_team(team=team, by=bob, name="Mine", model=None, prompt=None)

    team.refresh_from_db()
    assert team.name == "Support"


def test_what_somebody_cannot_use_is_not_what_they_begin_with(
    team: Team, alice: User, bob: User
) -> None:
    model, prompt = make_model(), make_prompt()
    model.teams.set([make_team_of("Other", alice)])
    prompt.is_archived = True
    prompt.save()
    change_team(team=team, by=alice, name="Support", model=model, prompt=prompt)

    assert find_defaults(team=team, user=alice) == (model, None)
    assert find_defaults(team=team, user=bob) == (None, None)


def test_a_conversation_can_be_shared_from_its_first_message_on(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    conversation = start_conversation(
        owner=alice,
        content="Hello, all",
        client_id=uuid4(),
        beginning=Beginning(team=team),
    )

    assert Conversation.objects.writable_by(bob).get() == conversation
    assert not sees(charlie, conversation)


def leave(team: Team, user: User) -> None:
    leave_team(team=team, user=user)


def become_a_guest(team: Team, user: User) -> None:
    set_role(team, user, Role.GUEST)


def find_it_gone(team: Team, user: User) -> None:
    end_team(team=Team.objects.get(pk=team.pk))


@pytest.mark.parametrize("lose", [leave, become_a_guest, find_it_gone])
def test_nothing_begins_in_a_team_that_one_is_no_longer_a_member_of(
    team: Team, bob: User, lose: Callable[[Team, User], None]
) -> None:
    lose(team, bob)

    with pytest.raises(RefusedError):
        start_conversation(
            owner=bob,
            content="Hello",
            client_id=uuid4(),
            beginning=Beginning(team=team),
        )

    assert not Conversation.objects.exists()


def test_a_repeated_submit_does_not_share_what_is_private_by_now(
    team: Team, alice: User, bob: User
) -> None:
    pk, beginning = uuid4(), Beginning(team=team)

    def submit() -> Conversation:
        return start_conversation(
            owner=alice, content="Hello", client_id=pk, beginning=beginning
        )

    submit()
    Conversation.objects.update(team=None)

    assert not sees(bob, submit())
