"""What was ended, taken out or forgotten: a notice offers it back, with scripts or without."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import (
    Access,
    Conversation,
    Membership,
    OneTimeLink,
    Share,
    Team,
    User,
)
from conversations.services.invitations import invite
from tests.factories import make_answered_turn, make_conversation, make_team

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

pytestmark = pytest.mark.django_db

Role = Membership.Role
UNDO = re.compile(
    r'<form method="post" action="([^"]+)" hx-post="\1"[^>]*hx-swap="none"'
)


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support", alice, bob)


@pytest.fixture
def conversation(alice: User) -> Conversation:
    conversation = make_conversation(alice)
    make_answered_turn(conversation)
    return conversation


@pytest.fixture(params=["scripts", "no scripts"])
def client(request: pytest.FixtureRequest, alice: User) -> Client:
    """alice's browser."""
    headers = {"HX-Request": "true"} if request.param == "scripts" else {}
    client = Client(headers=headers)
    client.force_login(alice)
    return client


def offered(client: Client, response: Response) -> str:
    """Where what was done is undone; nothing where that is not offered."""
    if response.status_code == 302:
        response = client.get(response["Location"])
    assert response.status_code == 200
    found = UNDO.search(response.content.decode())
    return unescape(found[1]) if found else ""


def do(client: Client, view: str, *ids: object, **data: object) -> str:
    return offered(client, client.post(reverse(view, args=ids), data))


def undo(client: Client, url: str) -> None:
    response = client.post(url)
    assert response.status_code in (200, 204, 302)
    assert "Location" not in response or "login" not in response["Location"]


def role_of(team: Team, user: User) -> str | None:
    rows = Membership.objects.filter(team=team, user=user)
    return rows.values_list("role", flat=True).first()


def test_somebody_who_was_taken_out_comes_back(
    client: Client, team: Team, bob: User
) -> None:
    url = do(client, "change_member", team.pk, bob.pk, do="remove")
    assert role_of(team, bob) is None

    undo(client, url)

    assert role_of(team, bob) == Role.MEMBER
    assert client.post(url).status_code == 404


@pytest.mark.parametrize("way", ["leave", "remove oneself"])
def test_who_left_a_team_comes_back(
    client: Client, team: Team, alice: User, bob: User, way: str
) -> None:
    Membership.objects.filter(team=team, user=bob).update(role=Role.OWNER)
    if way == "leave":
        url = do(client, "leave_team", team.pk)
    else:
        url = do(client, "change_member", team.pk, alice.pk, do="remove")
    assert role_of(team, alice) is None

    undo(client, url)

    # Others owned the team alone meanwhile.
    assert role_of(team, alice) == Role.MEMBER
    page = client.get(reverse("team", args=[team.pk])).content.decode()
    assert "You are in the team again, as a member." in page


def test_a_withdrawn_invitation_is_good_again(
    client: Client, team: Team, alice: User
) -> None:
    path = invite(team=team, role=Role.MEMBER, address="", made_by=alice)
    url = do(client, "withdraw_invitation", team.pk, OneTimeLink.objects.get().pk)
    assert b"Join" not in Client().get(path).content

    undo(client, url)

    assert b"Join" in Client().get(path).content


def test_an_admin_is_not_offered_what_only_an_owner_could_make(
    client: Client, team: Team, alice: User, bob: User
) -> None:
    Membership.objects.filter(team=team, user=bob).update(role=Role.OWNER)
    invite(team=team, role=Role.OWNER, address="", made_by=bob)
    Membership.objects.filter(team=team, user=alice).update(role=Role.ADMIN)

    url = do(client, "withdraw_invitation", team.pk, OneTimeLink.objects.get().pk)

    assert url == ""


@pytest.mark.parametrize("access", Access.values)
def test_a_share_that_ended_is_as_it_was(
    client: Client, team: Team, bob: User, conversation: Conversation, access: str
) -> None:
    Share.objects.create(conversation=conversation, user=bob, access=access)
    rows = Conversation.objects.filter(pk=conversation.pk)
    rows.update(team=team, team_access=access)

    person = do(client, "share_person", conversation.pk, bob.pk, access="none")
    whole = do(client, "share", conversation.pk, team="", access="write")
    assert not Conversation.objects.visible_to(bob).exists()

    for url in (person, whole):
        undo(client, url)
    assert Share.objects.get().access == access
    conversation.refresh_from_db()
    assert (conversation.team, conversation.team_access) == (team, access)


def test_a_share_that_could_not_be_made_again_is_not_offered_back(
    client: Client, team: Team, alice: User, bob: User, conversation: Conversation
) -> None:
    Share.objects.create(conversation=conversation, user=bob, access=Access.READ)
    Conversation.objects.filter(pk=conversation.pk).update(team=team)
    Membership.objects.filter(team=team, user=alice).update(role=Role.GUEST)

    person = do(client, "share_person", conversation.pk, bob.pk, access="none")
    whole = do(client, "share", conversation.pk, team="", access="write")

    assert (person, whole) == ("", "")


def test_a_forgotten_fact_is_remembered_again(
    client: Client, conversation: Conversation
) -> None:
    fact = conversation.facts.create(text="Mia is vegetarian.", tokens=4)
    # The panel has it in a page without scripts, too.
    client.defaults["HTTP_HX_TARGET"] = "memory"
    url = do(client, "change_fact", conversation.pk, fact.pk, do="delete")
    assert not conversation.facts.exists()

    undo(client, url)

    assert list(conversation.facts.all()) == [fact]
    assert client.post(url).status_code == 404
