"""Windows of a conversation: from its end, before, after and around a message."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from conversations.models import Message, User, View
from conversations.services.branching.branches import list_path
from conversations.services.branching.viewing import choose_branch
from conversations.services.transcript import Spot, read_opening, read_window
from tests.factories import make_conversation, make_user
from tests.long import make_branch, make_long
from tests.services.test_statements import counted

if TYPE_CHECKING:
    from conversations.models import Conversation
    from conversations.services.transcript import Window

pytestmark = pytest.mark.django_db

LIMIT = 4
MANY = 400


def ids(window: Window) -> list[UUID]:
    return [article.id for article in window.articles]


def path_of(conversation: Conversation) -> list[UUID]:
    rows = conversation.messages.order_by("seq")
    return list(rows.values_list("pk", flat=True))


def read(conversation: Conversation, user: User, **where: UUID | None) -> Window:
    spot = Spot(**where)
    return read_window(conversation=conversation, limit=LIMIT, user=user, spot=spot)


def test_a_window_around_a_message_has_as_many_before_it_as_after(alice: User) -> None:
    conversation = make_long(alice, 20)
    path = path_of(conversation)

    window = read(conversation, alice, around=path[10])

    assert ids(window) == path[9:13]
    assert (window.older, window.newer) == (True, True)
    assert window.end == path[-1]


def test_windows_at_both_ends_say_that_there_is_no_more(alice: User) -> None:
    conversation = make_long(alice, 10)
    path = path_of(conversation)

    first, last = (read(conversation, alice, around=pk) for pk in (path[0], path[-1]))
    newest = read(conversation, alice)

    assert ids(first) == path[:3]
    assert (first.older, first.newer) == (False, True)
    assert (ids(last), last.older, last.newer) == (path[-LIMIT:], True, False)
    assert (ids(newest), newest.older, newest.newer) == (path[-LIMIT:], True, False)


def test_what_comes_after_goes_to_the_end_that_the_page_knows(alice: User) -> None:
    """Both in the page of one branch while another has been chosen."""
    conversation = make_conversation(alice)
    made = make_branch(conversation, [None, 0, 1, 2, 1, 4])
    choose_branch(conversation=conversation, user=alice, message=made[5].pk)
    reply, end = made[1].pk, made[3].pk

    assert ids(read(conversation, alice, after=reply)) == [made[4].pk, made[5].pk]
    assert ids(read(conversation, alice, after=reply, end=end)) == [made[2].pk, end]


def test_a_message_of_another_conversation_is_not_there(alice: User, bob: User) -> None:
    conversation, other = make_long(alice, 6), make_long(bob, 6)
    foreign = path_of(other)[2]

    for side in ("before", "after", "around"):
        assert ids(read(conversation, alice, **{side: foreign})) == []
    assert ids(read(conversation, alice, end=foreign)) == path_of(conversation)[-LIMIT:]


def test_what_was_deleted_is_in_no_window(alice: User) -> None:
    conversation = make_long(alice, 8)
    path = path_of(conversation)
    gone = Message.objects.filter(pk__in=path[6:])
    gone.update(removed_at=conversation.created_at)

    window = read(conversation, alice, around=path[5])

    assert ids(window)[-1] == path[5]
    assert not window.newer


def test_a_page_begins_with_all_that_is_new_to_its_reader(
    alice: User, bob: User
) -> None:
    conversation = make_long(alice, 20)
    path = path_of(conversation)
    View.objects.create(conversation=conversation, user=bob, read_seq=8)

    for_bob, for_alice = (
        read_opening(conversation=conversation, limits=(3, 15), user=user)
        for user in (bob, alice)
    )

    assert ids(for_bob) == path[7:]
    assert ids(for_alice) == path[-3:]


@pytest.mark.parametrize("place", ["newest", "first", "middle"])
def test_a_page_takes_as_many_statements_and_bytes_however_long_it_is(
    alice: User, client: Client, place: str
) -> None:
    client.force_login(alice)
    took: list[tuple[int, int]] = []
    for count in (20, MANY):
        path = path_of(make_long(alice, count))
        found = Message.objects.get(pk=path[-1]).conversation_id
        at = {"newest": "", "first": path[0], "middle": path[count // 2]}[place]
        with counted() as statements:
            page = client.get(reverse("conversation", args=[found]), {"at": str(at)})
        assert page.status_code == 200
        took.append((len(statements), len(page.content)))

    (few, small), (many, large) = took
    assert many <= few + 1
    assert large <= small * 1.2


@pytest.mark.parametrize("name", ["older", "newer", "around"])
def test_an_unknown_message_gives_an_empty_window_or_none(
    alice: User, client: Client, name: str
) -> None:
    conversation = make_long(alice, 4)
    client.force_login(alice)
    side = {"older": "before", "newer": "after", "around": "at"}[name]
    url = reverse(name, args=[conversation.pk])

    unknown = client.get(url, {side: str(uuid4())})
    malformed = client.get(url, {side: "1"})

    assert unknown.status_code == 404 or b"<article" not in unknown.content
    assert malformed.status_code == 404


def test_without_scripts_there_are_links_both_ways(alice: User, client: Client) -> None:
    conversation = make_long(alice, 120)
    path = path_of(conversation)
    client.force_login(alice)

    page = client.get(conversation.get_absolute_url(), {"at": str(path[60])})
    html = page.content.decode()
    shown = page.context["window"]

    assert f'href="/c/{conversation.pk}/?before={shown.oldest_id}"' in html
    assert f'href="/c/{conversation.pk}/?after={shown.newest_id}"' in html
    following = client.get(conversation.get_absolute_url(), {"after": shown.newest_id})
    assert (
        following.context["window"].oldest_id == path[path.index(shown.newest_id) + 1]
    )


@st.composite
def trees(draw: st.DrawFn) -> list[int | None]:
    """Each message comes after one of the few before it; there may be several firsts."""
    parents: list[int | None] = [None]
    for index in range(1, draw(st.integers(1, 40))):
        back = draw(st.sampled_from([1, 1, 1, 1, 2, 3, 7]))
        parents.append(index - back if back <= index else None)
    return parents


class JoinedWindows(TestCase):
    @settings(max_examples=25)
    @given(parents=trees(), data=st.data(), limit=st.integers(1, 6))
    def test_joined_by_older_and_newer_they_are_exactly_the_branch(
        self, parents: list[int | None], data: st.DataObject, limit: int
    ) -> None:
        alice = make_user("alice")
        conversation = make_conversation(alice)
        made = make_branch(conversation, parents)
        at = data.draw(st.sampled_from(made)).pk
        choose_branch(conversation=conversation, user=alice, message=at)

        def read(**where: UUID | None) -> Window:
            return read_window(
                conversation=conversation, limit=limit, user=alice, spot=Spot(**where)
            )

        first = last = read(around=at)
        joined = ids(first)
        while first.older:
            first = read(before=first.oldest_id, end=last.end)
            joined = ids(first) + joined
        while last.newer:
            last = read(after=last.newest_id, end=last.end)
            joined += ids(last)

        assert last.end is not None
        assert joined == list_path(leaf=last.end, limit=100)[::-1]
        assert at in joined
