"""The search: one contract on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from hypothesis import assume, example, given
from hypothesis import strategies as st

from conversations.models import (
    Access,
    Conversation,
    Membership,
    Message,
    SearchEntry,
    Share,
    Unindexed,
    User,
)
from conversations.services.deleting import delete_conversation
from conversations.services.search.finding import Filters
from conversations.services.search.indexing import index_written
from conversations.services.search.searching import (
    Found,
    search_conversation,
    search_messages,
)
from conversations.services.search.words import fold
from tests.factories import (
    make_answered_turn,
    make_conversation,
    make_message,
    make_model,
    make_team,
    make_user,
)
from tests.services.searching import search_titles

pytestmark = pytest.mark.django_db

SEARCH = "conversations.services.search"


def texts(user: User, typed: str, filters: Filters | None = None) -> list[str]:
    """What a person finds in messages, best first."""
    found = search_messages(user=user, typed=typed, filters=filters).found
    assert all(each.message for each in found)
    pks = [each.message.pk for each in found if each.message]
    return [Message.objects.get(pk=pk).content for pk in pks]


def titles(user: User, typed: str, filters: Filters | None = None) -> list[str]:
    found = search_titles(user=user, typed=typed, filters=filters)
    return [each.conversation.title for each in found]


def marked(found: Found) -> list[str]:
    return [piece.text for piece in found.snippet if piece.is_found]


@pytest.fixture(params=["one by one", "by what matches"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for somebody who sees a few conversations, and as for one who sees many."""
    if request.param == "by what matches":
        monkeypatch.setattr(f"{SEARCH}.sight.FEW_CONVERSATIONS", 0)
        monkeypatch.setattr(f"{SEARCH}.databases._FEW", 1)


@pytest.fixture
def talk(alice: User) -> Conversation:
    return make_conversation(alice, title="Garden plans")


def say(talk: Conversation, *said: str) -> None:
    for text in said:
        make_message(talk, text)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("tomato", "Tomatoes want sun."),
        ("SUN tom", "Tomatoes want sun."),
        ("cafe creme", "Ein Café crème, bitte."),
        ("CAFÉ", "Ein Café crème, bitte."),
        ("strasse", "Die Straße ist lang."),
        ("ıstanbul".upper(), "A week in istanbul."),
        ("ﬁne", "A fine day."),
        ("東京", "明日は東京へ行きます。"),
        ("京へ", "明日は東京へ行きます。"),
        ("京", "明日は東京へ行きます。"),
        ("snake_ca", "Use snake_case here."),
        ("example.com", "See https://example.com/a-b for more."),
        ("서울", "내일 서울에 가요."),
        ("2026-11", "Due on 2026-11-21."),
    ],
)
def test_words_are_found_however_they_are_written(
    alice: User, talk: Conversation, typed: str, found: str
) -> None:
    say(talk, "Something else.", found)

    assert texts(alice, typed) == [found]


@pytest.mark.parametrize("typed", ["tomato rain", "omato", "sun wan x", "tom"])
def test_all_words_must_be_there_and_only_the_last_may_be_begun(
    alice: User, talk: Conversation, typed: str
) -> None:
    say(talk, "Tomatoes want sun.", "The sun.")

    assert texts(alice, typed) == (["Tomatoes want sun."] if typed == "tom" else [])


@pytest.mark.parametrize(
    "typed",
    [
        'alpha OR "beta',
        "alpha NOT beta",
        "alpha AND beta",
        "NEAR(alpha beta)",
        "words: alpha",
        "^alpha -beta",
        "alpha* | beta",
        "alpha & !beta",
        "'alpha':*A <-> beta",
        "=t alpha",
        "@1 alpha",
    ],
)
def test_operators_of_either_database_are_words_like_others(
    alice: User, talk: Conversation, typed: str
) -> None:
    say(talk, "alpha", "beta", "alpha beta", f"Verbatim {typed}")

    assert texts(alice, typed)[-1] == f"Verbatim {typed}" or "alpha" in texts(
        alice, typed
    )
    assert f"Verbatim {typed}" in texts(alice, typed)


@given(typed=st.text(max_size=80))
@example(typed='"')
@example(typed="\x00\ud800'")
@example(typed="=" * 80)
@example(typed="a\u0301\u0327" * 20)
def test_whatever_is_typed_nothing_breaks(typed: str, alice: User) -> None:
    page = search_messages(user=alice, typed=typed, cursor=typed)

    assert page.found == search_titles(user=alice, typed=typed) == []


@given(said=st.text(max_size=80))
@example(said="\ufdfa\u0345ŉ")
@example(said="a\u0301" * 40)
def test_whatever_was_said_is_shown_as_it_was(said: str, alice: User) -> None:
    Conversation.objects.all().delete()
    talk = make_conversation(alice, title="One")
    text = said.replace("\x00", "").encode("utf-8", "ignore").decode()
    assume("first" not in fold(text))
    make_message(talk, f"first {text}")

    (found,) = search_messages(user=alice, typed="first").found

    assert marked(found) == ["first"]


def test_a_title_is_found_and_what_it_was_before_is_not(
    alice: User, talk: Conversation
) -> None:
    assert titles(alice, "gard") == ["Garden plans"]
    assert [p.text for p in search_titles(user=alice, typed="plan")[0].title] == [
        "Garden ",
        "plan",
        "s",
    ]
    Conversation.objects.filter(pk=talk.pk).update(title="Kitchen plans")

    assert titles(alice, "kitchen") == ["Kitchen plans"]
    assert titles(alice, "garden") == []
    assert texts(alice, "kitchen") == []


def test_an_answer_is_indexed_once_when_its_text_is_there(
    alice: User, talk: Conversation
) -> None:
    reply = make_message(talk, "", role=Message.Role.ASSISTANT)
    while index_written():
        pass
    Message.objects.filter(pk=reply.pk).update(changed=7, tokens=3)
    assert not Unindexed.objects.exists()
    Message.objects.filter(pk=reply.pk).update(content="Because of the moon.")

    assert Unindexed.objects.count() == 1
    assert texts(alice, "moon") == ["Because of the moon."]
    Message.objects.filter(pk=reply.pk).update(
        content="Because of the moon. And tides."
    )
    assert texts(alice, "moon tides") == ["Because of the moon. And tides."]
    assert SearchEntry.objects.filter(message=reply).count() == 1


@pytest.mark.usefixtures("ways")
def test_nothing_is_found_of_what_others_have(
    alice: User, bob: User, charlie: User, staff: User, talk: Conversation
) -> None:
    say(talk, "A secret.")
    team = make_team("Ours", alice, bob)
    Conversation.objects.filter(pk=talk.pk).update(team=team)

    assert texts(alice, "secret") == texts(bob, "secret") == ["A secret."]
    assert texts(charlie, "secret") == titles(charlie, "garden") == []
    # They may read it: but that is noted where they open it.
    assert texts(staff, "secret") == []


@pytest.mark.usefixtures("ways")
def test_a_removed_member_and_a_guest_find_what_is_shared_with_them(
    alice: User, bob: User, charlie: User, talk: Conversation
) -> None:
    say(talk, "A secret.")
    team = make_team("Ours", alice, bob)
    Membership.objects.create(team=team, user=charlie, role=Membership.Role.GUEST)
    Conversation.objects.filter(pk=talk.pk).update(team=team)
    Membership.objects.filter(user=bob).delete()

    assert texts(bob, "secret") == titles(bob, "garden") == []
    assert texts(charlie, "secret") == []
    Share.objects.create(conversation=talk, user=charlie, access=Access.READ)
    assert texts(charlie, "secret") == ["A secret."]
    alice.is_active = False
    assert texts(alice, "secret") == []


def test_what_is_for_people_is_found_by_people(alice: User, talk: Conversation) -> None:
    post = make_message(talk, "Only us.")
    Message.objects.filter(pk=post.pk).update(meant_for=Message.MeantFor.PEOPLE)

    assert texts(alice, "only") == ["Only us."]


def test_what_was_deleted_is_not_found_and_leaves_no_words(
    alice: User, talk: Conversation
) -> None:
    say(talk, "Stays.", "Goes away.")
    gone = Message.objects.get(content="Goes away.")
    assert texts(alice, "away") == ["Goes away."]
    row = Message.everything.filter(pk=gone.pk)
    row.update(removed_at=timezone.now())
    assert texts(alice, "away") == []
    row.update(removed_at=None)
    assert texts(alice, "away") == ["Goes away."]
    Conversation.objects.filter(pk=talk.pk).update(deleted_at=timezone.now())
    assert texts(alice, "away") == titles(alice, "garden") == []
    rows = Message.objects.filter(conversation=talk.pk)
    rows._raw_delete(rows.db)
    Conversation.objects.filter(pk=talk.pk).delete()

    assert not SearchEntry.objects.exists()


def test_what_was_deleted_before_it_was_indexed_is_forgotten(
    alice: User, talk: Conversation
) -> None:
    say(talk, "Never mind.")
    Message.objects.all().delete()

    assert texts(alice, "never") == []
    assert not Unindexed.objects.filter(message_id__isnull=False).exists()


@pytest.mark.usefixtures("ways")
def test_a_search_is_narrowed(alice: User, bob: User, talk: Conversation) -> None:
    team, model = make_team("Ours", alice, bob), make_model("small")
    other = make_conversation(bob, title="Garden of Bob", model=model)
    Conversation.objects.filter(pk=other.pk).update(team=team)
    say(talk, "apples by alice")
    say(other, "apples by bob")
    made = datetime(2026, 3, 1, 12, tzinfo=UTC)
    Message.objects.filter(content__contains="bob").update(created_at=made)

    assert sorted(texts(alice, "apples")) == ["apples by alice", "apples by bob"]
    for filters in (
        Filters(person=bob),
        Filters(team=team),
        Filters(model=model),
        Filters(conversation=other.pk),
        Filters(until=made + timedelta(hours=1)),
        Filters(since=made - timedelta(hours=1), until=made + timedelta(hours=1)),
    ):
        assert texts(alice, "apples", filters) == ["apples by bob"]
    assert texts(alice, "apples", Filters(since=made + timedelta(days=1))) == [
        "apples by alice"
    ]
    assert titles(alice, "garden", Filters(person=bob)) == ["Garden of Bob"]


@pytest.mark.parametrize(
    ("narrowed", "status"),
    [("since=0001-01-01", 422), ("until=0001-01-01", 422), ("until=9999-12-31", 200)],
)
def test_a_search_narrowed_to_the_end_of_time_is_answered(
    narrowed: str, status: int, client: Client, alice: User
) -> None:
    client.force_login(alice)

    page = client.get(f"/search/?q=anything&{narrowed}")

    assert page.status_code == status
    is_told = "Choose a day of 1970 or later." in page.content.decode()
    assert is_told == (status == 422)


def test_a_search_goes_on_where_what_is_new_cannot_be_read(
    alice: User, talk: Conversation
) -> None:
    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("DELETE FROM conversations_unindexed"):
            raise OperationalError("The disk is full.")
        return execute(sql, *rest)

    make_message(talk, "Something new.")
    with connection.execute_wrapper(fail):
        assert texts(alice, "Something") == []
    assert texts(alice, "Something") == ["Something new."]


def test_what_fits_best_comes_first_and_of_equals_the_newest(
    alice: User, talk: Conversation
) -> None:
    old = "The gate is red and the fence is not."
    say(talk, old, "red gate", "a gate somewhere, and something red", "red gate")
    Message.objects.filter(content=old).update(
        created_at=timezone.now() - timedelta(days=400)
    )
    while index_written():
        pass

    found = texts(alice, "red gate")

    assert found[:2] == ["red gate", "red gate"]
    assert found[-1] == old


@pytest.mark.usefixtures("ways")
def test_pages_follow_each_other_without_a_gap(
    alice: User, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.limits.SEARCH_PAGE", 4)
    monkeypatch.setattr("conversations.limits.SEARCH_RANKED", 10)
    say(talk, *(f"pear {number}" for number in range(23)))
    while index_written():
        pass
    seen: list[UUID] = []
    cursor = ""
    while True:
        page = search_messages(user=alice, typed="pear", cursor=cursor)
        seen += [each.message.pk for each in page.found if each.message]
        # Written meanwhile: it moves nothing.
        say(talk, "pear again")
        index_written()
        if not (cursor := page.next):
            break

    assert len(seen) == len(set(seen)) == 23


def test_who_sees_little_of_much_finds_what_others_say_more_often(
    alice: User, bob: User, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversations.limits.SEARCH_WALKED", 5)
    monkeypatch.setattr(f"{SEARCH}.sight.FEW_CONVERSATIONS", 1)
    monkeypatch.setattr(f"{SEARCH}.sight.MOST_CONVERSATIONS", 1)
    monkeypatch.setattr(f"{SEARCH}.databases._FEW", 1)
    make_conversation(alice, title="Another")
    Conversation.objects.filter(pk=talk.pk).update(active_at=timezone.now())
    say(talk, "plum jam")
    say(make_conversation(bob, title="Of Bob"), *["plum"] * 20)
    while index_written():
        pass

    assert texts(alice, "plum") == ["plum jam"]


def test_a_snippet_shows_where_the_words_stand(alice: User, talk: Conversation) -> None:
    say(talk, f"{'Before it. ' * 60}<b>Écoute</b> the\nharbour. {'After it. ' * 60}")

    (found,) = search_messages(user=alice, typed="ecoute harb").found

    assert marked(found) == ["Écoute", "harb"]
    text = "".join(piece.text for piece in found.snippet)
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert "<b>Écoute</b> the harbour." in text
    assert len(text) < 260


def test_a_letter_of_a_long_text_is_folded_once_however_often_it_stands_there(
    alice: User, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[str] = []

    def count(letter: str) -> str:
        folded.append(letter)
        return fold(letter)

    monkeypatch.setattr(f"{SEARCH}.snippets.fold_letter", count)
    say(talk, f"{'Größer als Ärger. ' * 5_000}Hafenstraße")

    (found,) = search_messages(user=alice, typed="HAFENSTRAS").found

    assert marked(found) == ["Hafenstraß"]
    assert len(folded) < 200


def test_the_longest_message_is_found_by_its_beginning(
    alice: User, talk: Conversation
) -> None:
    many = " ".join(f"wört{number}" for number in range(100_000))
    zalgo = "a" + "\u0301\u0327" * 200_000
    say(talk, f"start {many}", f"haunted {zalgo}")

    assert [text[:5] for text in texts(alice, "start wort77")] == ["start"]
    assert [text[:7] for text in texts(alice, "haunted")] == ["haunted"]


def test_in_a_conversation_all_is_found_in_its_order(
    alice: User, talk: Conversation
) -> None:
    asked = make_message(talk, "What of figs?")
    reply = make_answered_turn(talk, "And figs dried?", "Figs keep well.")
    other = make_user("dora")
    say(make_conversation(other, title="Elsewhere"), "figs")

    found = search_conversation(conversation=talk, typed="FIG")

    assert found == [asked.pk, reply.parent_id, reply.pk]
    assert search_conversation(conversation=talk, typed="...") == []


def test_a_deleted_conversation_takes_its_entries_along(
    alice: User, talk: Conversation
) -> None:
    say(talk, "Soon gone.")
    assert texts(alice, "soon")
    delete_conversation(conversation=talk)

    assert texts(alice, "soon") == titles(alice, "garden") == []
