from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.models import Membership, OneTimeLink, Team, User
from conversations.services import invitations, links, passwords
from conversations.services.links import Kind
from tests.factories import PASSWORD as OLD_PASSWORD
from tests.factories import make_team

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as HttpResponse
    from pytest_django import Settings

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough sentence"
NEW = {
    "username": "dora",
    "name": "Dora D.",
    "password1": PASSWORD,
    "password2": PASSWORD,
}
TWICE = {"new_password1": PASSWORD, "new_password2": PASSWORD}
Role = Membership.Role


@pytest.fixture
def team(alice: User) -> Team:
    return make_team("Support", alice)


@pytest.fixture
def leader(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def invite(team: Team, role: Role = Role.MEMBER, address: str = "") -> str:
    owner = team.memberships.get(role=Role.OWNER).user
    return invitations.invite(team=team, role=role, address=address, made_by=owner)


def make_password_link(user: User, staff: User) -> str:
    return passwords.make_password_link(user=user, made_by=staff)


def shown(response: HttpResponse) -> str:
    """The link in the field of a page."""
    found = re.search(r'value="([^"]+)" aria-label="The link"', response.text)
    assert found, response.text
    return unescape(found[1])


def sentence(response: HttpResponse) -> str:
    found = re.search(r"data-sentence[^>]*>([^<]+)<", response.text)
    assert found, response.text
    return unescape(found[1])


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post_invite(leader: Client, team: Team, **form: str) -> HttpResponse:
    return leader.post(reverse("invite", args=[team.pk]), {"role": "member", **form})


def test_an_invitation_is_shown_once_and_lets_somebody_new_in(
    leader: Client, team: Team, settings: Settings
) -> None:
    settings.SITE_URL = "https://chat.example"
    visitor = Client()

    made = post_invite(leader, team)
    link = shown(made)
    page = visitor.get(link.removeprefix("https://chat.example"))
    joined = visitor.post(link.removeprefix("https://chat.example"), NEW)

    assert made.status_code == 200
    assert "Join Support" in page.text
    assert joined["Location"] == reverse("team", args=[team.pk])
    dora = User.objects.get(username="dora")
    assert visitor.session["_auth_user_id"] == str(dora.pk)
    assert link not in leader.get(reverse("members", args=[team.pk])).text
    assert link.split("/")[4] not in str(dict(leader.session))


def test_a_link_names_this_site_whatever_host_is_asked(
    leader: Client, team: Team, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["further.example", "localhost"]
    settings.SITE_URL = "http://127.0.0.1:8000"
    settings.ALLOWED_ORIGINS = [settings.SITE_URL, "http://localhost:8000"]
    url = reverse("invite", args=[team.pk])

    further = leader.post(url, {"role": "guest"}, headers={"host": "further.example"})
    local = leader.post(url, {"role": "guest"}, headers={"host": "localhost:8000"})

    assert shown(further).startswith("http://127.0.0.1:8000/invitations/")
    assert shown(local).startswith("http://localhost:8000/invitations/")


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ({"role": "owner?"}, "You cannot invite in this role."),
        ({"role": ""}, "Please choose a role."),
        ({"address": "dora at home"}, "That is not an e-mail address."),
        (
            {"address": f"{'d' * 243}@example.com"},
            "An e-mail address has at most 254 characters.",
        ),
    ],
)
def test_a_mistake_keeps_what_was_typed(
    leader: Client, team: Team, form: dict[str, str], complaint: str
) -> None:
    response = post_invite(leader, team, **{"address": "dora@example.org", **form})

    assert response.status_code == 422
    assert complaint in response.text
    assert form.get("address", "dora@example.org") in response.text
    assert not OneTimeLink.objects.exists()


def test_looking_at_a_link_uses_nothing_up(team: Team, bob: User) -> None:
    path = invite(team)
    for visitor in (Client(), signed_in(bob)):
        assert visitor.get(path).status_code == 200
        assert visitor.head(path).status_code == 200

    assert OneTimeLink.objects.get().used_at is None


def test_who_is_signed_in_joins_as_themselves_and_nobody_after_them(
    team: Team, bob: User, charlie: User
) -> None:
    path = invite(team)

    assert "Join as bob" in signed_in(bob).get(path).text
    joined = signed_in(bob).post(path)

    assert joined["Location"] == reverse("team", args=[team.pk])
    assert team.memberships.filter(user=bob).exists()
    assert signed_in(charlie).post(path).status_code == 404
    assert not team.memberships.filter(user=charlie).exists()


def test_unknown_used_expired_and_withdrawn_links_look_the_same(
    leader: Client, team: Team, bob: User, staff: User
) -> None:
    used, expired, withdrawn = invite(team), invite(team), invite(team)
    signed_in(bob).post(used)
    past = timezone.now() - timedelta(seconds=1)
    rows = OneTimeLink.objects.filter(used_at=None).order_by("pk")
    OneTimeLink.objects.filter(pk=rows[0].pk).update(expires_at=past)
    gone = leader.post(
        reverse("withdraw_invitation", args=[team.pk, rows.last().pk])  # type: ignore[union-attr]
    )
    wrong_kind = make_password_link(bob, staff).replace("password/new", "invitations")
    unknown = reverse("invitation", args=["x"]), reverse("new_password", args=["x"])

    assert gone.status_code == 302
    paths = [used, expired, withdrawn, wrong_kind, *unknown]
    answers = [Client().get(path) for path in paths]
    answers += [Client().post(path, {**NEW, **TWICE}) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({sentence(answer) for answer in answers}) == 1
    assert not User.objects.filter(username="dora").exists()


@pytest.mark.parametrize(
    "mistake",
    [
        {"username": "BOB"},
        {"username": ""},
        {"password1": "short", "password2": "short"},
        {"password2": "another long sentence"},
        {"password1": "dora@example.org", "password2": "dora@example.org"},
    ],
)
def test_a_refused_try_uses_nothing_up(
    team: Team, bob: User, mistake: dict[str, str]
) -> None:
    path = invite(team, address="dora@example.org")

    refused = Client().post(path, {**NEW, **mistake})

    assert refused.status_code == 422
    assert "Dora D." in refused.text
    assert PASSWORD not in refused.text
    assert Client().post(path, NEW).status_code == 302


def test_another_person_s_invitation_is_declined_in_plain_words(
    team: Team, bob: User
) -> None:
    path = invite(team, address="dora@example.org")

    page, tried = signed_in(bob).get(path), signed_in(bob).post(path)

    assert (page.status_code, tried.status_code) == (200, 409)
    assert "another e-mail address" in sentence(tried)
    assert "dora" not in page.text + tried.text
    assert links.find_link(token=path.split("/")[2], kind=Kind.INVITATION)


def test_a_member_is_told_so(leader: Client, team: Team) -> None:
    path = invite(team)

    assert "in Support already" in sentence(leader.get(path))
    assert leader.post(path).status_code == 409
    assert OneTimeLink.objects.get().used_at is None


def test_signing_in_and_out_lead_back_to_the_invitation(team: Team, bob: User) -> None:
    path = invite(team)
    visitor = Client()
    assert f"/login/?next={path}" in visitor.get(path).text

    login = visitor.post(
        f"/login/?next={path}", {"login": "bob", "password": OLD_PASSWORD}
    )
    logout = visitor.post("/logout/", {"next": path})

    assert login["Location"] == path
    assert logout["Location"] == path
    elsewhere = Client().post(
        "/login/?next=https://evil.example/", {"login": "bob", "password": OLD_PASSWORD}
    )
    assert elsewhere["Location"] == "/"


def test_members_and_outsiders_make_and_withdraw_nothing(
    team: Team, bob: User, charlie: User
) -> None:
    Membership.objects.create(team=team, user=bob)
    invite(team)
    addresses = [
        reverse("invite", args=[team.pk]),
        reverse("withdraw_invitation", args=[team.pk, OneTimeLink.objects.get().pk]),
        reverse("password_link", args=[team.pk, bob.pk]),
    ]

    for address in addresses:
        assert signed_in(bob).post(address, {"role": "guest"}).status_code == 403
        assert signed_in(charlie).post(address, {"role": "guest"}).status_code == 404

    assert invitations.list_invitations(team=team).count() == 1


def test_a_link_of_another_team_cannot_be_withdrawn(
    leader: Client, team: Team, bob: User
) -> None:
    invite(make_team("Sales", bob))
    pk = OneTimeLink.objects.get().pk

    response = leader.post(reverse("withdraw_invitation", args=[team.pk, pk]))

    assert response.status_code == 404
    assert links.list_roles(team=team, by=bob) == []


def test_an_invitation_is_mailed_where_mail_is_configured(
    leader: Client, team: Team, settings: Settings
) -> None:
    address = "dora@example.org"
    unsent = post_invite(leader, team, address=address)
    settings.SENDS_MAIL = True
    sent = post_invite(leader, team, address=address)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    failed = post_invite(leader, team, address=address)

    assert "pass this link on yourself" in sentence(unsent)
    assert f"sent to {address}" in sentence(sent)
    assert shown(sent) in mail.outbox[0].body
    assert sentence(failed) == "It could not be sent; here is the link."
    assert "/invitations/" in shown(failed)


def test_a_password_link_of_a_team_sets_a_password_and_ends_sessions(
    leader: Client, team: Team
) -> None:
    dora = invitations.join_with_new_account(
        token=invite(team).split("/")[2], username="dora", name="", password="old one"
    )
    before = signed_in(dora)

    made = leader.post(reverse("password_link", args=[team.pk, dora.pk]))
    path = shown(made)[len("http://127.0.0.1:8000") :]
    short = Client().post(path, {"new_password1": "short", "new_password2": "short"})
    done = Client().post(path, TWICE)

    assert short.status_code == 422
    assert "Sign in as dora" in sentence(done)
    assert before.get("/").status_code == 302
    again = Client()
    again.post("/login/", {"login": "dora", "password": PASSWORD})
    assert "with a link that alice made" in again.get("/").text
    assert "with a link that" not in leader.get("/").text


def test_a_team_helps_nobody_it_did_not_bring_in(
    leader: Client, team: Team, bob: User, charlie: User
) -> None:
    Membership.objects.create(team=team, user=bob)

    refused = leader.post(reverse("password_link", args=[team.pk, bob.pk]))
    outside = leader.post(reverse("password_link", args=[team.pk, charlie.pk]))

    assert refused.status_code == 403
    assert sentence(refused) == "Only an admin of this server can do this for bob."
    assert outside.status_code == 404
    assert not OneTimeLink.objects.exists()
