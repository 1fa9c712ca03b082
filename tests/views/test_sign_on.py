"""Single sign-on, against an OpenID provider over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib import admin
from django.urls import reverse

from conversations.models import Membership, User
from conversations.services.invitations import invite
from tests.factories import PASSWORD, make_team
from tests.oidc.server import ADDRESS, OpenIDProvider
from tests.oidc.visits import leave, sentence, sign_in, visit, who

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.usefixtures("db")


OFFER = "Continue with single sign-on"


def test_the_first_sign_in_makes_an_account(
    client: Client, provider: OpenIDProvider
) -> None:
    assert OFFER in client.get(reverse("account_login")).content.decode()

    response = sign_in(client)

    assert (response.status_code, response["Location"]) == (302, reverse("home"))
    user = User.objects.get()
    assert (user.username, user.name) == ("alice.anders", "Alice Anders")
    assert user.email == ADDRESS
    assert not user.has_usable_password()
    assert not user.is_staff
    assert not user.is_superuser
    assert who(client) == user.username
    assert client.get(reverse("home")).status_code == 200


def test_the_same_person_comes_back_to_the_same_account(
    client: Client, provider: OpenIDProvider
) -> None:
    sign_in(client)
    client.logout()
    provider.person |= {"preferred_username": "alice.married", "name": "Alice M."}

    sign_in(client)

    assert who(client) == "alice.anders"
    assert User.objects.count() == 1


def test_what_the_provider_gave_is_not_kept(
    client: Client, provider: OpenIDProvider
) -> None:
    sign_in(client)

    account = SocialAccount.objects.get()
    assert account.extra_data == {}
    assert not SocialToken.objects.exists()
    assert "canary" not in str(dict(client.session))


def test_nobody_takes_over_an_account_by_its_name_or_address(
    client: Client, provider: OpenIDProvider
) -> None:
    old = User.objects.create_user("Alice", ADDRESS, PASSWORD)
    User.objects.create_user("alice-2", "", PASSWORD)
    provider.person["preferred_username"] = "alice"

    sign_in(client)

    assert who(client) == "alice-3"
    old.refresh_from_db()
    assert old.check_password(PASSWORD)
    assert SocialAccount.objects.get().user != old


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_is_not_verified_is_not_theirs(
    client: Client, provider: OpenIDProvider, verified: object
) -> None:
    provider.person["email_verified"] = verified

    sign_in(client)

    assert User.objects.get().email == ""


def test_people_of_another_provider_are_other_people(
    client: Client, provider: OpenIDProvider
) -> None:
    sign_in(client)
    SocialAccount.objects.update(provider="https://former.example")
    client.logout()

    sign_in(client)

    assert who(client) == "alice.anders-2"


def test_deactivated_people_stay_out(client: Client, provider: OpenIDProvider) -> None:
    sign_in(client)
    client.logout()
    User.objects.update(is_active=False)

    response = sign_in(client)

    assert response.status_code == 403
    assert sentence(response).startswith("Your account here has been deactivated.")
    assert who(client) is None


@pytest.mark.parametrize(
    ("wanted", "arrives"),
    [
        ("/invitations/a-token/", "/invitations/a-token/"),
        ("/c/1/?at=2#latest", "/c/1/?at=2#latest"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver/teams/", "/"),
    ],
)
def test_it_leads_back_to_a_page_of_this_site_only(
    client: Client, provider: OpenIDProvider, wanted: str, arrives: str
) -> None:
    assert sign_in(client, next=wanted)["Location"] == arrives


def test_the_login_page_passes_on_where_to_go(
    client: Client, provider: OpenIDProvider
) -> None:
    page = client.get(reverse("account_login") + "?next=/invitations/a-token/")

    offer = page.content.decode().partition(reverse("sign_on"))[2]
    assert 'name="next" value="/invitations/a-token/"' in offer


@pytest.mark.parametrize("verified", [True, False])
def test_an_invitation_to_an_address_is_taken_by_who_has_it_for_sure(
    client: Client, provider: OpenIDProvider, bob: User, verified: bool
) -> None:
    team = make_team("Support", bob)
    role, address = Membership.Role.MEMBER, ADDRESS
    link = invite(team=team, role=role, address=address, made_by=bob)
    path = urlsplit(link).path
    provider.person["email_verified"] = verified
    offer = client.get(path).content.decode().partition(reverse("sign_on"))[2]
    assert f'name="next" value="{path}"' in offer

    assert sign_in(client, next=path)["Location"] == path
    joined = client.post(path)

    assert joined.status_code == (302 if verified else 409)
    assert team.members.filter(username="alice.anders").exists() is verified


def test_nonce_state_and_proof_are_new_each_time(
    client: Client, provider: OpenIDProvider
) -> None:
    first, second = (parse_qs(urlsplit(leave(client)).query) for _ in range(2))

    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 16
        assert first[name] != second[name]
    assert first["redirect_uri"] == ["http://testserver/login/single/callback/"]


def test_an_address_of_the_provider_keeps_its_own_query(
    client: Client, provider: OpenIDProvider
) -> None:
    provider.fault = "a query"

    away = leave(client)

    assert parse_qs(urlsplit(away).query)["tenant"] == ["1"]
    assert client.get(visit(away)).status_code == 302


def test_it_is_begun_by_a_form_of_this_site(
    client: Client, provider: OpenIDProvider
) -> None:
    strict = type(client)(enforce_csrf_checks=True)

    assert client.get(reverse("sign_on")).status_code == 405
    assert strict.post(reverse("sign_on")).status_code == 403
    assert provider.asked == []


def test_without_a_password_there_is_none_to_change(
    client: Client, provider: OpenIDProvider
) -> None:
    sign_in(client)

    page = client.get(reverse("account_change_password"))

    assert page.status_code == 200
    assert "there is no password here to change" in sentence(page)


def test_without_the_three_variables_there_is_no_word_of_it(client: Client) -> None:
    assert "single" not in client.get(reverse("account_login")).content.decode()
    for name in ("sign_on", "sign_on_callback"):
        for method in (client.get, client.post):
            assert method(reverse(name)).status_code == 404


def test_the_admin_has_no_pages_of_it() -> None:
    assert "socialaccount" not in {
        model._meta.app_label for model in admin.site._registry
    }
