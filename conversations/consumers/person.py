"""The socket of a page without a conversation: news of its person's lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conversations.consumers.base import PageConsumer
from conversations.live.hub import get_hub
from conversations.live.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from conversations.models import User


class PersonConsumer(PageConsumer):
    """One page of somebody signed in; nothing is understood of what it says."""

    listener: Listener | None = None

    async def may_open(self, _: User) -> bool:
        return True

    def join(self, user: User, session: tuple[str, str]) -> Coroutine[None, None, None]:
        self.listener = Listener(
            user_id=user.pk, session=session, send=self.send_frame, close=self.end
        )
        get_hub().listeners.add(self.listener)
        return self.listener.listen()

    def leave(self, *, at_once: bool) -> bool:
        listener, self.listener = self.listener, None
        if listener is not None:
            get_hub().listeners.discard(listener)
        return listener is not None

    async def take(self, _: dict[str, Any]) -> bool:
        return False
