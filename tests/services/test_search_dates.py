"""Between two days all is found that was written there, whenever it was noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from conversations.models import Conversation, Message, SearchEntry, Unindexed, User
from conversations.services.branching.forking import fork_conversation
from conversations.services.conversations import rename_conversation
from conversations.services.purging import purge_conversation
from conversations.services.search.finding import Filters
from conversations.services.search.indexing import index_written
from conversations.services.search.searching import search_messages
from tests.factories import make_conversation
from tests.services.searching import search_titles

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("way")]

SEARCH = "conversations.services.search"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST_DAYS = Filters(until=BEGIN + 2 * DAY)


@pytest.fixture(params=["of few", "of many", "of few with common words"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How is searched: as for who sees a little or much."""
    if request.param == "of many":
        monkeypatch.setattr(f"{SEARCH}.sight.FEW_CONVERSATIONS", 0)
    if request.param == "of few with common words":
        monkeypatch.setattr(f"{SEARCH}.databases._FEW", 1)
        monkeypatch.setattr(f"{SEARCH}.postgresql._MANY", 0)


@pytest.fixture
def talk(alice: User) -> Conversation:
    """Long, of one day in January; others wrote as much since then."""
    talk = make_talk(alice, "Kiwi plans", BEGIN)
    write(
        talk, *((f"kiwi {at}", BEGIN + at * timedelta(minutes=1)) for at in range(105))
    )
    other = make_talk(alice, "Other", BEGIN)
    write(other, ("kiwi by bob", BEGIN + 6 * HOUR))
    write(other, *((f"pear {at}", BEGIN + DAY * (3 + at)) for at in range(105)))
    return talk


def make_talk(owner: User, title: str, at: datetime) -> Conversation:
    talk = make_conversation(owner, title=title)
    Conversation.objects.filter(pk=talk.pk).update(created_at=at)
    read_all(at)
    return talk


def write(
    talk: Conversation, *said: tuple[str, datetime], noted: timedelta = timedelta(0)
) -> None:
    """Write messages, each noted so long after its time, and read them for the search."""
    first = Message.objects.filter(conversation=talk).count() + 1
    above = Message.objects.filter(conversation=talk).order_by("seq").last()
    for seq, (text, at) in enumerate(said, first):
        above = Message.objects.create(
            conversation=talk,
            parent=above,
            seq=seq,
            role="user",
            author=talk.owner,
            content=text,
            changed=1,
        )
        Message.objects.filter(pk=above.pk).update(created_at=at)
        Unindexed.objects.filter(message_id=above.pk).update(noted_at=at + noted)
    read_all()


def read_all(noted: datetime | None = None) -> None:
    if noted:
        Unindexed.objects.update(noted_at=noted)
    while index_written():
        pass


def sum_of(times: tuple[datetime, timedelta]) -> datetime:
    return times[0] + times[1]


def count(user: User, typed: str, filters: Filters) -> int:
    """How much is found on all pages."""
    page = search_messages(user=user, typed=typed, filters=filters)
    number = len(page.found)
    while page.next:
        page = search_messages(
            user=user, typed=typed, filters=filters, cursor=page.next
        )
        number += len(page.found)
    return number


def test_what_was_renamed_forked_or_continued_later_is_found_by_its_day(
    alice: User, talk: Conversation
) -> None:
    middle = Message.objects.get(content="kiwi 30")
    assert count(alice, "kiwi", FIRST_DAYS) == 106

    rename_conversation(conversation=talk, title="Kiwi dreams")
    fork = fork_conversation(message=middle, user=alice)
    continued = Message.objects.filter(content="kiwi 104")
    continued.update(content="kiwi 104, and the skin of it")

    assert count(alice, "kiwi", FIRST_DAYS) == 106 + 31
    within = Filters(conversation=fork.pk, until=FIRST_DAYS.until)
    assert count(alice, "kiwi", within) == 31
    assert count(alice, "skin", FIRST_DAYS) == 1
    assert count(alice, "pear", FIRST_DAYS) == 0
    found = search_titles(user=alice, typed="kiwi", filters=FIRST_DAYS)
    assert [each.conversation.title for each in found] == ["Kiwi dreams"]
    assert SearchEntry.objects.filter(is_late=True).count() == 33


def test_copies_alone_do_not_say_where_a_day_begins(
    alice: User, talk: Conversation
) -> None:
    newest = Message.objects.get(content="kiwi 104")
    fork_conversation(message=newest, user=alice)
    read_all()
    purge_conversation(conversation_id=talk.pk)

    day = Filters(since=BEGIN - HOUR, until=BEGIN + DAY)

    assert count(alice, "bob", Filters(since=BEGIN - HOUR)) == 1
    assert count(alice, "bob", day) == 1
    assert count(alice, "kiwi", day) == 106


def test_between_any_two_times_exactly_what_was_written_there_is_found(
    alice: User,
) -> None:
    chance = Random(9)
    times = [BEGIN + chance.random() * DAY for _ in range(60)]
    waits = chance.choices((timedelta(0), HOUR * 0.9, 2 * DAY, 30 * DAY), k=60)
    talk = make_talk(alice, "Grapes", BEGIN)
    order = sorted(zip(times, waits, strict=True), key=sum_of)
    for number, (at, wait) in enumerate(order):
        write(talk, (f"grape {number}", at), noted=wait)

    for _ in range(25):
        since, until = sorted(BEGIN + chance.random() * DAY * 1.1 for _ in range(2))
        filters = Filters(since=since, until=until)
        written = sum(since <= at < until for at in times)
        assert count(alice, "grape", filters) == written
