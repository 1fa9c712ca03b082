from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import Permission
from django.db import connections
from django.utils import timezone

from conversations import limits
from conversations.models import Membership, OneTimeLink, Team, User
from conversations.services import invitations, links, passwords
from conversations.services.accounts import hash_token
from conversations.services.errors import NotAllowedError, RefusedError
from conversations.services.links import Kind, LinkGoneError
from conversations.services.password_rights import may_make_password_link
from tests.factories import make_team, make_user

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough sentence"
Role = Membership.Role


@pytest.fixture
def team(alice: User) -> Team:
    return make_team("Support", alice)


def invite(
    team: Team | None, by: User, role: Role = Role.MEMBER, address: str = ""
) -> str:
    """Return the token of a new invitation."""
    path = invitations.invite(team=team, role=role, address=address, made_by=by)
    return path.split("/")[2]


def join(token: str, username: str = "dora") -> User:
    return invitations.join_with_new_account(
        token=token, username=username, name="Dora D.", password=PASSWORD
    )


def is_open(token: str) -> bool:
    return links.find_link(token=token, kind=Kind.INVITATION) is not None


def give(team: Team, user: User, role: Role) -> None:
    Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})


def make_password_token(user: User, by: User) -> str:
    return passwords.make_password_link(user=user, made_by=by).split("/")[3]


def race(act: Callable[[int], object], times: int) -> list[bool]:
    """Do it so often at once; tell which were not refused."""

    def attempt(number: int) -> bool:
        try:
            act(number)
        except RefusedError:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(attempt, range(times)))


def test_only_the_hash_of_a_token_is_kept(team: Team, alice: User) -> None:
    token = invite(team, alice)

    row = OneTimeLink.objects.values().get()
    assert row["token_hash"] == hash_token(token)
    assert token not in str(row)
    assert is_open(token)
    assert not is_open(token + "x")
    assert links.find_link(token=token, kind=Kind.PASSWORD) is None


def test_a_person_joins_once_in_the_role_that_was_given(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    token = invite(team, alice, Role.GUEST)

    invitations.accept_invitation(token=token, user=bob)

    assert team.memberships.get(user=bob).role == Role.GUEST
    with pytest.raises(LinkGoneError):
        invitations.accept_invitation(token=token, user=charlie)
    assert not team.memberships.filter(user=charlie).exists()


def test_a_new_account_gets_the_address_and_the_team(team: Team, alice: User) -> None:
    dora = join(invite(team, alice, address="dora@example.org"))

    assert (dora.name, dora.email) == ("Dora D.", "dora@example.org")
    assert dora.check_password(PASSWORD)
    assert not dora.is_staff
    assert team.memberships.get(user=dora).role == Role.MEMBER


def test_a_taken_name_uses_nothing_up(team: Team, alice: User, bob: User) -> None:
    token = invite(team, alice)

    with pytest.raises(invitations.NameTakenError):
        join(token, "bob")

    assert is_open(token)
    assert join(token).username == "dora"


def test_an_address_is_compared_without_regard_to_case(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    bob.email, charlie.email = "Bob@Example.org", ""
    token = invite(team, alice, address="bob@example.ORG")

    with pytest.raises(RefusedError, match="another e-mail address") as refused:
        invitations.accept_invitation(token=token, user=charlie)
    invitations.accept_invitation(token=token, user=bob)

    assert "bob" not in str(refused.value).casefold()
    assert team.memberships.filter(user=bob).exists()


def test_who_is_in_the_team_uses_nothing_up(team: Team, alice: User) -> None:
    token = invite(team, alice)

    with pytest.raises(RefusedError, match="in Support already"):
        invitations.accept_invitation(token=token, user=alice)

    assert is_open(token)


def test_who_is_in_too_many_teams_uses_nothing_up(
    team: Team, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TEAMS_PER_USER", 1)
    make_team("Sales", bob)
    token = invite(team, alice)

    with pytest.raises(RefusedError, match="Leave one first"):
        invitations.accept_invitation(token=token, user=bob)

    assert is_open(token)


def test_links_end_by_time_and_by_being_withdrawn(team: Team, alice: User) -> None:
    late, withdrawn = invite(team, alice), invite(team, alice)
    OneTimeLink.objects.filter(token_hash=hash_token(late)).update(
        expires_at=timezone.now()
    )
    link = links.find_link(token=withdrawn, kind=Kind.INVITATION)
    assert link is not None
    invitations.withdraw_invitation(link=link, by=alice)

    assert not invitations.list_invitations(team=team)
    for token in (late, withdrawn, "unknown"):
        with pytest.raises(LinkGoneError):
            join(token)
    assert not User.objects.filter(username="dora").exists()


def withdrawn_by(user: User, team: Team, role: Role) -> tuple[str, OneTimeLink]:
    """A link that alice made and `user` withdrew, with its token."""
    token = invite(team, User.objects.get(username="alice"), role)
    link = OneTimeLink.objects.get(token_hash=hash_token(token))
    invitations.withdraw_invitation(link=link, by=user)
    return token, link


def test_a_withdrawn_invitation_is_good_again_until_it_would_have_ended(
    team: Team, alice: User
) -> None:
    token, link = withdrawn_by(alice, team, Role.MEMBER)
    assert list(invitations.list_withdrawn(team=team)) == [link]

    invitations.restore_invitation(link=link, by=alice)

    link.refresh_from_db()
    lasts = link.expires_at - link.created_at
    assert lasts == timedelta(days=limits.INVITATION_DAYS)
    assert not invitations.list_withdrawn(team=team)
    assert join(token).username == "dora"


def test_who_could_not_make_an_invitation_does_not_bring_it_back(
    team: Team, alice: User, bob: User
) -> None:
    give(team, bob, Role.ADMIN)
    token, link = withdrawn_by(bob, team, Role.OWNER)

    with pytest.raises(NotAllowedError, match="Only an owner"):
        invitations.restore_invitation(link=link, by=bob)

    assert not is_open(token)


def test_an_invitation_that_was_used_or_withdrawn_long_ago_stays_so(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, link = withdrawn_by(alice, team, Role.MEMBER)
    rows = OneTimeLink.objects.filter(pk=link.pk)
    hours = timedelta(hours=limits.UNDO_HOURS)
    rows.update(withdrawn_at=timezone.now() - hours)
    invitations.restore_invitation(link=link, by=alice)
    assert not is_open(token)

    rows.update(withdrawn_at=timezone.now(), used_at=timezone.now())
    invitations.restore_invitation(link=link, by=alice)
    assert not is_open(token)

    rows.update(used_at=None)
    monkeypatch.setattr(limits, "INVITATIONS_PER_TEAM", 0)
    with pytest.raises(RefusedError, match="withdraw one first"):
        invitations.restore_invitation(link=link, by=alice)
    assert not is_open(token)


def test_no_password_is_hashed_for_a_token_that_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed: list[str] = []
    for module in (invitations, passwords):
        monkeypatch.setattr(module, "make_password", hashed.append)

    for act in (
        join,
        lambda token: passwords.set_new_password(token=token, password=PASSWORD),
    ):
        with pytest.raises(LinkGoneError):
            act("unknown")

    assert hashed == []


@pytest.mark.parametrize(
    ("own", "roles"),
    [
        (Role.OWNER, {Role.OWNER, Role.ADMIN, Role.MEMBER, Role.GUEST}),
        (Role.ADMIN, {Role.ADMIN, Role.MEMBER, Role.GUEST}),
        (Role.MEMBER, set()),
        (Role.GUEST, set()),
    ],
)
def test_who_may_invite_in_which_role(
    team: Team, bob: User, own: Role, roles: set[Role]
) -> None:
    give(team, bob, own)

    assert set(links.list_roles(team=team, by=bob)) == roles
    for role in set(Role) - roles:
        with pytest.raises(RefusedError):
            invite(team, bob, role)


def test_outsiders_and_the_servers_admins_do_not_invite_to_a_team(
    team: Team, charlie: User, staff: User
) -> None:
    for user in (charlie, staff):
        with pytest.raises(RefusedError):
            invite(team, user)


def test_only_the_servers_admins_invite_to_the_server_alone(
    alice: User, staff: User, bob: User
) -> None:
    with pytest.raises(RefusedError):
        invite(None, alice)

    token = invite(None, staff)

    with pytest.raises(RefusedError, match="account already"):
        invitations.accept_invitation(token=token, user=bob)
    assert not join(token).teams.exists()


def test_a_link_is_worth_what_its_maker_may_do_now(
    team: Team, alice: User, bob: User, charlie: User
) -> None:
    give(team, bob, Role.ADMIN)
    as_admin, as_member = invite(team, bob, Role.ADMIN), invite(team, bob)

    give(team, bob, Role.MEMBER)
    assert not is_open(as_admin)
    assert not invitations.list_invitations(team=team)
    team.memberships.filter(user=bob).delete()
    with pytest.raises(LinkGoneError):
        invitations.accept_invitation(token=as_member, user=bob)

    mine = invite(team, alice, Role.OWNER)
    assert invitations.list_invitations(team=team).count() == 1
    give(team, alice, Role.ADMIN)
    assert not is_open(mine)
    assert not invitations.list_invitations(team=team)
    give(team, alice, Role.OWNER)
    assert is_open(mine)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not is_open(mine)
    assert not invitations.list_invitations(team=team)


def test_there_are_only_so_many_open_and_a_day(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "INVITATIONS_PER_TEAM", 2)
    monkeypatch.setattr(limits, "LINKS_PER_DAY", 3)
    invite(team, alice)
    invite(team, alice)

    with pytest.raises(RefusedError, match="withdraw one"):
        invite(team, alice)
    for link in invitations.list_invitations(team=team):
        invitations.withdraw_invitation(link=link, by=alice)
    invite(team, alice)
    with pytest.raises(RefusedError, match="tomorrow"):
        invite(team, alice)
    yesterday = timezone.now() - timedelta(days=1)
    OneTimeLink.objects.update(created_at=yesterday)
    assert is_open(invite(team, alice))


def test_a_link_that_is_used_while_it_is_looked_at_is_gone(
    team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = invite(team, alice)

    def use_meanwhile(**_: object) -> bool:
        return bool(OneTimeLink.objects.update(used_at=timezone.now()))

    monkeypatch.setattr(links, "may_invite", use_meanwhile)
    with pytest.raises(LinkGoneError):
        links.use_link(
            token_hash=hash_token(token), kind=Kind.INVITATION, at=timezone.now()
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_short_transactions")
def test_whoever_is_let_in_holds_up_nobody(
    team: Team, alice: User, bob: User, staff: User
) -> None:
    invitations.accept_invitation(token=invite(team, alice), user=bob)
    dora = join(invite(team, alice))
    passwords.set_new_password(
        token=make_password_token(dora, staff), password=PASSWORD
    )

    assert team.memberships.count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_eight_new_people_with_one_invitation_one_gets_in(
    team: Team, alice: User
) -> None:
    token = invite(team, alice)

    won = race(lambda number: join(token, f"dora{number}"), 8)

    assert sum(won) == 1
    assert User.objects.filter(username__startswith="dora").count() == 1
    assert team.memberships.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_person_with_two_invitations_at_once_joins_once(
    team: Team, alice: User, bob: User
) -> None:
    tokens = [invite(team, alice), invite(team, alice)]

    won = race(
        lambda number: invitations.accept_invitation(token=tokens[number], user=bob), 2
    )

    assert sum(won) == 1
    assert team.memberships.filter(user=bob).count() == 1
    assert [is_open(token) for token in tokens].count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_new_passwords_by_one_link_one_counts(
    alice: User, staff: User
) -> None:
    token = make_password_token(alice, staff)
    act = partial(passwords.set_new_password, token=token)

    won = race(lambda number: act(password=f"{PASSWORD} {number}"), 8)

    alice.refresh_from_db()
    assert sum(won) == 1
    assert alice.check_password(f"{PASSWORD} {won.index(True)}")


def test_a_new_password_ends_other_links_for_one(alice: User, staff: User) -> None:
    first, second = make_password_token(alice, staff), make_password_token(alice, staff)

    passwords.set_new_password(token=second, password=PASSWORD)

    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    with pytest.raises(LinkGoneError):
        passwords.set_new_password(token=first, password="another sentence")
    news = passwords.list_password_news(user=alice)
    assert [link.made_by for link in news] == [staff]
    assert not passwords.list_password_news(user=staff)


def test_a_teams_admins_help_whom_their_team_brought_in(
    team: Team, alice: User, bob: User
) -> None:
    dora = join(invite(team, alice))
    give(team, bob, Role.ADMIN)

    assert may_make_password_link(user=dora, by=alice)
    assert may_make_password_link(user=dora, by=bob)
    assert not may_make_password_link(user=alice, by=bob)
    give(team, dora, Role.OWNER)
    assert not may_make_password_link(user=dora, by=bob)
    assert may_make_password_link(user=dora, by=alice)
    assert not may_make_password_link(user=dora, by=dora)
    assert not may_make_password_link(user=dora, by=make_user("erik"))


def test_who_makes_a_team_cannot_take_over_who_joins_it(
    alice: User, bob: User, charlie: User
) -> None:
    trap = make_team("Trap", charlie)

    invitations.accept_invitation(token=invite(trap, charlie), user=bob)

    assert not may_make_password_link(user=bob, by=charlie)
    with pytest.raises(RefusedError, match="Only an admin of this server"):
        make_password_token(bob, charlie)


def test_what_another_team_has_is_out_of_a_teams_reach(
    team: Team, alice: User, bob: User
) -> None:
    dora = join(invite(team, alice))
    token = make_password_token(dora, alice)

    make_team("Secrets", bob, dora)

    assert not may_make_password_link(user=dora, by=alice)
    with pytest.raises(LinkGoneError):
        passwords.set_new_password(token=token, password=PASSWORD)


def test_staff_are_out_of_a_teams_reach(team: Team, alice: User) -> None:
    dora = join(invite(team, alice))

    User.objects.filter(pk=dora.pk).update(is_staff=True)

    assert not may_make_password_link(user=User.objects.get(pk=dora.pk), by=alice)


def test_superusers_are_helped_by_superusers_only(
    alice: User, bob: User, staff: User
) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(Permission.objects.get(codename="change_user"))
    other = make_user("root", is_staff=True)

    assert may_make_password_link(user=alice, by=bob)
    assert not may_make_password_link(user=other, by=bob)
    assert may_make_password_link(user=other, by=staff)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not may_make_password_link(user=User.objects.get(pk=alice.pk), by=staff)


def test_what_happens_is_logged_without_tokens(
    team: Team, alice: User, bob: User, staff: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="conversations.security")
    tokens = [invite(team, alice), make_password_token(bob, staff)]
    invitations.accept_invitation(token=tokens[0], user=bob)
    passwords.set_new_password(token=tokens[1], password=PASSWORD)

    assert {record.name for record in caplog.records} == {"conversations.security"}
    assert [record.getMessage() for record in caplog.records] == [
        f"alice made an invitation (member) to team {team.pk}.",
        "staff made a link for a new password of bob.",
        f"bob joined team {team.pk} by an invitation of alice.",
        "bob set a new password by a link of staff.",
    ]
    assert not any(token in caplog.text for token in tokens)
