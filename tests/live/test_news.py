"""News of lists: told to whom they concern, and not lost with a round that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from conversations import limits
from conversations.live.listener import Listener
from conversations.live.news import News
from conversations.live.threads import DatabaseThreads

ALICE, BOB = 1, 2


class Readers:
    """A database that is away for the first question, and then knows who reads what."""

    def __init__(self, *pairs: tuple[int, UUID]) -> None:
        self._pairs = set(pairs)
        self._is_away = True

    async def run(self, _: Callable[..., Any], *__: object) -> set[tuple[int, UUID]]:
        await asyncio.sleep(0)
        if self._is_away:
            self._is_away = False
            raise ConnectionError
        return self._pairs


def page_of(user_id: int, heard: list[int]) -> Listener:
    async def send(_: str) -> None:
        heard.append(user_id)

    async def close(_: int) -> None:
        raise AssertionError

    return Listener(user_id=user_id, session=("", ""), send=send, close=close)


async def test_what_could_not_be_looked_up_is_told_in_the_next_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "NEWS_SECONDS", 0.0)
    changed, heard = uuid4(), list[int]()
    pages = [page_of(ALICE, heard), page_of(BOB, heard)]
    readers = cast("DatabaseThreads", Readers((ALICE, changed)))
    news = News(lambda: pages, readers)
    news.change(changed)
    news.tell([BOB])

    with pytest.raises(ConnectionError):
        await news.spread()
    assert not heard
    async with asyncio.timeout(30):
        await news.spread()
    for page in pages:
        await page.send_news()

    assert heard == [ALICE, BOB]
