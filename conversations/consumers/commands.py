"""What the page of a conversation may say; each tells whether it was understood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from conversations.consumers.frames import read_id, read_number
from conversations.consumers.rights import insist_on_seeing, may_write, read_up_to
from conversations.live.hub import get_hub
from conversations.live.room import Branch, Cursor

if TYPE_CHECKING:
    from conversations.live.viewer import Viewer

    Command = Callable[[Viewer, dict[str, Any]], Awaitable[bool]]


async def _subscribe(viewer: Viewer, frame: dict[str, Any]) -> bool:
    run = get_hub().readers.run
    await run(insist_on_seeing, viewer.user_id, viewer.conversation_id)
    message_id, at = read_id(frame), read_id(frame, "at")
    seen = read_number(frame, "seen")
    numbers = [read_number(frame, name) for name in "aocr"]
    if message_id is None or at is None or seen is None or None in numbers:
        return False
    cursor = Cursor(message_id, *(number or 0 for number in numbers))
    branch = Branch(UUID(at) if at else None, stays=frame.get("stay") is True)
    viewer.subscribe(seen=seen, cursor=cursor, branch=branch)
    return True


async def _acknowledge(viewer: Viewer, frame: dict[str, Any]) -> bool:
    message_id = read_id(frame)
    offset, reasoning = read_number(frame, "o"), read_number(frame, "r")
    if message_id is None or offset is None or reasoning is None:
        return False
    viewer.acknowledge(message_id=message_id, read=offset + reasoning)
    return True


async def _read(viewer: Viewer, frame: dict[str, Any]) -> bool:
    message_id = read_id(frame)
    if not message_id:
        return False
    run = get_hub().readers.run
    await run(read_up_to, viewer.user_id, viewer.conversation_id, UUID(message_id))
    return True


async def _type(viewer: Viewer, _: dict[str, Any]) -> bool:
    hub = get_hub()
    if await hub.readers.run(may_write, viewer.user_id, viewer.conversation_id):
        hub.start_typing(viewer)
    return True


COMMANDS: dict[str, Command] = {
    "sub": _subscribe,
    "k": _acknowledge,
    "read": _read,
    "y": _type,
}
