"""Two at once on a database that locks rows: neither waits for the other for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from uuid import uuid4

import pytest
from django.db import connection, transaction

from conversations import limits
from conversations.models import (
    Conversation,
    Delta,
    Generation,
    Message,
    SearchEntry,
    Unindexed,
    User,
)
from conversations.services.branching.editing import change_waiting
from conversations.services.branching.forking import fork_conversation
from conversations.services.changes import (
    mark_changed,
    next_version,
    waiting_messages,
)
from conversations.services.endings import Ending
from conversations.services.errors import RefusedError
from conversations.services.finishing import finish
from conversations.services.search import indexing
from conversations.wire import State
from tests.factories import make_attachment, make_conversation, make_message
from tests.sending import send_message

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite",
        reason="there a whole database is locked, not a row",
    ),
]
SECONDS = 10.0
Act = Callable[[], object]


def do_both(first: Act, elsewhere: Act, then: Act) -> None:
    """Do `first`, and `then` as soon as what is done elsewhere waits for it."""
    known: Queue[int] = Queue()

    def act() -> None:
        try:
            known.put(read("SELECT pg_backend_pid()"))
            elsewhere()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            done = pool.submit(act)
            wait_until_blocked(known.get(timeout=SECONDS))
            then()
        done.result(timeout=SECONDS)


def wait_until_blocked(pid: int) -> None:
    until = time.monotonic() + SECONDS
    while not read(f"SELECT cardinality(pg_blocking_pids({pid}))"):
        assert time.monotonic() < until, "It waits for nothing."


def read(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


@pytest.fixture
def conversation(alice: User) -> Conversation:
    """An answer is being written in it, and a question waits."""
    conversation = make_conversation(alice)
    for words in ("Written", "Waiting"):
        send_message(
            conversation=conversation, author=alice, content=words, client_id=uuid4()
        )
    running = Generation.objects.earliest("pk")
    Generation.objects.filter(pk=running.pk).update(state=State.RUNNING)
    return conversation


def test_what_waits_is_changed_while_the_answer_above_ends(
    conversation: Conversation,
) -> None:
    waiting = Message.objects.get(content="Waiting")

    do_both(
        lambda: next_version(conversation.pk),
        lambda: change_waiting(message=waiting, content="Otherwise"),
        lambda: mark_changed(conversation.pk, waiting_messages(conversation.pk)),
    )

    waiting.refresh_from_db()
    assert waiting.content == "Otherwise"


def test_an_answer_ends_while_what_waits_below_it_is_deleted(
    conversation: Conversation,
) -> None:
    running = Generation.objects.get(state=State.RUNNING)
    Delta.objects.create(generation=running, offset=0, text="Yes.")

    do_both(
        lambda: next_version(conversation.pk),
        lambda: finish(running.pk, Ending(State.COMPLETE)),
        lambda: mark_changed(conversation.pk, [running.message_id]),
    )

    assert Message.objects.get(pk=running.message_id).content == "Yes."


def test_forks_at_once_take_no_more_room_for_files_than_there_is(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UPLOAD_BYTES_PER_USER", 30)
    first, second = (make_message(make_conversation(alice)) for _ in range(2))
    for message in (first, second):
        make_attachment(
            alice, message.conversation, message=message, data=b"Ten bytes."
        )

    with pytest.raises(RefusedError, match="take up all"):
        do_both(
            lambda: fork_conversation(message=first, user=bob),
            lambda: fork_conversation(message=second, user=bob),
            lambda: None,
        )

    assert bob.attachments.get().file == first.attachments.get().file


def test_a_message_is_read_into_the_index_by_two_at_once(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "SLICE_ROWS", 1)
    message = make_message(make_conversation(alice), "harbour")
    Unindexed.objects.exclude(message_id=message.pk).delete()
    Message.objects.filter(pk=message.pk).update(content="lighthouse")

    do_both(
        indexing.index_written,
        lambda: indexing.index_written(newest=True),
        lambda: None,
    )

    assert not Unindexed.objects.exists()
    assert SearchEntry.objects.filter(message=message).count() == 1
