"""Who can see a conversation, as its page says it and its owner changes it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import Access, Conversation, Membership, Share, Team, User
from tests.factories import make_answered_turn, make_conversation, make_team, make_user

pytestmark = pytest.mark.django_db

IN_PANEL = {"HX-Request": "true", "HX-Target": "people"}
BY_HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support team", alice, bob)


@pytest.fixture
def conversation(alice: User, team: Team) -> Conversation:
    """Shared with the team, which may take part."""
    conversation = make_conversation(owner=alice)
    make_answered_turn(conversation)
    conversation.team = team
    conversation.save()
    return conversation


def let_only_read(conversation: Conversation) -> None:
    conversation.team_access = Access.READ
    conversation.save()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, conversation: Conversation, *more: object) -> str:
    return reverse(name, args=[conversation.pk, *more])


def page_of(user: User, conversation: Conversation) -> str:
    return signed_in(user).get(conversation.get_absolute_url()).content.decode()


def test_the_page_says_who_can_see_it_and_lets_each_do_what_they_may(
    conversation: Conversation, alice: User, bob: User
) -> None:
    hers, his = page_of(alice, conversation), page_of(bob, conversation)

    assert "Support team can read and write" in hers
    assert 'id="transcript"' in hers
    assert 'data-may="read write own"' in hers
    assert "alice’s conversation: Support team can read and write" in his
    assert 'data-may="read write"' in his


def test_a_reader_gets_no_composer_and_is_told_who_can_let_them_write(
    conversation: Conversation, bob: User
) -> None:
    let_only_read(conversation)

    page = page_of(bob, conversation)

    assert 'data-may="read"' in page
    assert 'id="composer"' not in page
    assert ">You can read this. alice can let you write.</p>" in page


@pytest.mark.parametrize("name", ["send", "rename", "roll", "talk_settings"])
def test_what_a_reader_may_not_do_is_refused_in_a_sentence(
    conversation: Conversation, bob: User, name: str
) -> None:
    let_only_read(conversation)

    response = signed_in(bob).post(url(name, conversation), {"title": "Mine"})

    assert response.status_code == 403
    assert "You can read this. alice can let you write." in response.content.decode()


def test_only_the_owner_deletes_and_shares(
    conversation: Conversation, alice: User, bob: User
) -> None:
    client = signed_in(bob)
    for path in (
        url("delete", conversation),
        url("share", conversation),
        url("share_person", conversation, bob.pk),
    ):
        response = client.post(path, {"team": "", "access": "write"})
        assert response.status_code == 403
        assert "Only alice can do this" in response.content.decode()

    changed = Conversation.objects.get(pk=conversation.pk)
    assert (changed.team, changed.deleted_at) == (conversation.team, None)
    assert signed_in(alice).post(url("delete", conversation)).status_code == 302


def test_a_team_is_chosen_and_let_go_without_scripts(
    alice: User, team: Team, bob: User
) -> None:
    conversation = make_conversation(owner=alice)
    client, share = signed_in(alice), url("share", conversation)

    response = client.post(share, {"team": team.pk, "access": "read"}, follow=True)
    assert response.redirect_chain == [(url("people", conversation), 302)]
    assert "Support team can read" in response.content.decode()
    assert signed_in(bob).get(conversation.get_absolute_url()).status_code == 200

    client.post(share, {"team": "", "access": "read"})
    assert signed_in(bob).get(conversation.get_absolute_url()).status_code == 404


def test_a_person_is_added_changed_and_removed_in_the_panel(
    conversation: Conversation, team: Team, alice: User
) -> None:
    gus = make_user("gus")
    Membership.objects.create(team=team, user=gus, role=Membership.Role.GUEST)
    client, path = signed_in(alice), url("share_person", conversation, gus.pk)

    def give(access: str) -> str:
        response = client.post(path, {"access": access}, headers=IN_PANEL)
        assert response.status_code == 200
        return response.content.decode()

    panel = give("read")
    assert "gus can read." in panel
    assert (
        'id="found-' not in panel.partition(f'id="person-{gus.pk}"')[2].split("<h3")[0]
    )
    assert "Support team and gus can read and write" in give("write")
    assert f'id="found-{gus.pk}"' in give("none")
    assert not Share.objects.exists()


def test_a_foreign_team_and_a_missing_one_are_refused_alike(
    conversation: Conversation, alice: User, charlie: User
) -> None:
    foreign = make_team("Design", charlie)
    client, share = signed_in(alice), url("share", conversation)

    pages = []
    for pk in (foreign.pk, 10**17, "x"):
        response = client.post(share, {"team": pk, "access": "write"}, headers=IN_PANEL)
        assert response.status_code == 422
        pages.append("You are not in this team any more" in response.content.decode())

    assert all(pages)
    assert Conversation.objects.get(pk=conversation.pk).team == conversation.team


def test_a_stranger_and_nobody_are_not_found_alike(
    conversation: Conversation, alice: User, charlie: User
) -> None:
    client = signed_in(alice)

    answers = [
        client.post(url("share_person", conversation, pk), {"access": "write"})
        for pk in (charlie.pk, 10**17, alice.pk)
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert not Share.objects.exists()


@pytest.mark.parametrize("access", ["", "own", None])
def test_an_access_that_there_is_not_changes_nothing(
    conversation: Conversation, alice: User, bob: User, access: str | None
) -> None:
    client = signed_in(alice)
    form = {} if access is None else {"access": access}

    for path in (url("share", conversation), url("share_person", conversation, bob.pk)):
        response = client.post(path, form)
        assert response.status_code == 422
        assert "Please choose what they may do" in response.content.decode()

    assert Conversation.objects.get(pk=conversation.pk).team == conversation.team


def test_how_it_is_talked_is_set_by_whoever_takes_part(
    conversation: Conversation, bob: User
) -> None:
    path = url("talk_settings", conversation)

    response = signed_in(bob).post(path, {"names_authors": "on"}, headers=IN_PANEL)

    assert response.status_code == 200
    changed = Conversation.objects.get(pk=conversation.pk)
    assert (changed.names_authors, changed.asks_when_named) == (True, False)


def test_the_panel_of_who_does_not_own_it_changes_nothing_and_names_no_strangers(
    conversation: Conversation, team: Team, bob: User
) -> None:
    gus, rita = make_user("gus"), make_user("rita")
    for user in (gus, rita):
        Membership.objects.create(team=team, user=user, role=Membership.Role.GUEST)
    Share.objects.create(conversation=conversation, user=gus, access=Access.READ)

    his = signed_in(bob).get(url("people", conversation)).content.decode()
    guests = signed_in(gus).get(url("people", conversation)).content.decode()

    for panel in (his, guests):
        assert 'id="share"' not in panel
        assert "rita" not in panel
    assert "bob" not in guests


def test_the_sentence_comes_alone_where_it_has_changed(
    conversation: Conversation, bob: User, charlie: User
) -> None:
    path = url("audience", conversation)

    part = signed_in(bob).get(path, headers=BY_HTMX).content.decode()

    assert part.startswith('<div id="audience"')
    assert 'data-may="read write"' in part
    assert "data-shared" in part
    assert signed_in(bob).get(path)["Location"] == url("people", conversation)
    foreign = signed_in(charlie).get(path, headers=BY_HTMX)
    missing = signed_in(charlie).get(reverse("audience", args=[uuid4()]))
    assert foreign.status_code == missing.status_code == 404


def test_people_to_add_are_looked_for(
    conversation: Conversation, team: Team, alice: User
) -> None:
    for name in ("mia", "noah"):
        Membership.objects.create(team=team, user=make_user(name))

    response = signed_in(alice).get(url("people", conversation), {"q": "MI"})

    page = response.content.decode()
    assert "@mia" in page.partition('id="found"')[2]
    assert "@noah" not in page.partition('id="found"')[2]
