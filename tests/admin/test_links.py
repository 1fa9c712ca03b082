"""One-time links that admins of the server make."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from conversations import limits
from conversations.models import OneTimeLink, User
from tests.factories import make_user

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as HttpResponse

PASSWORD = "a long enough sentence"
INVITE = "admin:conversations_user_invite"
HELP = "admin:conversations_user_password_link"
CHANGE = "admin:conversations_user_change"
PEOPLE = "admin:conversations_user_changelist"


def path_of(response: HttpResponse) -> str:
    """The path of the link in the field of a page."""
    found = re.search(r'value="https?://[^/]+([^"]+)" aria-label', response.text)
    assert found, response.text
    return found[1]


def staff_with(*rights: str) -> Client:
    helper = make_user("helper")
    helper.is_staff = True
    helper.save()
    helper.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(helper)
    return client


def test_an_admin_invites_somebody_to_the_server(admin: Client) -> None:
    assert reverse(INVITE) in admin.get(reverse(PEOPLE)).text
    assert "Whoever has the link" in admin.get(reverse(INVITE)).text

    made = admin.post(reverse(INVITE), {"address": "dora@example.org"})
    form = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}
    visitor = Client()
    joined = visitor.post(path_of(made), form)

    assert joined["Location"] == "/"
    assert User.objects.get(username="dora").email == "dora@example.org"
    assert visitor.get("/").status_code == 200


def test_a_wrong_address_makes_no_invitation(admin: Client) -> None:
    response = admin.post(reverse(INVITE), {"address": "dora at home"})

    assert response.status_code == 422
    assert "That is not an e-mail address." in response.text
    assert not OneTimeLink.objects.exists()


def test_an_admin_makes_a_password_link_for_a_person(
    admin: Client, alice: User
) -> None:
    address = reverse(HELP, args=[alice.pk])
    assert address in admin.get(reverse(CHANGE, args=[alice.pk])).text

    made = admin.post(address)
    twice = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    done = Client().post(path_of(made), twice)

    alice.refresh_from_db()
    assert done.status_code == 200
    assert alice.check_password(PASSWORD)
    entry = LogEntry.objects.get()
    assert "Made a link for a new password." in entry.change_message
    assert path_of(made).split("/")[3] not in entry.change_message
    assert admin.get(address).status_code == 405


def test_nobody_makes_one_for_themselves_or_for_who_is_not_there(
    admin: Client, staff: User
) -> None:
    own = reverse(HELP, args=[staff.pk])

    assert own not in admin.get(reverse(CHANGE, args=[staff.pk])).text
    assert admin.post(own).status_code == 403
    assert admin.post(reverse(HELP, args=[10**9])).status_code == 404


@pytest.mark.parametrize(
    ("right", "invites", "helps"),
    [
        ("view_user", 403, 403),
        ("add_user", 200, 403),
        ("change_user", 403, 200),
    ],
)
def test_staff_make_what_their_rights_allow(
    alice: User, right: str, invites: int, helps: int
) -> None:
    client = staff_with(right)

    assert client.post(reverse(INVITE)).status_code == invites
    assert client.post(reverse(HELP, args=[alice.pk])).status_code == helps


def test_staff_make_none_for_a_superuser(staff: User) -> None:
    client = staff_with("change_user", "view_user")

    assert client.post(reverse(HELP, args=[staff.pk])).status_code == 403


def test_too_many_are_refused_in_a_sentence(
    admin: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LINKS_PER_DAY", 1)
    admin.post(reverse(INVITE))

    invited = admin.post(reverse(INVITE))
    helped = admin.post(reverse(HELP, args=[alice.pk]))

    for response in (invited, helped):
        assert "Please try again tomorrow." in response.text
    assert helped.status_code == 409
    assert OneTimeLink.objects.count() == 1
