"""Random viewers over random streams: nothing lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import json
import uuid

from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from conversations.limits import UNACKNOWLEDGED_CHARACTERS
from conversations.live.buffer import Buffer
from conversations.live.room import Branch, Changes, Room
from conversations.live.viewer import Viewer
from conversations.rendering.markdown import Block
from tests.live.page import Page

MESSAGE = uuid.uuid4()

# What happens to a stream: a token or a thought arrives, a commit lands, a block
# closes, a viewer's connection drops and comes back.
STEPS = st.lists(
    st.sampled_from(
        ["token", "thought", "land", "close", "send", "drop", "lose", "new_page"]
    ),
    max_size=120,
)


async def no_changes(conversation_id: uuid.UUID, seen: int, branch: Branch) -> Changes:
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
        self.viewer.subscribe(seen=page.seen, cursor=page.cursor, branch=Branch())
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


def land(buffer: Buffer) -> None:
    """Let what is pending be committed."""
    list(buffer.take())
    buffer.land()


class Stage:
    """One stream and its pages; each kind of step is a method."""

    def __init__(self) -> None:
        self.buffer = Buffer(1, MESSAGE, 1)
        self.room = Room(uuid.uuid4(), no_changes)
        self.room.buffer = self.buffer
        self.pages = [Page()]
        self.watching = [Watching(self.room, self.pages[0])]
        self.written = ""
        self.thought_of = ""

    async def token(self, number: int) -> None:
        self.buffer.append(f"t{number} ")
        self.written += f"t{number} "

    async def thought(self, number: int) -> None:
        self.buffer.think(f"r{number} ")
        self.thought_of += f"r{number} "

    async def land(self, _number: int = 0) -> None:
        land(self.buffer)

    async def close(self, _number: int) -> None:
        close_one_block(self.buffer)

    async def send(self, _number: int) -> None:
        await let_followers_run()
        self.watching[-1].wire.deliver()

    async def drop(self, _number: int) -> None:
        """The connection ends after what was on the way has arrived."""
        await self.watching[-1].leave()
        self.watching[-1].wire.deliver()
        self.watching[-1] = Watching(self.room, self.pages[-1])

    async def lose(self, _number: int) -> None:
        """The connection ends, and what was on the way with it."""
        await self.watching[-1].leave()
        self.watching[-1] = Watching(self.room, self.pages[-1])

    async def new_page(self, _number: int) -> None:
        self.pages.append(Page())
        self.watching.append(Watching(self.room, self.pages[-1]))

    async def finish(self) -> None:
        """Everybody comes back once more and is told the rest."""
        await self.land()
        for one in self.watching:
            one.wire.on_the_way.clear()
            one.viewer.subscribe(seen=0, cursor=one.wire.page.cursor, branch=Branch())
        await let_followers_run()
        for one in self.watching:
            one.wire.deliver()
            await one.leave()


async def play(steps: list[str]) -> Stage:
    stage = Stage()
    for number, step in enumerate(steps):
        await getattr(stage, step)(number)
        stage.room.wake()
    await stage.finish()
    return stage


@given(STEPS)
def test_every_page_ends_with_exactly_the_text_and_reasoning_that_were_written(
    steps: list[str],
) -> None:
    stage = asyncio.run(play(steps))

    assert {(page.text, page.reasoning) for page in stage.pages} == {
        (stage.written, stage.thought_of)
    }


@given(st.lists(st.text(max_size=5), max_size=40), st.data())
def test_any_slice_of_a_buffer_is_that_slice_of_the_text(
    pieces: list[str], data: st.DataObject
) -> None:
    buffer = Buffer(1, MESSAGE, 1, "start ")
    for piece in pieces:
        buffer.append(piece)
        if data.draw(st.booleans()):
            land(buffer)
    land(buffer)
    text = "start " + "".join(pieces)
    offset = data.draw(st.integers(0, len(text)))

    assert buffer.length == len(text)
    assert buffer.slice(offset) == text[offset:]


def test_what_is_in_flight_is_tried_again_as_it_was() -> None:
    buffer = Buffer(1, MESSAGE, 1)
    buffer.append("one ")
    buffer.think("Well ")
    first = list(buffer.take())
    buffer.append("two ")
    buffer.think("now ")

    again = list(buffer.take())

    assert first == again == [(1, True, 0, "Well "), (1, False, 0, "one ")]
    assert buffer.pending


async def test_an_answer_is_not_settled_while_text_is_in_flight() -> None:
    buffer = Buffer(1, MESSAGE, 1)
    buffer.append("one ")
    list(buffer.take())
    settled = asyncio.ensure_future(buffer.settle())
    await let_followers_run()

    assert not settled.done()
    buffer.land()
    await settled


async def test_a_page_that_does_not_read_is_paused_and_then_catches_up() -> None:
    buffer = Buffer(1, MESSAGE, 1)
    room = Room(uuid.uuid4(), no_changes)
    room.buffer = buffer
    page = Page()
    watching = Watching(room, page)
    for _ in range(20):
        buffer.think("r" * 10_000)
        buffer.append("x" * 10_000)
        land(buffer)
        room.wake()
        await let_followers_run()
    watching.wire.deliver()

    assert page.cursor.read < UNACKNOWLEDGED_CHARACTERS + 20_000
    watching.viewer.acknowledge(message_id=str(MESSAGE), read=page.cursor.read)
    await let_followers_run()
    watching.wire.deliver()
    watching.viewer.acknowledge(message_id=str(MESSAGE), read=page.cursor.read)
    await let_followers_run()
    watching.wire.deliver()
    assert page.offset == buffer.length
    assert page.reasoning_offset == buffer.reasoning_length
    await watching.leave()


async def test_the_reasoning_of_a_new_attempt_begins_anew() -> None:
    first, second = Buffer(1, MESSAGE, 1), Buffer(2, MESSAGE, 2, "one ")
    first.think("Hm. ")
    first.append("one ")
    land(first)
    second.think("And ")
    land(second)
    room = Room(uuid.uuid4(), no_changes)
    room.buffer = first
    watching = Watching(room, Page())
    room.wake()
    await let_followers_run()

    room.buffer = second
    room.wake()
    await let_followers_run()

    frames = [json.loads(frame) for frame in watching.wire.on_the_way]
    places = [(one["t"], one["a"], one["o"], one["x"]) for one in frames]
    assert places == [("r", 1, 0, "Hm. "), ("d", 1, 0, "one "), ("r", 2, 0, "And ")]
    await watching.leave()


def test_the_first_delta_may_be_reasoning_and_the_first_text_comes_after_it() -> None:
    buffer = Buffer(1, MESSAGE, 1)
    began = [buffer.began]

    buffer.think("Hm. ")
    began.append(buffer.began)
    thought_at, text_at = buffer.first_delta_at, buffer.first_text_at
    buffer.append("one ")

    assert began == [False, True]
    assert text_at is None
    assert thought_at == buffer.first_delta_at
    assert thought_at is not None
    assert buffer.first_text_at is not None
    assert thought_at <= buffer.first_text_at
