"""An open page of the product, as far as text goes, and the tally of its tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from bench.people import Person
from bench.sockets import Socket, open_socket

# What the gateway's scenario `timed` writes: a number and when it was written.
TOKEN = re.compile(r"(\d+)@(\d+\.\d{6})")
ARTICLE = re.compile(r"<article[^>]*>")
ATTRIBUTE = re.compile(r'data-([a-z]+)="([^"]*)"')
ACTIVE = ("queued", "running")
ACKNOWLEDGE_SECONDS = 1.0


class Tally:
    """The tokens one viewer got, in the order in which they came."""

    def __init__(self) -> None:
        self.lateness: list[float] = []
        self.received: list[float] = []
        self.tokens: list[str] = []
        self.doubled = 0
        self.misordered = 0
        self._rest = ""

    def append(self, text: str, now: float) -> None:
        """Take text that follows what was taken before."""
        *tokens, self._rest = (self._rest + text).split(" ")
        for token in tokens:
            self._count(token, now)

    def learn(self, text: str, now: float) -> None:
        """Take text that begins anew, of which only the end may be news."""
        self._rest = ""
        for number, written in TOKEN.findall(text):
            if int(number) >= len(self.tokens):
                self._count(f"{number}@{written}", now)

    def missing(self, total: int) -> int:
        return total - len(set(self.tokens))

    def _count(self, token: str, now: float) -> None:
        number, _, written = token.partition("@")
        if int(number) < len(self.tokens):
            self.doubled += 1
            return
        if int(number) > len(self.tokens):
            self.misordered += 1
        self.tokens.append(token)
        self.received.append(now)
        self.lateness.append(now - float(written))


class Page:
    """Follows the newest answer of a conversation by the page's own rules."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.state = ""
        self.article = ""
        self.asked_again = 0
        self.path = self.message = ""
        self.changed: Callable[[], None] = lambda: None
        self._socket: Socket | None = None
        self._seen = 0
        self._attempt = self._offset = self._closed = 0
        self._acknowledged = 0.0

    async def open(self, person: Person) -> Socket:
        headers = {"Cookie": person.cookie, "Origin": person.origin}
        self.path = person.path
        path = person.socket_path
        self._socket = await open_socket(person.port, path, self.take, headers)
        self._subscribe()
        return self._socket

    def type(self) -> None:
        """Say that somebody is typing."""
        self._write(t="y")

    def close(self) -> None:
        assert self._socket is not None
        self._socket.close()

    async def closed(self) -> None:
        """Return once the server is gone and all it sent was taken."""
        assert self._socket is not None
        await self._socket.closed

    @property
    def ended(self) -> bool:
        return bool(self.state) and self.state not in ACTIVE

    def take(self, raw: str, now: float) -> None:
        frame = json.loads(raw)
        match frame["t"]:
            case "d":
                self._take_delta(frame, now)
            case "b":
                self._take_blocks(frame, now)
            case "a":
                self._take_article(frame["h"], now)
            case "v":
                self._seen = frame["v"]
            case "p" | "u":
                pass
            case _:
                raise RuntimeError(raw)
        self.changed()

    def _take_delta(self, frame: dict[str, object], now: float) -> None:
        start, end = int(str(frame["o"])), int(str(frame["e"]))
        if not self._knows(frame) or start > self._offset:
            self.asked_again += 1
            self._subscribe()
        elif start == self._offset:
            self.tally.append(str(frame["x"]), now)
            self._offset = end
            self._acknowledge(now)

    def _take_blocks(self, frame: dict[str, object], now: float) -> None:
        if not self._knows(frame) or frame["f"] not in (0, self._closed):
            self.asked_again += 1
            self._subscribe()
            return
        self.tally.learn(f"{frame['h']} {frame['x']}", now)
        self._closed, self._offset = int(str(frame["c"])), int(str(frame["e"]))

    def _take_article(self, html: str, now: float) -> None:
        opening = ARTICLE.search(html)
        assert opening is not None
        facts = dict(ATTRIBUTE.findall(opening[0]))
        if facts["role"] != "assistant":
            return
        self.message, self.state, self.article = facts["message"], facts["state"], html
        self._attempt = int(facts["attempt"] or 0)
        self._offset = int(facts["offset"] or 0)
        self._closed = int(facts["closed"] or 0)
        self.tally.learn(html, now)

    def _knows(self, frame: dict[str, object]) -> bool:
        return frame["m"] == self.message

    def _subscribe(self) -> None:
        self._write(
            t="sub",
            seen=self._seen,
            m=self.message or None,
            a=self._attempt,
            o=self._offset,
            c=self._closed,
        )

    def _acknowledge(self, now: float) -> None:
        if now - self._acknowledged >= ACKNOWLEDGE_SECONDS:
            self._acknowledged = now
            self._write(t="k", m=self.message, o=self._offset)

    def _write(self, **frame: object) -> None:
        assert self._socket is not None
        self._socket.send(json.dumps(frame))
