"""People at a real server: their browser's requests and their open pages."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from tests.faults.page import Page

PATIENCE_SECONDS = 45.0
LOOK_AGAIN_SECONDS = 0.02
HOST = "127.0.0.1"
SESSION_COOKIE = "roundtable_session"
CSRF_COOKIE = "roundtable_csrf"
CSRF_TOKEN = "c" * 32
# Whom to trust takes long to read, and nobody is spoken to over TLS.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def until(check: Callable[[], Awaitable[bool]], what: str) -> None:
    """Look again and again until `check` holds, but not for ever."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await check():
        assert time.monotonic() < deadline, f"In vain: {what}."
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


class Person:
    """Somebody signed in, at the server's address."""

    def __init__(self, url: str, session: str = "") -> None:
        self.url = url
        self.session = session
        cookies = httpx2.Cookies()
        cookies.set(CSRF_COOKIE, CSRF_TOKEN, domain=HOST)
        if session:
            cookies.set(SESSION_COOKIE, session, domain=HOST)
        self.http = httpx2.AsyncClient(
            base_url=url,
            cookies=cookies,
            headers={"origin": url},
            timeout=PATIENCE_SECONDS,
            limits=httpx2.Limits(max_keepalive_connections=0),
            trust_env=False,
            verify=NO_TLS,
        )

    @property
    def cookie(self) -> str:
        """The session as it is now: some actions renew it."""
        return self.http.cookies.get(SESSION_COOKIE) or self.session

    async def post(self, path: str, **fields: object) -> httpx2.Response:
        data = {name: str(value) for name, value in fields.items()}
        token = self.http.cookies.get(CSRF_COOKIE) or CSRF_TOKEN
        return await self.http.post(path, data={"csrfmiddlewaretoken": token, **data})

    async def begin(self, model: int, content: str = "Go on.") -> str:
        """Send a first message from `/`; return the conversation's id."""
        client_id = uuid.uuid4()
        response = await self.post(
            "/", content=content, client_id=client_id, model=model
        )
        assert response.status_code == 302, response.text
        assert response.headers["location"] == f"/c/{client_id}/"
        return str(client_id)

    async def send(
        self, conversation: str, content: str, client_id: object = None
    ) -> httpx2.Response:
        return await self.post(
            f"/c/{conversation}/messages/",
            content=content,
            client_id=client_id or uuid.uuid4(),
        )

    async def act(self, conversation: str, message: str, action: str) -> int:
        """Stop, retry, continue or start; return the status."""
        response = await self.post(f"/c/{conversation}/m/{message}/{action}/")
        return response.status_code

    async def page(self, conversation: str) -> Page:
        """Load the page, as a reload does."""
        return Page.of(await self.read(conversation))

    async def read(self, conversation: str) -> str:
        response = await self.http.get(f"/c/{conversation}/")
        assert response.status_code == 200, response.text
        return response.text

    @asynccontextmanager
    async def open(
        self, conversation: str, page: Page | None = None
    ) -> AsyncIterator[Tab]:
        """Open a page with its socket; the page is loaded unless it is given."""
        shown = page or await self.page(conversation)
        socket = await open_socket(self.url, conversation, self.cookie)
        tab = Tab(socket, shown)
        try:
            await tab.subscribe()
            yield tab
        finally:
            await tab.leave()


async def open_socket(
    url: str, conversation: str, session: str = "", *, path: str = ""
) -> ClientConnection:
    """Open a socket as a browser does, offering compression."""
    return await connect(
        url.replace("http", "ws", 1) + (path or f"/ws/c/{conversation}/"),
        origin=Origin(url),
        additional_headers={"cookie": f"{SESSION_COOKIE}={session}"},
        compression="deflate",
        proxy=None,
    )


@dataclass
class Tab:
    """An open page: a socket, and what its frames made of the page."""

    socket: ClientConnection
    page: Page
    after: list[Callable[[Page], None]] = field(default_factory=list)

    async def subscribe(self) -> None:
        with suppress(ConnectionClosed):
            await self.socket.send(self.page.subscription)

    async def say(self, frame: object) -> None:
        """Send a frame: text and bytes as they are, all else as JSON."""
        if not isinstance(frame, str | bytes):
            frame = json.dumps(frame)
        await self.socket.send(frame)

    async def step(self) -> None:
        """Take one frame; raises ConnectionClosed at the end."""
        if not self.page.take(await self.socket.recv()):
            await self.subscribe()
        for check in self.after:
            check(self.page)

    async def watch(
        self, seen: Callable[[Page], bool], seconds: float = PATIENCE_SECONDS
    ) -> Page:
        """Take frames until the page looks as wanted."""
        try:
            async with asyncio.timeout(seconds):
                while not seen(self.page):
                    await self.step()
        except TimeoutError:
            raise AssertionError(f"It never came: {self.page.articles}") from None
        return self.page

    async def watch_to_the_end(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Take frames until the socket closes; return the code."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.step()
        except ConnectionClosed:
            return self.socket.close_code or 1006

    def drop(self) -> None:
        """Lose the network: no closing handshake, what is on the way is lost."""
        self.socket.transport.abort()

    async def leave(self) -> None:
        self.drop()
        await self.socket.wait_closed()


def ended(page: Page) -> bool:
    return bool(page.replies) and not page.reply.active


def has_words(number: int) -> Callable[[Page], bool]:
    return lambda page: bool(page.replies) and len(page.reply.words) >= number
