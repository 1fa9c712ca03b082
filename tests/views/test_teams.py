"""The pages of teams: their lists, their members, their settings."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations import limits
from conversations.models import (
    Access,
    Conversation,
    LanguageModel,
    Membership,
    Message,
    Share,
    Team,
    User,
)
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_message,
    make_model,
    make_prompt,
    make_team,
)

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

Role = Membership.Role

TITLE = re.compile(r'class="line-title">([^<]*)<')
SELECTED = re.compile(r'<option value="(\d*)" selected>([^<]*)</option>')


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support", alice, bob)


@pytest.fixture
def alice_client(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def bob_client(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


def set_role(team: Team, user: User, role: Membership.Role) -> None:
    Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})


def share(
    team: Team | None,
    owner: User,
    title: str,
    said: str = "Hello",
    *,
    model: LanguageModel | None = None,
    minutes_ago: int = 0,
) -> Conversation:
    """A conversation in which something was asked and answered."""
    conversation = make_conversation(owner, title=title, model=model)
    make_answered_turn(conversation, said)
    conversation.team = team
    conversation.active_at = timezone.now() - timedelta(minutes=minutes_ago)
    conversation.save(update_fields=["team", "active_at"])
    return conversation


def listed(client: Client, team: Team, **asked: str | int) -> list[str]:
    """The titles of the team's page, in order."""
    response = client.get(reverse("team", args=[team.pk]), asked)
    assert response.status_code == 200
    return [unescape(title) for title in TITLE.findall(response.content.decode())]


def said(response: Response) -> str:
    """The words of a page, without its tags."""
    return " ".join(
        unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split()
    )


def post(client: Client, view: str, /, *args: object, **data: object) -> Response:
    return client.post(reverse(view, args=args), data)


# One's teams


def test_somebody_without_a_team_is_told_what_to_do(alice_client: Client) -> None:
    page = said(alice_client.get("/teams/"))

    assert "You are in no team yet." in page
    assert "Create a team" in page


def test_a_team_is_made_and_listed_with_ones_role(
    alice_client: Client, alice: User
) -> None:
    response = post(alice_client, "teams", name="  Sales \n & more ")

    team = Team.objects.get()
    assert response["Location"] == reverse("members", args=[team.pk])
    assert "Sales & more Owner · 1 person" in said(alice_client.get("/teams/"))


@pytest.mark.parametrize(
    ("name", "problem"),
    [(" ", "A team needs a name."), ("x" * 81, "at most 80 characters")],
)
def test_a_bad_name_is_kept_and_explained(
    alice_client: Client, name: str, problem: str
) -> None:
    response = post(alice_client, "teams", name=name)

    assert response.status_code == 422
    assert problem in said(response)
    assert f'value="{name}"' in response.content.decode()
    assert not Team.objects.exists()


# Its conversations


def test_a_teams_conversations_are_listed_newest_first(
    alice_client: Client, team: Team, alice: User, bob: User
) -> None:
    share(team, alice, "Older", minutes_ago=5)
    newer = share(team, bob, "Newer", model=make_model("swift"))
    make_message(newer, "By the way", author=alice)
    share(None, alice, "Private")
    share(make_team("Other", alice), alice, "Elsewhere")

    assert listed(alice_client, team) == ["Newer", "Older"]
    page = said(alice_client.get(reverse("team", args=[team.pk])))
    assert re.search(r"Newer.* bob · last alice, [^·]* · swift", page)


def test_the_list_has_pages_that_keep_their_filters(
    alice_client: Client, team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PAGE_CONVERSATIONS", 2)
    for number in range(5):
        share(team, alice, f"talk {number}", minutes_ago=number)
        share(team, alice, f"other {number}", minutes_ago=number)
    url, found = reverse("team", args=[team.pk]) + "?q=talk", []

    while url:
        page = alice_client.get(url).content.decode()
        found += TITLE.findall(page)
        older = re.search(r'class="older" href="([^"]+)"', page)
        url = unescape(older[1]) if older else ""

    assert found == [f"talk {number}" for number in range(5)]


def test_the_next_page_is_a_part_of_the_list_for_htmx(
    alice_client: Client, team: Team, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PAGE_CONVERSATIONS", 1)
    share(team, alice, "Older", minutes_ago=5)
    newer = share(team, alice, "Newer")
    before = f"{newer.active_at.isoformat()}~{newer.pk}"

    url = reverse("team", args=[team.pk])
    part = alice_client.get(url, {"before": before}, headers={"HX-Request": "true"})

    assert TITLE.findall(part.content.decode()) == ["Older"]
    assert b"<html" not in part.content


def test_the_list_is_filtered_by_person_model_and_what_is_unread(
    alice_client: Client, team: Team, alice: User, bob: User
) -> None:
    swift, slow = make_model("swift"), make_model("slow")
    share(team, alice, "Mine", model=slow)
    share(team, bob, "Of bob", model=swift, minutes_ago=1)
    joined = share(team, alice, "Joined by bob", model=swift, minutes_ago=2)
    make_message(joined, "Me too", author=bob)

    assert listed(alice_client, team, person=bob.pk) == ["Of bob", "Joined by bob"]
    assert listed(alice_client, team, model=slow.pk) == ["Mine"]
    assert listed(alice_client, team, unread="1") == ["Of bob"]
    both: dict[str, str | int] = {
        "person": bob.pk,
        "model": swift.pk,
        "unread": "1",
        "q": "OF",
    }
    assert listed(alice_client, team, **both) == ["Of bob"]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"person": "4711"}, "This person is not in the team."),
        ({"person": "no id"}, "This person is not in the team."),
        ({"model": "4711"}, "This model has no conversation here."),
        ({"q": "x" * 201}, "At most 200 characters can be searched for."),
    ],
)
def test_a_filter_that_makes_no_sense_is_explained(
    alice_client: Client,
    team: Team,
    alice: User,
    asked: dict[str, str],
    problem: str,
) -> None:
    share(team, alice, "Not meant")

    response = alice_client.get(reverse("team", args=[team.pk]), asked)

    assert response.status_code == 422
    assert problem in said(response)
    assert "Not meant" not in said(response).partition(problem)[2]


def test_words_are_found_in_titles_and_messages_as_they_are(
    alice_client: Client, team: Team, alice: User
) -> None:
    long = "word " * 500
    share(team, alice, "Refund of 50% <soon>")
    share(team, alice, "Plans", f"{long}a refund of 50% comes {long}", minutes_ago=1)
    share(team, alice, "Refund of 500", minutes_ago=2)

    page = alice_client.get(reverse("team", args=[team.pk]), {"q": "REFUND OF 50%"})

    assert TITLE.findall(page.content.decode()) == [
        "Refund of 50% &lt;soon&gt;",
        "Plans",
    ]
    (found,) = re.findall(
        r'line-found"><a href="([^"]+)">(.+?)</a>', page.content.decode()
    )
    message = Message.objects.get(content__contains="comes")
    assert found[0].endswith(f"?at={message.pk}#m-{message.pk}")
    assert "word a <mark>refund of 50%</mark> comes word" in found[1]
    assert len(found[1]) < 300
    assert alice_client.get(found[0]).status_code == 200


def test_words_need_not_follow_each_other(
    alice_client: Client, team: Team, alice: User
) -> None:
    share(team, alice, "Plans", "How do we build a raft?")
    share(team, alice, "Boats", "We build boats.")

    page = alice_client.get(reverse("team", args=[team.pk]), {"q": "raft build"})

    assert TITLE.findall(page.content.decode()) == ["Plans"]
    assert "build a <mark>raft</mark>" in page.content.decode()


def test_the_search_finds_nothing_that_is_not_the_teams(
    bob_client: Client, team: Team, alice: User
) -> None:
    share(team, alice, "Ours", "canary of ours")
    share(None, alice, "canary of alice", "canary of alice")
    share(make_team("Other", alice), alice, "canary elsewhere", "canary elsewhere")
    gone = share(team, alice, "canary that is gone", "canary that is gone")
    Conversation.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())

    assert listed(bob_client, team, q="canary") == ["Ours"]


def test_nothing_found_says_so_and_keeps_the_words(
    alice_client: Client, team: Team
) -> None:
    page = alice_client.get(reverse("team", args=[team.pk]), {"q": '"quite" <odd>'})

    assert "Nothing is found." in said(page)
    assert 'value="&quot;quite&quot; &lt;odd&gt;"' in page.content.decode()


def test_a_guest_sees_only_what_is_shared_with_them_singly(
    bob_client: Client, team: Team, alice: User, bob: User
) -> None:
    set_role(team, bob, Role.GUEST)
    hidden = share(team, alice, "Of the team", model=make_model("secret model"))
    shown = share(team, alice, "Shown")
    singly = share(None, alice, "Singly", minutes_ago=1)
    for conversation in (shown, singly):
        Share.objects.create(conversation=conversation, user=bob, access=Access.READ)

    page = bob_client.get(reverse("team", args=[team.pk]))

    assert TITLE.findall(page.content.decode()) == ["Shown", "Singly"]
    assert hidden.title not in said(page)
    assert "secret model" not in said(page)
    assert "2 people" not in said(page)
    assert b'name="person"' not in page.content


def test_a_longer_list_takes_no_more_queries(
    alice_client: Client,
    team: Team,
    alice: User,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(12):
        share(team, bob, f"talk {number}", model=make_model(f"model {number}"))
        share(team, alice, f"mine {number}")

    with django_assert_max_num_queries(30):
        assert len(listed(alice_client, team, q="hello")) == 24


# Its members


def test_members_see_who_is_in_the_team_and_only_managers_the_controls(
    bob_client: Client, team: Team, alice: User, bob: User
) -> None:
    alice.first_name = "Alice <3"
    alice.save()
    url = reverse("members", args=[team.pk])

    plain = bob_client.get(url)
    set_role(team, bob, Role.ADMIN)
    managed = bob_client.get(url)

    assert "Alice <3 @alice" in said(plain)
    assert "bob (you) @bob" in said(plain)
    assert b"Change role" not in plain.content
    assert b"invitations" not in plain.content
    assert managed.content.count(b"Change role") == 1
    assert b'id="invitations"' in managed.content


def test_a_guest_is_told_that_members_are_not_theirs_to_see(
    bob_client: Client, team: Team, bob: User
) -> None:
    set_role(team, bob, Role.GUEST)

    response = bob_client.get(reverse("members", args=[team.pk]))

    assert response.status_code == 403
    assert "A guest of a team does not see who else is in it." in said(response)
    assert "@alice" not in said(response)


def test_a_role_is_changed_and_said(
    alice_client: Client, team: Team, bob: User
) -> None:
    response = post(
        alice_client, "change_member", team.pk, bob.pk, do="role", role="admin"
    )

    assert "bob is now an admin of Support." in said(
        alice_client.get(response["Location"])
    )
    assert Membership.objects.get(team=team, user=bob).role == Role.ADMIN


@pytest.mark.parametrize(
    "data",
    [{}, {"do": "role"}, {"do": "role", "role": "king"}, {"do": "dance"}],
)
def test_a_change_that_makes_no_sense_changes_nothing(
    alice_client: Client, team: Team, bob: User, data: dict[str, str]
) -> None:
    response = post(alice_client, "change_member", team.pk, bob.pk, **data)

    assert response.status_code == 422
    assert b'role="alert"' in response.content
    assert Membership.objects.get(team=team, user=bob).role == Role.MEMBER


def test_a_member_who_changes_others_is_refused(
    bob_client: Client, team: Team, alice: User
) -> None:
    response = post(bob_client, "change_member", team.pk, alice.pk, do="remove")

    assert response.status_code == 403
    assert "Only this team’s owners and admins can do this." in said(response)


def test_nobody_of_that_number_is_not_found(alice_client: Client, team: Team) -> None:
    response = post(alice_client, "change_member", team.pk, 4711, do="remove")

    assert response.status_code == 404


@pytest.mark.parametrize(
    "name", ["team", "members", "team_settings", "leave_team", "delete_team"]
)
def test_a_foreign_and_a_missing_team_look_the_same(
    client: Client, charlie: User, team: Team, name: str
) -> None:
    client.force_login(charlie)
    act = client.post if name in ("leave_team", "delete_team") else client.get

    pages = [act(reverse(name, args=[pk])) for pk in (team.pk, 4711)]

    assert [page.status_code for page in pages] == [404, 404]
    assert len({said(page) for page in pages}) == 1


# Its settings


def test_settings_keep_what_was_typed_and_offer_only_ones_own_models(
    alice_client: Client, team: Team, charlie: User
) -> None:
    model = make_model("foreign model")
    model.teams.set([make_team("Other", charlie)])
    form = {"name": "New name", "model": model.pk, "prompt": ""}

    response = post(alice_client, "team_settings", team.pk, **form)

    assert response.status_code == 422
    assert "This model cannot be used any more. Please choose another." in said(
        response
    )
    assert b'value="New name"' in response.content
    assert b"foreign model" not in response.content
    team.refresh_from_db()
    assert (team.name, team.model) == ("Support", None)


def test_a_default_that_somebody_else_chose_stays(
    alice_client: Client, team: Team, charlie: User
) -> None:
    model, prompt = make_model("foreign model"), make_prompt()
    model.teams.set([make_team("Other", charlie)])
    Team.objects.filter(pk=team.pk).update(model=model)
    form = {"name": "Help", "model": model.pk, "prompt": prompt.pk}

    response = post(alice_client, "team_settings", team.pk, **form)

    assert response.status_code == 302
    team.refresh_from_db()
    assert (team.name, team.model, team.prompt) == ("Help", model, prompt)


def test_a_member_can_leave_but_not_change_or_delete(
    bob_client: Client, team: Team
) -> None:
    page = bob_client.get(reverse("team_settings", args=[team.pk])).content

    assert b"Leave the team" in page
    assert b"Delete the team" not in page
    assert b'name="name"' not in page
    changed = post(bob_client, "team_settings", team.pk, name="Mine")
    deleted = post(bob_client, "delete_team", team.pk)
    assert (changed.status_code, deleted.status_code) == (403, 403)
    left = post(bob_client, "leave_team", team.pk)
    assert "You have left Support." in said(bob_client.get(left["Location"]))


def test_the_only_owner_is_told_how_to_leave(alice_client: Client, team: Team) -> None:
    page = alice_client.get(reverse("team_settings", args=[team.pk])).content
    response = post(alice_client, "leave_team", team.pk)

    assert b"Leave the team" not in page
    assert response.status_code == 409
    assert "A team needs an owner." in said(response)


def test_deleting_says_how_many_conversations_become_private(
    alice_client: Client, team: Team, alice: User, bob: User
) -> None:
    shared = [share(team, alice, "One"), share(team, bob, "Two")]

    page = said(alice_client.get(reverse("team_settings", args=[team.pk])))
    response = post(alice_client, "delete_team", team.pk)

    assert "2 conversations shared with it become private again" in page
    assert "Support has been deleted." in said(alice_client.get(response["Location"]))
    for conversation in shared:
        conversation.refresh_from_db()
        assert conversation.team is None


# A new conversation of a team


def test_a_new_conversation_begins_with_the_teams_defaults(
    alice_client: Client, team: Team
) -> None:
    make_model("everyone's", is_default=True)
    make_prompt(name="For everyone", is_default=True)
    team.model, team.prompt = make_model("ours"), make_prompt(name="House")
    team.save()

    page = alice_client.get("/", {"team": team.pk}).content.decode()

    assert SELECTED.findall(page) == [
        (str(team.pk), "Support"),
        (str(team.prompt.pk), "House v1"),
    ]
    assert 'aria-label="Model: ours"' in page


def test_turning_to_a_team_changes_only_what_it_says(
    alice_client: Client, team: Team
) -> None:
    make_model("everyone's", is_default=True)
    chosen, prompt = make_model("chosen"), make_prompt(name="Chosen")
    team.prompt = make_prompt(name="House")
    team.save()
    asked = {"team": team.pk, "model": chosen.pk, "prompt": prompt.pk}
    turned = {"HX-Request": "true", "HX-Trigger-Name": "team"}

    page = alice_client.get("/", asked, headers=turned).content.decode()

    assert 'aria-label="Model: chosen"' in page
    assert (str(team.prompt.pk), "House v1") in SELECTED.findall(page)


def test_a_message_to_a_team_is_everyones_at_once(
    alice_client: Client, team: Team, bob: User
) -> None:
    form = {"content": "Hello, all", "client_id": uuid4(), "team": team.pk}

    alice_client.post("/", form)

    assert Conversation.objects.writable_by(bob).get().team == team


@pytest.mark.parametrize("role", [Role.GUEST, None])
def test_only_a_full_member_begins_for_a_team(
    bob_client: Client, team: Team, bob: User, role: Membership.Role | None
) -> None:
    Membership.objects.filter(team=team, user=bob).delete()
    if role is not None:
        set_role(team, bob, role)
    form = {"content": "Kept.", "client_id": uuid4(), "team": team.pk}

    response = bob_client.post("/", form)

    assert response.status_code == 422
    assert "This team cannot be used any more. Please choose another." in said(response)
    assert "Kept." in said(response)
    assert not Conversation.objects.exists()
    assert bob_client.get("/", {"team": team.pk}).status_code == 422


def test_the_team_stays_chosen_after_a_mistake(
    alice_client: Client, team: Team
) -> None:
    form = {"content": " ", "client_id": uuid4(), "team": team.pk}

    page = alice_client.post("/", form).content.decode()

    assert (str(team.pk), "Support") in SELECTED.findall(page)
