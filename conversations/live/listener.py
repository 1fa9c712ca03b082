"""One open page of somebody signed in, and the news of their lists."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

# Without content: a page asks for its lists as any request does.
LISTS_CHANGED = '{"t":"u"}'


class Listener:
    """A socket that hears when a list of its person has changed."""

    conversation_id: UUID | None = None

    def __init__(
        self,
        *,
        user_id: int,
        session: tuple[str, str],
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
    ) -> None:
        self.user_id = user_id
        self.session = session
        self.wake = asyncio.Event()
        self.close = close
        self._send = send
        self._has_news = False

    def tell(self) -> None:
        """Note that a list has changed."""
        self._has_news = True
        self.wake.set()

    async def listen(self) -> None:
        """Send the news until cancelled."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            await self.send_news()

    async def send_news(self) -> None:
        """Send one frame for all that has changed since the last."""
        if self._has_news:
            self._has_news = False
            await self._send(LISTS_CHANGED)
