from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from conversations.models import SetUp, User
from conversations.services import accounts
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def renew() -> str:
    link = accounts.renew_setup_link()
    assert link is not None
    return link.removeprefix("/setup/").removesuffix("/")


def make(token: str, username: str = "ada") -> User:
    return accounts.make_first_admin(
        token_hash=accounts.hash_token(token), username=username, password=PASSWORD
    )


def is_open(token: str) -> bool:
    return accounts.open_setup(token_hash=accounts.hash_token(token))


def test_a_set_up_link_opens_and_only_its_hash_is_kept() -> None:
    token = renew()

    assert is_open(token)
    assert not is_open(token + "x")
    assert not is_open("")
    assert token not in SetUp.objects.get().token_hash


def test_each_start_ends_the_link_before_it() -> None:
    first, second = renew(), renew()

    assert not is_open(first)
    assert is_open(second)


def test_the_first_admin_closes_the_set_up_for_ever() -> None:
    token = renew()

    admin = make(token)

    assert admin.is_superuser
    assert admin.is_staff
    assert admin.check_password(PASSWORD)
    assert not is_open(token)
    User.objects.all().delete()
    assert accounts.renew_setup_link() is None
    assert not is_open(token)


def test_an_old_token_makes_nobody() -> None:
    old = renew()
    renew()

    with pytest.raises(accounts.SetUpClosedError):
        make(old)
    assert not User.objects.exists()


def test_an_admin_of_the_command_line_closes_the_set_up() -> None:
    token = renew()

    make_user("root", is_staff=True)

    assert not is_open(token)
    with pytest.raises(accounts.SetUpClosedError):
        make(token)
    assert accounts.renew_setup_link() is None
    assert SetUp.objects.get().used_at is not None


def test_there_is_no_link_where_an_admin_was_first() -> None:
    make_user("root", is_staff=True)

    assert accounts.renew_setup_link() is None
    assert not is_open("")


@pytest.mark.django_db(transaction=True)
def test_thirty_at_once_make_one_admin() -> None:
    token = renew()

    def attempt(number: int) -> bool:
        try:
            make(token, f"admin{number}")
        except accounts.SetUpClosedError:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(30) as pool:
        won = list(pool.map(attempt, range(30)))

    assert sum(won) == 1
    assert User.objects.count() == 1


def test_a_new_password_takes_the_place_of_the_old_one() -> None:
    user = make_user("alice")

    accounts.set_password(user=user, password="another correct horse")

    assert user.check_password("another correct horse")
    assert User.objects.get().check_password("another correct horse")
