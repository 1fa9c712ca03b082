"""The rail: teams, what is shared with one, one's own; what a row says and offers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import limits
from conversations.models import Conversation, Membership, Share
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_mention,
    make_message,
    make_team,
    make_user,
)

if TYPE_CHECKING:
    from django.test import Client

    from conversations.models import Team, User

pytestmark = pytest.mark.django_db

PART = {"HX-Request": "true"}
# Who it is, their session; their teams, two for those, what is shared, what is theirs.
STATEMENTS = 7


@pytest.fixture
def bobs(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture
def team(alice: User, bob: User) -> Team:
    return make_team("Support", alice, bob)


def make_shared(owner: User, title: str, **values: object) -> Conversation:
    conversation = make_conversation(owner, title=title)
    Conversation.objects.filter(pk=conversation.pk).update(**values)
    return conversation


def share(conversation: Conversation, user: User, access: str = "read") -> None:
    Share.objects.create(conversation=conversation, user=user, access=access)


def read_rail(client: Client) -> dict[str, list[str]]:
    """Return the titles under each heading."""
    page = client.get("/sidebar/", headers=PART).content.decode()
    parts = re.findall(r"<h2>(?:<a [^>]*>)?([^<]+)<(.*?)(?=<h2>|$)", page, re.DOTALL)
    return {
        heading: re.findall(r'class="title"[^>]*>([^<]+)<', rows)
        for heading, rows in parts
    }


def test_groups_hold_everything_once(
    bobs: Client, alice: User, bob: User, team: Team
) -> None:
    shared = make_shared(alice, "the team's", team=team)
    share(shared, bob)
    make_shared(bob, "Bob's, for the team", team=team)
    share(make_shared(alice, "for Bob"), bob)
    make_shared(alice, "Alice's alone")
    share(make_shared(bob, "Bob's, for Alice"), alice)

    assert read_rail(bobs) == {
        "Support": ["Bob&#x27;s, for the team", "the team&#x27;s"],
        "Shared with you": ["for Bob"],
        "Today": ["Bob&#x27;s, for Alice"],
    }


def test_a_team_shows_its_newest_five(bobs: Client, alice: User, team: Team) -> None:
    now = timezone.now()
    for age in range(7):
        when = now - timedelta(hours=age)
        make_shared(alice, f"talk {age}", team=team, active_at=when)
    Conversation.objects.filter(title="talk 1").update(deleted_at=now)

    titles = [f"talk {age}" for age in (0, 2, 3, 4, 5)]
    assert read_rail(bobs) == {"Support": titles}


def test_a_guest_has_what_is_shared_with_them_and_no_group(
    bobs: Client, alice: User, bob: User, team: Team
) -> None:
    Membership.objects.filter(user=bob).update(role=Membership.Role.GUEST)
    make_shared(alice, "the team's", team=team)
    share(make_shared(alice, "for Bob", team=team), bob)

    assert read_rail(bobs) == {"Shared with you": ["for Bob"]}


def test_what_one_shared_with_a_team_one_left_is_among_ones_own(
    bobs: Client, bob: User, team: Team
) -> None:
    make_shared(bob, "Bob's", team=team)
    Membership.objects.filter(user=bob).delete()

    assert read_rail(bobs) == {"Today": ["Bob&#x27;s"]}


def test_what_is_shared_is_paged_by_itself(
    bobs: Client, alice: User, bob: User
) -> None:
    for number in range(limits.PAGE_CONVERSATIONS + 1):
        when = timezone.now() - timedelta(minutes=number)
        share(make_shared(alice, f"talk {number}", active_at=when), bob)
    page = bobs.get("/sidebar/", headers=PART).content.decode()
    following = re.search(r'href="(/sidebar/\?before=shared[^"]+)"', page)
    assert following

    more = bobs.get(following[1], headers=PART).content.decode()

    last = f"talk {limits.PAGE_CONVERSATIONS}"
    assert re.findall(r'class="title"[^>]*>([^<]+)<', more) == [last]
    assert "<h2>" not in more


@pytest.mark.parametrize("end", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00"])
@pytest.mark.parametrize("beginning", ["/sidebar/?before=", "/sidebar/?before=shared~"])
def test_a_page_after_the_ends_of_time_is_the_first(
    bobs: Client, bob: User, beginning: str, end: str
) -> None:
    make_conversation(bob)
    share(make_shared(make_user("dora"), "for Bob"), bob)

    response = bobs.get(f"{beginning}{quote(end)}~{UUID(int=0)}", headers=PART)

    assert response.status_code == 200
    assert 'class="title"' in response.content.decode()


def row(client: Client) -> str:
    page = client.get("/sidebar/", headers=PART).content.decode()
    found = re.search(r'<li class="row".*?\n</li>', page, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("access", "offers"), [("read", (False, False)), ("write", (True, False))]
)
def test_a_row_offers_what_one_may_do(
    bobs: Client, alice: User, bob: User, access: str, offers: tuple[bool, bool]
) -> None:
    share(make_shared(alice, "for Bob"), bob, access)

    assert ("/rename/" in row(bobs), "/delete/" in row(bobs)) == offers


def test_the_owner_is_offered_everything(bobs: Client, bob: User) -> None:
    make_conversation(bob)

    assert "/rename/" in row(bobs)
    assert "/delete/" in row(bobs)


@pytest.mark.parametrize("way", ["team", "person", "nobody"])
def test_whoever_deletes_is_told_that_others_lose_it(
    bobs: Client, alice: User, bob: User, team: Team, way: str
) -> None:
    conversation = make_shared(bob, "Bob's", team=team if way == "team" else None)
    if way == "person":
        share(conversation, alice)

    assert ("Delete for everyone" in row(bobs)) == (way != "nobody")


def test_a_renamed_row_offers_the_same(bobs: Client, alice: User, bob: User) -> None:
    conversation = make_shared(alice, "for Bob")
    share(conversation, bob, "write")

    answer = bobs.post(
        f"/c/{conversation.pk}/rename/", {"title": "Better"}, headers=PART
    )

    renamed = answer.content.decode()
    assert "Better" in renamed
    assert "/rename/" in renamed
    assert "/delete/" not in renamed


def test_a_row_says_what_is_new(bobs: Client, alice: User, bob: User) -> None:
    conversation = make_shared(alice, "for Bob")
    share(conversation, bob)
    assert "unread" not in row(bobs)
    make_answered_turn(conversation)
    assert ", unread<" in row(bobs)
    for _ in range(2):
        message = make_message(conversation, "@bob", author=alice)
        make_mention(message, bob)

    assert ", 2 mentions<" in row(bobs)
    assert ">@2<" in row(bobs)


def test_the_rail_takes_as_many_statements_however_much_it_lists(
    bobs: Client, alice: User, bob: User, team: Team
) -> None:
    def list_much() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            bobs.get("/sidebar/", headers=PART)
        return len(captured)

    make_answered_turn(make_shared(alice, "first", team=team))
    few = list_much()
    for number in range(200):
        owner, values = (bob, {}) if number % 2 else (alice, {"team": team})
        conversation = make_shared(owner, f"talk {number}", **values)
        make_message(conversation, author=alice)
        if number % 4 == 0:
            share(conversation, bob)

    assert list_much() == few <= STATEMENTS


def test_the_rail_of_somebody_new_says_what_will_be_there(bobs: Client) -> None:
    page = bobs.get("/sidebar/", headers=PART).content.decode()

    assert "Your conversations will be listed here." in page
