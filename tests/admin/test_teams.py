"""What the people who run a server do with teams ends what it has to end."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from conversations.models import (
    Access,
    Conversation,
    LanguageModel,
    Share,
    SystemPrompt,
    Team,
    User,
)
from tests.factories import make_conversation, make_model, make_prompt, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support", alice, bob)


@pytest.fixture
def shared(team: Team, alice: User, bob: User) -> Conversation:
    """With the team, and singly with one of its members."""
    conversation = make_conversation(alice)
    Conversation.objects.update(team=team)
    Share.objects.create(conversation=conversation, user=bob, access=Access.READ)
    return conversation


def form_of(team: Team, **values: object) -> dict[str, object]:
    """The admin's form as it is, but for some values; marks bob to be removed."""
    rows = team.memberships.order_by("pk")
    fields: dict[str, object] = {
        "name": team.name,
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": len(rows),
        **values,
    }
    for number, row in enumerate(rows):
        at = f"memberships-{number}-"
        fields |= {f"{at}id": row.pk, f"{at}team": team.pk, f"{at}user": row.user_id}
        fields[f"{at}role"] = row.role
        if row.user.username == "bob":
            fields[f"{at}DELETE"] = "on"
    return fields


def test_a_team_is_changed_and_who_is_taken_out_loses_its_shares(
    client: Client, staff: User, team: Team, shared: Conversation, bob: User
) -> None:
    client.force_login(staff)
    model: LanguageModel = make_model()
    prompt: SystemPrompt = make_prompt()
    form = form_of(team, name="Help", model=model.pk, prompt=prompt.pk)
    url = reverse("admin:conversations_team_change", args=[team.pk])

    response = client.post(url, form)

    assert response.status_code == 302
    team.refresh_from_db()
    assert (team.name, team.model, team.prompt) == ("Help", model, prompt)
    assert not Conversation.objects.visible_to(bob).exists()


def test_who_is_taken_out_on_their_own_page_loses_the_same(
    client: Client, staff: User, team: Team, shared: Conversation, bob: User
) -> None:
    client.force_login(staff)
    form = {
        "username": bob.username,
        "is_active": "on",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 1,
        "memberships-0-id": team.memberships.get(user=bob).pk,
        "memberships-0-user": bob.pk,
        "memberships-0-DELETE": "on",
    }
    url = reverse("admin:conversations_user_change", args=[bob.pk])

    response = client.post(url, form)

    assert response.status_code == 302
    assert not Conversation.objects.visible_to(bob).exists()


@pytest.mark.parametrize("by_list", [True, False])
def test_a_team_that_is_deleted_leaves_nothing_shared(
    client: Client,
    staff: User,
    team: Team,
    shared: Conversation,
    bob: User,
    by_list: bool,
) -> None:
    client.force_login(staff)
    url = reverse("admin:conversations_team_delete", args=[team.pk])
    form: dict[str, object] = {"post": "yes"}
    if by_list:
        url = reverse("admin:conversations_team_changelist")
        form |= {"action": "delete_selected", "_selected_action": team.pk}

    client.post(url, form)

    assert not Team.objects.exists()
    shared.refresh_from_db()
    assert shared.team is None
    assert not Conversation.objects.visible_to(bob).exists()


def with_another(team: Team, person: User, role: str = "member") -> dict[str, object]:
    """The form as it is, with another person in a further row."""
    fields = form_of(team)
    rows = int(str(fields["memberships-TOTAL_FORMS"]))
    fields = {name: each for name, each in fields.items() if "DELETE" not in name}
    at = f"memberships-{rows}-"
    fields |= {f"{at}team": team.pk, f"{at}user": person.pk, f"{at}role": role}
    return fields | {"memberships-TOTAL_FORMS": rows + 1}


def test_nobody_lets_themselves_into_a_team_of_others(
    client: Client, staff: User, team: Team, charlie: User
) -> None:
    client.force_login(staff)
    change = reverse("admin:conversations_team_change", args=[team.pk])

    refused = client.post(change, with_another(team, staff))
    let_in = client.post(change, with_another(team, charlie))

    assert "You cannot let yourself into a team" in refused.content.decode()
    assert let_in.status_code == 302
    assert not team.members.filter(pk=staff.pk).exists()
    assert team.members.filter(pk=charlie.pk).exists()


def test_nobody_lets_themselves_in_from_their_own_page_either(
    client: Client, staff: User, team: Team
) -> None:
    client.force_login(staff)
    change = reverse("admin:conversations_user_change", args=[staff.pk])
    rows = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 0, "0-user": staff.pk, "0-team": team.pk}
    fields = {f"memberships-{name}": value for name, value in rows.items()}

    page = client.post(
        change, {"username": "staff", "memberships-0-role": "member", **fields}
    )

    assert "You cannot let yourself into a team" in page.content.decode()
    assert not team.members.filter(pk=staff.pk).exists()


def test_a_team_keeps_an_owner_and_what_is_changed_is_written_down(
    client: Client,
    staff: User,
    team: Team,
    charlie: User,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client.force_login(staff)
    change = reverse("admin:conversations_team_change", args=[team.pk])
    without_owner = form_of(team)
    without_owner["memberships-0-role"] = "member"

    page = client.post(change, without_owner)
    assert "A team needs an owner." in page.content.decode()
    assert team.memberships.filter(role="owner").exists()

    with caplog.at_level("INFO", "conversations.security"):
        client.post(change, with_another(team, charlie, "owner"))
    assert f"put user {charlie.pk} into team {team.pk}" in caplog.text


def test_a_membership_is_not_moved_to_another_team(
    client: Client, staff: User, team: Team, alice: User
) -> None:
    client.force_login(staff)
    other = make_team("Other", staff)
    row = team.memberships.get(user=alice)
    fields = {"id": row.pk, "user": alice.pk, "team": other.pk, "role": "owner"}
    form = {f"memberships-0-{name}": value for name, value in fields.items()}
    counts = {"memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 1}
    change = reverse("admin:conversations_user_change", args=[alice.pk])

    page = client.post(change, {"username": "alice", **counts, **form})

    assert "cannot be moved" in page.content.decode()
    assert team.memberships.filter(user=alice, role="owner").exists()
