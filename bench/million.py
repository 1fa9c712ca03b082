# ruff: noqa: S608 - SQL of nothing but our own names and numbers
"""Very many messages in a fresh database, made by itself; then searches among them.

Runs in `manage.py shell`, on the database that is measured; prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, Membership, Message, Team, User
from conversations.services.search.finding import Filters
from conversations.services.search.indexing import index_written
from conversations.services.search.searching import (
    search_all,
    search_conversation,
)
from conversations.services.search.words import list_words

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

MESSAGES_A_CONVERSATION = 50
TEXTS = 2_000
WORDS_A_TEXT = 90
VOCABULARY = 20_000
# One conversation of so many is of the person who sees little, and of the one who sees
# more than can be asked for at once.
ONE_OF, SOME_OF = 100, 20
# In many texts, in none that these two see.
FOREIGN = "zymurgy"
REPEATS = 40
PEOPLE = ("all", "some", "few")
# Later than all that is made here.
FIRST_NOTE = 100_000_000
SYLLABLES = tuple(f"{first}{last}" for first in "bdfklmnprstv" for last in "aio")

# The same ones each time.
CHANCE = Random(6)  # noqa: S311 - texts, not secrets

Case = tuple[str, list[str]]


def run(messages: int) -> None:
    """Make the messages, search, and print how long each search took."""
    vocabulary = make_vocabulary()
    began = time.monotonic()
    people = fill(messages, vocabulary)
    made = time.monotonic() - began
    json.dump(
        {"made": made, "times": measure(people, vocabulary, messages), **send_cost()},
        sys.stdout,
    )


def make_vocabulary() -> list[str]:
    """Return words as they are in a language: a few of them are nearly everywhere."""
    words = {
        "".join(CHANCE.choices(SYLLABLES, k=CHANCE.randint(2, 5)))
        for _ in range(90_000)
    }
    return CHANCE.sample(sorted(words), VOCABULARY)


def _make_texts(vocabulary: list[str]) -> Iterator[tuple[int, str, str]]:
    weights = [1 / (rank + 1) for rank in range(len(vocabulary))]
    for number in range(TEXTS):
        words = CHANCE.choices(vocabulary, weights, k=WORDS_A_TEXT)
        # The last ones are those of the person who sees little.
        if number % 2 and number < TEXTS - TEXTS // ONE_OF:
            words[7] = FOREIGN
        text = " ".join(words).capitalize() + "."
        yield number, text, " ".join(dict.fromkeys(list_words(text)))


def fill(messages: int, vocabulary: list[str]) -> dict[str, User]:
    """Insert people, conversations, messages and their entries."""
    people = {name: User.objects.create(username=name) for name in PEOPLE}
    team = Team.objects.create(name="All")
    Membership.objects.create(team=team, user=people["all"])
    count = messages // MESSAGES_A_CONVERSATION
    with _without_triggers(), connection.cursor() as cursor:
        for sql in _tables():
            cursor.execute(sql)
        cursor.executemany(
            "INSERT INTO texts VALUES (%s, %s, %s)", list(_make_texts(vocabulary))
        )
        _make_conversations(count, vocabulary, team, people)
        for sql in _statements(messages, count):
            cursor.execute(sql)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("ANALYZE")
        else:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SET statement_timeout = '15s'")
    return people


def _make_conversations(
    count: int, vocabulary: list[str], team: Team, people: dict[str, User]
) -> None:
    rows = (
        Conversation(
            owner=people[_whose(number)],
            team=team,
            title=" ".join(CHANCE.choices(vocabulary, k=5)).capitalize(),
            active_at=timezone.now(),
        )
        for number in range(count)
    )
    made = Conversation.objects.bulk_create(rows, batch_size=2_000)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO places VALUES (%s, %s)",
            [(at, _id(row.pk)) for at, row in enumerate(made)],
        )
        cursor.executemany(
            "INSERT INTO titles VALUES (%s, %s)",
            [(_id(row.pk), " ".join(list_words(row.title))) for row in made],
        )


def _whose(number: int) -> str:
    if number % ONE_OF == 0:
        return "few"
    # An even number: odd texts have the word of others.
    return "some" if number % SOME_OF == SOME_OF // 2 else "all"


def _id(pk: object) -> str:
    return str(pk).replace("-", "") if connection.vendor == "sqlite" else str(pk)


def _tables() -> list[str]:
    kind = "char(32)" if connection.vendor == "sqlite" else "uuid"
    return [
        "CREATE TEMP TABLE texts (number integer PRIMARY KEY, text text, words text)",
        f"CREATE TEMP TABLE places (number integer PRIMARY KEY, pk {kind})",
        f"CREATE TEMP TABLE titles (pk {kind}, words text)",
        f"CREATE TEMP TABLE made (number integer PRIMARY KEY, pk {kind})",
    ]


def _statements(messages: int, count: int) -> list[str]:
    """Fill by INSERT … SELECT. In each text one word is its own: `nr` and its number."""
    sqlite = connection.vendor == "sqlite"
    new_id = "lower(hex(randomblob(16)))" if sqlite else "gen_random_uuid()"
    moment = (
        "strftime('%Y-%m-%d %H:%M:%S', 'now', (i.i - {m}) || ' minutes')"
        if sqlite
        else "now() + (i.i - {m}) * interval '1 minute'"
    ).format(m=messages)
    numbers = (
        f"WITH RECURSIVE i(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM i WHERE i < {messages - 1})"
        if sqlite
        else f"WITH i AS (SELECT generate_series(0, {messages - 1}) AS i)"
    )
    # Those of who sees little are of the last texts.
    low, own = TEXTS - TEXTS // ONE_OF, TEXTS // ONE_OF
    text = f"CASE WHEN i.i % {ONE_OF} = 0 THEN {low} + (i.i / {ONE_OF}) % {own} ELSE i.i % {low} END"
    at = f"p.number = i.i % {count}"
    columns, words = (
        ("words", "t.words || ' nr' || i.i || ' =' || p.pk")
        if sqlite
        else (
            "words, vector",
            "'', array_to_tsvector(string_to_array(t.words || ' nr' || i.i, ' '))",
        )
    )
    title_words = (
        "t.words || ' =t =' || t.pk"
        if sqlite
        else "'', array_to_tsvector(string_to_array(t.words || ' =t', ' '))"
    )
    return [
        f"{numbers.replace('WITH', 'INSERT INTO made WITH', 1)} SELECT i.i, {new_id} FROM i",
        f"""INSERT INTO conversations_message
        (id, conversation_id, seq, role, content, meant_for, sent_as, attempt, changed,
         created_at)
        SELECT m.pk, p.pk, i.i / {count} + 1, 'user', t.text || ' nr' || i.i, 'model', '',
               0, 1, {moment}
        FROM (SELECT number AS i FROM made) AS i JOIN made AS m ON m.number = i.i
        JOIN places AS p ON {at} JOIN texts AS t ON t.number = {text}""",
        f"""INSERT INTO conversations_searchentry
        (id, conversation_id, message_id, created_at, {columns})
        SELECT i.i + {count} + 1, p.pk, m.pk, {moment}, {words}
        FROM (SELECT number AS i FROM made) AS i JOIN made AS m ON m.number = i.i
        JOIN places AS p ON {at} JOIN texts AS t ON t.number = {text}""",
        f"""INSERT INTO conversations_searchentry
        (id, conversation_id, message_id, created_at, {columns})
        SELECT p.number + 1, p.pk, NULL, c.created_at, {title_words}
        FROM places AS p JOIN titles AS t ON t.pk = p.pk
        JOIN conversations_conversation AS c ON c.id = p.pk""",
    ]


def _build(cursor: CursorWrapper) -> None:
    """Build SQLite's index, with more memory than it takes otherwise."""
    index = "conversations_searchindex"
    hash_size = f"INSERT INTO {index}({index}, rank) VALUES ('hashsize', %s)"
    cursor.execute(hash_size, [64_000_000])
    cursor.execute(f"INSERT INTO {index}({index}) VALUES ('rebuild')")
    cursor.execute(hash_size, [1_048_576])


@contextmanager
def _without_triggers() -> Iterator[None]:
    """Fill tables first and indexes then: it is much faster."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA cache_size = -400000")
            yield
            _build(cursor)
            cursor.execute("PRAGMA cache_size = -2000")
            for _, sql in triggers:
                cursor.execute(sql)
            cursor.execute(
                "UPDATE sqlite_sequence SET seq = %s"
                " WHERE name = 'conversations_unindexed'",
                [FIRST_NOTE],
            )
            return
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'search_words%'"
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        yield
        for _, sql in indexes:
            cursor.execute(sql)
        cursor.execute(
            "SELECT setval('conversations_unindexed_id_seq', %s)", [FIRST_NOTE]
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def cases(vocabulary: list[str], messages: int) -> list[Case]:
    """Return kinds of searches, and what is typed for each."""
    common, middle = vocabulary[:8], vocabulary[60:90]
    rare = vocabulary[8_000:8_030]
    return [
        ("a very common word", common),
        (
            "two common words",
            [f"{one} {two}" for one, two in pairwise(common)],
        ),
        ("a word of one text in 20", middle),
        ("a rare word", rare),
        (
            "a word of one message",
            [f"nr{CHANCE.randrange(messages)}" for _ in range(30)],
        ),
        ("a rare and a common word", [f"{one} {common[0]}" for one in rare]),
        ("two letters", ["ba", "de", "ki", "no", "ra", "tu"]),
        ("a beginning", [word[:5] for word in middle]),
        ("common, but where others are", [FOREIGN, FOREIGN[:4]]),
        ("nothing", ["xylophone", f"{common[0]} xylophone"]),
    ]


def measure(
    people: dict[str, User], vocabulary: list[str], messages: int
) -> dict[str, dict[str, list[float]]]:
    """Return seconds by person and kind of search."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, person in people.items():
        found[name] = {
            kind: [_time(person, CHANCE.choice(typed)) for _ in range(REPEATS)]
            for kind, typed in cases(vocabulary, messages)
        }
        found[name]["a very common word, of a week"] = [
            _time(person, CHANCE.choice(vocabulary[:8]), _choose_week(messages))
            for _ in range(REPEATS)
        ]
    talk = Conversation.objects.filter(owner=people["few"])[:1].get()
    found["few"]["in one conversation"] = [
        _clock(lambda: search_conversation(conversation=talk, typed=vocabulary[0]))
        for _ in range(REPEATS)
    ]
    return found


def _choose_week(messages: int) -> Filters:
    """Return one of those in which something was written, a message a minute."""
    week = timedelta(days=7)
    begin = timezone.now() - CHANCE.randrange(messages) * timedelta(minutes=1) - week
    return Filters(since=begin, until=begin + week)


def _time(person: User, typed: str, filters: Filters | None = None) -> float:
    return _clock(
        lambda: search_all(user=person, typed=typed, filters=filters, titles=20)
    )


def _clock(function: object) -> float:
    began = time.perf_counter()
    function()  # type: ignore[operator]
    return time.perf_counter() - began


def send_cost() -> dict[str, list[float]]:
    """Return how long it takes to write a message, and to index it afterwards."""
    while index_written():
        pass
    talk = Conversation.objects.all()[:1].get()
    seq = talk.messages.count() + 10
    text = "Some words of a message, as they are written. " * 20
    written, indexed = [], []
    for number in range(REPEATS):

        def write(number: int = number) -> None:
            with transaction.atomic():
                Message.objects.create(
                    conversation=talk,
                    seq=seq + number,
                    role="user",
                    content=text,
                    changed=1,
                )

        written.append(_clock(write))
        indexed.append(_clock(index_written))
    return {"written": written, "indexed": indexed}
