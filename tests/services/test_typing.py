"""Somebody who has said something no longer types."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conversations import limits
from conversations.live.presence import Face
from conversations.live.viewer import Viewer
from tests.services.conftest import WAIT_SECONDS, Talk

if TYPE_CHECKING:
    import pytest

    from conversations.live.room import Room


async def ignore(_: object) -> None:
    """Nothing that is sent matters here."""


async def look(room: Room, says: str) -> None:
    """Wait until everybody is told so."""
    async with asyncio.timeout(WAIT_SECONDS):
        while says not in room.presence.frame:
            await asyncio.sleep(0)


async def test_a_message_ends_its_authors_typing(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TYPING_SECONDS", 3600)
    author = talk.author
    viewer = Viewer(
        conversation_id=talk.conversation.pk,
        user_id=author.pk,
        session=("", ""),
        send=ignore,
        close=ignore,
    )
    room = talk.hub.watch(viewer, Face(author.pk, author.name, "AL", 0))
    talk.hub.start_typing(viewer)
    await look(room, '"typing":true')

    await talk.send("Here it is.")

    await look(room, '"typing":false')
    talk.hub.unwatch(viewer)
    await talk.idle()
