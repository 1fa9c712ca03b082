"""Random viewers over random streams: nothing lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import uuid

from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from conversations.live.buffer import Buffer
from conversations.live.room import Changes, Room
from conversations.live.viewer import Viewer
from conversations.rendering.markdown import Block
from tests.live.page import Page

MESSAGE = uuid.uuid4()

# What happens to a stream: a token arrives, a commit lands, a block closes, a
# viewer's connection drops and comes back.
STEPS = st.lists(
    st.sampled_from(["token", "land", "close", "send", "drop", "lose", "new page"]),
    max_size=120,
)


async def no_changes(conversation_id: uuid.UUID, seen: int) -> Changes:
    return Changes((), seen)


class Wire:
    """A connection that may lose what is on the way when it drops."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.on_the_way: list[str] = []

    async def send(self, frame: str) -> None:
        self.on_the_way.append(frame)

    async def close(self, code: int) -> None:
        self.on_the_way.clear()

    def deliver(self) -> None:
        for frame in self.on_the_way:
            self.page.take(frame)
        self.on_the_way.clear()


class Watching:
    """One page with its connection and follower."""

    def __init__(self, room: Room, page: Page) -> None:
        self.room = room
        self.wire = Wire(page)
        self.viewer = Viewer(
            conversation_id=room.conversation_id,
            user_id=1,
            session=("", ""),
            send=self.wire.send,
            close=self.wire.close,
        )
        room.viewers.add(self.viewer)
        self.viewer.subscribe(seen=page.seen, cursor=page.cursor)
        self.follower = asyncio.ensure_future(self.viewer.follow(room))

    async def leave(self) -> None:
        self.room.viewers.discard(self.viewer)
        self.follower.cancel()
        await asyncio.gather(self.follower, return_exceptions=True)


async def let_followers_run() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


def close_one_block(buffer: Buffer) -> None:
    """Close everything but the newest token, as text, so that pages show text."""
    tail = buffer.slice(buffer.closed)
    end = tail.rfind(" ", 0, len(tail) - 1) + 1
    if end > 0:
        block = Block(end, SafeString(tail[:end]))
        buffer.close_blocks(buffer.closed, len(tail), [block])


async def play(steps: list[str]) -> tuple[str, list[Page]]:
    buffer = Buffer(1, MESSAGE, 1)
    room = Room(uuid.uuid4(), no_changes)
    room.buffer = buffer
    pages = [Page()]
    watching = [Watching(room, pages[0])]
    written = ""
    for number, step in enumerate(steps):
        if step == "token":
            buffer.append(f"t{number} ")
            written += f"t{number} "
        elif step == "land":
            buffer.take()
            buffer.land()
        elif step == "close":
            close_one_block(buffer)
        elif step == "send":
            await let_followers_run()
            watching[-1].wire.deliver()
        elif step in ("drop", "lose"):
            await watching[-1].leave()
            if step == "drop":
                watching[-1].wire.deliver()
            watching[-1] = Watching(room, pages[-1])
        else:
            pages.append(Page())
            watching.append(Watching(room, pages[-1]))
        room.wake()
    buffer.take()
    buffer.land()
    for one in watching:
        one.viewer.subscribe(seen=0, cursor=one.wire.page.cursor)
        one.wire.on_the_way.clear()
    await let_followers_run()
    for one in watching:
        one.wire.deliver()
        await one.leave()
    return written, pages


@given(STEPS)
def test_every_page_ends_with_exactly_the_text_that_was_written(
    steps: list[str],
) -> None:
    written, pages = asyncio.run(play(steps))

    assert [page.text for page in pages] == [written] * len(pages)


@given(st.lists(st.text(max_size=5), max_size=40), st.data())
def test_any_slice_of_a_buffer_is_that_slice_of_the_text(
    pieces: list[str], data: st.DataObject
) -> None:
    buffer = Buffer(1, MESSAGE, 1, "start ")
    for piece in pieces:
        buffer.append(piece)
        if data.draw(st.booleans()):
            buffer.take()
            buffer.land()
    buffer.take()
    buffer.land()
    text = "start " + "".join(pieces)
    offset = data.draw(st.integers(0, len(text)))

    assert buffer.length == len(text)
    assert buffer.slice(offset) == text[offset:]


def test_what_is_in_flight_is_tried_again_as_it_was() -> None:
    buffer = Buffer(1, MESSAGE, 1)
    buffer.append("one ")
    first = buffer.take()
    buffer.append("two ")

    again = buffer.take()

    assert first == again == (0, "one ")
    assert buffer.pending


async def test_an_answer_is_not_settled_while_text_is_in_flight() -> None:
    buffer = Buffer(1, MESSAGE, 1)
    buffer.append("one ")
    buffer.take()
    settled = asyncio.ensure_future(buffer.settle())
    await let_followers_run()

    assert not settled.done()
    buffer.land()
    await settled


async def test_a_page_that_does_not_read_is_paused_and_then_catches_up(
    settings: object,
) -> None:
    buffer = Buffer(1, MESSAGE, 1)
    room = Room(uuid.uuid4(), no_changes)
    room.buffer = buffer
    page = Page()
    watching = Watching(room, page)
    for _ in range(20):
        buffer.append("x" * 10_000)
        buffer.take()
        buffer.land()
        room.wake()
        await let_followers_run()
    watching.wire.deliver()

    assert page.offset < buffer.length
    watching.viewer.acknowledge(message_id=str(MESSAGE), offset=page.offset)
    await let_followers_run()
    watching.wire.deliver()
    assert page.offset == buffer.length
    await watching.leave()
