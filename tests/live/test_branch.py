"""A page gets what belongs to its branch, and nothing of another."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from conversations.live.buffer import Buffer
from conversations.live.room import Branch, Changes, Cursor, Room
from conversations.live.viewer import Viewer

MESSAGE = uuid.uuid4()
HERE, THERE = Branch(uuid.uuid4()), Branch(uuid.uuid4())


class Sent:
    """A room whose changes are read by `read`, and the frames that a page got."""

    def __init__(
        self, read: Callable[[uuid.UUID, int, Branch], Awaitable[Changes]]
    ) -> None:
        self.room = Room(uuid.uuid4(), read)
        self.frames: list[str] = []
        self.viewer = Viewer(
            conversation_id=self.room.conversation_id,
            user_id=1,
            session=("", ""),
            send=self.send,
            close=self.close,
        )
        self.room.viewers.add(self.viewer)
        self.follower = asyncio.ensure_future(self.viewer.follow(self.room))

    async def send(self, frame: str) -> None:
        self.frames.append(frame)

    async def close(self, code: int) -> None:
        self.frames.append(f"closed {code}")

    def subscribe(self, branch: Branch) -> None:
        self.viewer.subscribe(seen=0, cursor=Cursor(), branch=branch)

    async def settle(self) -> None:
        for _ in range(8):
            await asyncio.sleep(0)


def written() -> Buffer:
    buffer = Buffer(1, MESSAGE, 1)
    buffer.append("Hello")
    list(buffer.take())
    buffer.land()
    return buffer


async def test_the_text_of_an_answer_on_another_branch_is_not_sent() -> None:
    async def read(_: uuid.UUID, seen: int, branch: Branch) -> Changes:
        elsewhere = None if branch == HERE else MESSAGE
        return Changes((), seen, elsewhere=elsewhere, branch=branch)

    sent = Sent(read)
    sent.room.buffer = written()
    sent.subscribe(THERE)
    await sent.settle()
    there = list(sent.frames)
    sent.subscribe(HERE)
    await sent.settle()
    sent.follower.cancel()

    assert there == []
    assert len(sent.frames) == 1
    assert "Hello" in sent.frames[0]


async def test_a_page_that_says_anew_where_it_is_gets_nothing_of_where_it_was() -> None:
    slow = asyncio.Event()

    async def read(_: uuid.UUID, seen: int, branch: Branch) -> Changes:
        if branch == HERE:
            await slow.wait()
        name = "here" if branch == HERE else "there"
        return Changes((name,), seen + 1, branch=branch)

    sent = Sent(read)
    sent.subscribe(HERE)
    await sent.settle()
    sent.subscribe(THERE)
    slow.set()
    await sent.settle()
    sent.follower.cancel()

    assert sent.frames == ["there"]


async def test_pages_of_one_branch_are_read_for_once_and_others_for_themselves() -> (
    None
):
    asked: list[Branch] = []

    async def read(_: uuid.UUID, seen: int, branch: Branch) -> Changes:
        asked.append(branch)
        return Changes((), seen, branch=branch)

    room = Room(uuid.uuid4(), read)
    await asyncio.gather(*(room.changes(0, one) for one in (HERE, HERE, THERE)))

    assert asked == [HERE, THERE]


async def test_a_page_goes_on_from_where_its_branch_has_come_to() -> None:
    asked: list[Branch] = []

    async def read(_: uuid.UUID, seen: int, branch: Branch) -> Changes:
        asked.append(branch)
        return Changes((), seen, branch=THERE)

    sent = Sent(read)
    sent.subscribe(HERE)
    await sent.settle()
    sent.room.announce()
    await sent.settle()
    sent.follower.cancel()

    assert asked == [HERE, THERE]
