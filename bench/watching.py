"""A page that stays open beside a measurement, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bench.pages import Page
from bench.people import Person, message_form

OPEN_SECONDS = 10.0
WARM_SECONDS = 30.0


class Watch:
    """Counts the ends of answers."""

    def __init__(self) -> None:
        self._ended: set[str] = set()
        self.page = Page()
        self._news = threading.Condition()
        self.page.changed = self._look

    @property
    def ends(self) -> int:
        return len(self._ended)

    @property
    def stop_path(self) -> str:
        """Where to post to stop the newest answer."""
        return f"{self.page.path}m/{self.page.message}/stop/"

    def _look(self) -> None:
        with self._news:
            if self.page.ended:
                self._ended.add(self.page.message)
            self._news.notify_all()

    def wait_for_text(self, seconds: float) -> None:
        """Wait for the first token; raises TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: self.page.tally.tokens, seconds):
                raise TimeoutError("The answer did not begin.")

    def wait_for_end(self, count: int, seconds: float) -> None:
        """Wait for end number `count`; raises TimeoutError."""
        with self._news:
            if not self._news.wait_for(lambda: self.ends >= count, seconds):
                raise TimeoutError("The answer did not end.")


@contextmanager
def watching(person: Person) -> Iterator[Watch]:
    """Keep a page of a person's conversation open."""
    watch, opened, loop = Watch(), threading.Event(), asyncio.new_event_loop()
    left = asyncio.Event()
    follow = _follow(person, watch, opened, left)
    thread = threading.Thread(target=loop.run_until_complete, args=[follow])
    thread.start()
    try:
        if not opened.wait(OPEN_SECONDS):
            raise TimeoutError("The page did not open.")
        yield watch
    finally:
        loop.call_soon_threadsafe(left.set)
        thread.join()
        loop.close()


async def _follow(
    person: Person, watch: Watch, opened: threading.Event, left: asyncio.Event
) -> None:
    socket = await watch.page.open(person)
    opened.set()
    await left.wait()
    socket.close()
    await socket.closed


def warm_up(person: Person) -> None:
    """Stop an answer, so that all is loaded that the first turn loads."""
    connection = person.connect()
    with watching(person) as watch:
        person.post(connection, person.send_path, message_form())
        watch.wait_for_text(WARM_SECONDS)
        person.post(connection, watch.stop_path, b"")
        watch.wait_for_end(1, WARM_SECONDS)
    connection.close()
