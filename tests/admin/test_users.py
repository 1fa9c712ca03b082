from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Permission
from django.urls import reverse

from conversations.models import Membership, Team, User
from tests.factories import make_conversation, make_team

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoCaptureOnCommitCallbacks

PASSWORD = "a long enough sentence"


def url(page: str, *arguments: object, of: str = "user") -> str:
    return reverse(f"admin:conversations_{of}_{page}", args=arguments)


def values(user: User, **more: object) -> dict[str, object]:
    joined = user.date_joined
    rows = {
        "username": user.username,
        "is_active": "on" if user.is_active else "",
        "is_staff": "on" if user.is_staff else "",
        "date_joined_0": joined.date(),
        "date_joined_1": joined.time(),
        "memberships-TOTAL_FORMS": 0,
        "memberships-INITIAL_FORMS": 0,
    }
    return {key: value for key, value in {**rows, **more}.items() if value != ""}


def test_an_admin_makes_a_person_who_can_sign_in(
    admin: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    form = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}

    with django_capture_on_commit_callbacks(execute=True):
        response = admin.post(url("add"), form)

    dora = User.objects.get(username="dora")
    assert response.status_code == 302
    assert dora.check_password(PASSWORD)
    assert not dora.is_staff


def test_a_new_person_needs_a_good_password(admin: Client) -> None:
    form = {"username": "dora", "password1": "short", "password2": "short"}

    response = admin.post(url("add"), form)

    assert "too short" in response.content.decode()
    assert not User.objects.filter(username="dora").exists()


def test_an_admin_sets_another_password(admin: Client, alice: User) -> None:
    address = reverse("admin:auth_user_password_change", args=[alice.pk])

    admin.post(address, {"password1": PASSWORD, "password2": PASSWORD})

    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_an_admin_deactivates_a_person(admin: Client, alice: User) -> None:
    admin.post(url("change", alice.pk), values(alice, is_active=""))

    alice.refresh_from_db()
    assert not alice.is_active


def test_nobody_locks_themselves_out(admin: Client, staff: User) -> None:
    admin.post(url("change", staff.pk), values(staff, is_active="", is_staff=""))

    staff.refresh_from_db()
    assert staff.is_active
    assert staff.is_superuser
    assert admin.post(url("delete", staff.pk), {"post": "yes"}).status_code == 403


def test_who_has_conversations_is_not_deleted(admin: Client, alice: User) -> None:
    make_conversation(alice)

    assert admin.post(url("delete", alice.pk), {"post": "yes"}).status_code == 403


def test_who_has_said_nothing_can_be_deleted(admin: Client, alice: User) -> None:
    admin.post(url("delete", alice.pk), {"post": "yes"})

    assert not User.objects.filter(pk=alice.pk).exists()


def test_staff_with_a_right_to_users_gain_no_more(
    client: Client, bob: User, alice: User, staff: User
) -> None:
    bob.is_staff = True
    bob.save()
    bob.user_permissions.add(
        *Permission.objects.filter(content_type__model="user").all()
    )
    client.force_login(bob)

    client.post(url("change", bob.pk), values(bob, is_superuser="on"))
    client.post(
        url("change", alice.pk), values(alice, is_superuser="on", is_staff="on")
    )
    password = reverse("admin:auth_user_password_change", args=[staff.pk])

    assert set(User.objects.filter(is_superuser=True)) == {staff}
    assert not User.objects.get(pk=alice.pk).is_staff
    taken = client.post(password, {"password1": PASSWORD, "password2": PASSWORD})
    assert taken.status_code == 403
    assert client.post(url("delete", staff.pk), {"post": "yes"}).status_code == 403


def test_teams_are_tables_of_people(admin: Client, alice: User, bob: User) -> None:
    team = make_team("House", alice)

    admin.post(
        url("change", team.pk, of="team"),
        {
            "name": "Home",
            "memberships-TOTAL_FORMS": 1,
            "memberships-INITIAL_FORMS": 0,
            "memberships-0-user": bob.pk,
            "memberships-0-team": team.pk,
            "memberships-0-role": "member",
        },
    )

    assert Team.objects.get().name == "Home"
    assert set(Membership.objects.values_list("user__username", flat=True)) == {
        "alice",
        "bob",
    }


def test_a_person_s_page_shows_no_password(admin: Client, alice: User) -> None:
    body = admin.get(url("change", alice.pk)).content.decode()

    assert alice.password not in body
