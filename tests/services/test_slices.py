"""What is done in the background leaves others their turn."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.db.models import Sum
from django.db.models.functions import Length
from django.utils import timezone

from conversations.live.hub import Hub
from conversations.live.tasks import create_task
from conversations.models import Conversation, Message, SearchEntry, User
from conversations.services import purging, slices
from conversations.services.search import indexing
from tests.factories import make_conversation, make_message

SECONDS = 20.0


@pytest.fixture
def talk(alice: User) -> Conversation:
    """With six long texts, and short ones between them."""
    talk = make_conversation(alice)
    for number in range(6):
        make_message(talk, f"word{number}")
        # Each word counts once in an index.
        words = " ".join(f"{number}x{word}" for word in range(9_000))
        make_message(talk, words[:60_000])
    return talk


@pytest.mark.django_db
def test_long_texts_are_indexed_one_by_one(talk: Conversation) -> None:
    counts = [0]
    while indexing.index_written():
        counts.append(SearchEntry.objects.count())

    # The title; each long text comes with the short ones beside it.
    assert counts[-1] == 13
    assert all(1 <= after - before <= 4 for before, after in pairwise(counts))
    assert len(counts) == 7


@pytest.mark.django_db
def test_long_texts_are_purged_one_by_one(talk: Conversation) -> None:
    while indexing.index_written():
        pass
    long_ago = timezone.now() - timedelta(days=9)
    Conversation.objects.filter(pk=talk.pk).update(deleted_at=long_ago)
    left = [_count_letters()]
    while purging.purge_some():
        left.append(_count_letters())

    assert left[0] > 360_000
    assert left[-1] == 0
    gone = [before - after for before, after in pairwise(left)]
    assert max(gone) <= slices.SLICE_LETTERS


def _count_letters() -> int:
    said = Message.objects.aggregate(all=Sum(Length("content")))["all"] or 0
    indexed = SearchEntry.objects.aggregate(all=Sum(Length("words")))["all"] or 0
    return int(said + indexed)


def test_after_a_slice_others_have_as_much_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rested: list[float] = []
    clock = iter([10.0, 10.25, 10.25])
    fake = SimpleNamespace(monotonic=lambda: next(clock), sleep=rested.append)
    monkeypatch.setattr(slices, "time", fake)

    assert slices.do_slice(lambda: "done") == "done"
    assert rested == [0.25]


async def test_readers_are_free_while_much_is_indexed_and_purged(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> bool:
        begun.set()
        go_on.wait(SECONDS)
        return False

    monkeypatch.setattr(purging, "purge_some", hold)
    monkeypatch.setattr(indexing, "index_written", hold)
    tasks = [
        create_task(purging.purge_for_ever()),
        create_task(indexing.index_for_ever()),
    ]
    try:
        assert await asyncio.to_thread(begun.wait, SECONDS)
        # Passed only by all three at once.
        together = threading.Barrier(3)
        every = [hub.readers.run(together.wait, SECONDS / 2) for _ in range(3)]
        assert sorted(await asyncio.gather(*every)) == [0, 1, 2]
    finally:
        go_on.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
