"""The socket of an open conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conversations.consumers.base import PageConsumer
from conversations.consumers.commands import COMMANDS
from conversations.consumers.rights import may_see
from conversations.live.hub import get_hub
from conversations.live.presence import Face
from conversations.live.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from uuid import UUID

    from conversations.models import User


class ConversationConsumer(PageConsumer):
    """One page of a conversation."""

    viewer: Viewer | None = None

    @property
    def conversation_id(self) -> UUID:
        pk: UUID = self.scope["url_route"]["kwargs"]["pk"]
        return pk

    async def may_open(self, user: User) -> bool:
        return await get_hub().readers.run(may_see, user.pk, self.conversation_id)

    def join(self, user: User, session: tuple[str, str]) -> Coroutine[None, None, None]:
        self.viewer = Viewer(
            conversation_id=self.conversation_id,
            user_id=user.pk,
            session=session,
            send=self.send_frame,
            close=self.end,
        )
        face = Face(user.pk, user.name, user.initials, user.face)
        return self.viewer.follow(get_hub().watch(self.viewer, face))

    def leave(self, *, at_once: bool) -> bool:
        viewer, self.viewer = self.viewer, None
        if viewer is not None:
            get_hub().unwatch(viewer, at_once=at_once)
        return viewer is not None

    async def take(self, frame: dict[str, Any]) -> bool:
        command = COMMANDS.get(frame["t"])
        if self.viewer is None:
            return True
        return command is not None and await command(self.viewer, frame)
