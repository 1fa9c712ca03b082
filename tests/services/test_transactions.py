"""The watch over transactions sees what it is there for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from django.db import transaction

from conversations.context.tokens import count
from conversations.models import Gateway
from conversations.rendering.markdown import render
from tests.services.transactions import MOST_CALLS, Work, watched_transactions

pytestmark = pytest.mark.django_db(transaction=True)


def watch(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> Work:
    with watched_transactions(monkeypatch) as done, transaction.atomic():
        act()
    (work,) = done
    return work


def test_writing_is_what_a_transaction_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    work = watch(monkeypatch, lambda: Gateway.objects.create(name="Any"))

    assert 0 < work.calls <= MOST_CALLS
    assert not work.misplaced


def test_an_inner_transaction_counts_for_the_outer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def write_within() -> None:
        with transaction.atomic():
            Gateway.objects.create(name="Any")

    assert watch(monkeypatch, write_within).calls > 100


def test_long_computing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    work = watch(monkeypatch, lambda: [str.upper("a") for _ in range(MOST_CALLS)])

    assert work.calls > MOST_CALLS


@pytest.mark.parametrize(
    "work",
    [
        lambda: hashlib.sha256(b"a"),
        lambda: count("Hello"),
        lambda: render("Hello"),
    ],
    ids=["hashing", "counting tokens", "rendering"],
)
def test_slow_work_in_one_call_is_seen(
    monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]
) -> None:
    work()

    assert watch(monkeypatch, work).misplaced
