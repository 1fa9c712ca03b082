"""Every role at every socket: who is served, and what they hear of others."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from pytest_django import Settings

from conversations import limits
from conversations.live.guard import GONE, NO_RIGHT, SIGNED_OUT
from conversations.live.hub import Hub, get_hub
from conversations.models import (
    Conversation,
    Generation,
    LanguageModel,
    Membership,
    User,
    View,
)
from conversations.services.conversations import rename_conversation
from conversations.services.lifecycle import Lifecycle
from conversations.wire import State
from tests.gateway import TestGateway
from tests.rights.frames import HOSTILE
from tests.rights.matrix import READERS, SOCKET_COMMANDS, WRITERS
from tests.rights.matrix import SIGNED_OUT as OUT
from tests.rights.pages import SUBSCRIBE, Frame, Page, of_kind, page_of, path_of
from tests.rights.world import ROLES, World, make_world
from tests.sending import send_message

LISTS = "/ws/"


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
async def hub(world: World) -> AsyncIterator[Hub]:
    life = Lifecycle()
    await life.ensure_started()
    yield get_hub()
    await life.stop(drain_seconds=0)
    # Channels finds out who somebody is on a thread of its own.
    await sync_to_async(connections.close_all)()


def valid(command: str, world: World) -> Frame:
    return {"t": command, "m": str(world.own.reply.pk)}


async def served(world: World, role: str, path: str = "") -> int:
    """Open a page; return the code it is closed with, 0 where it is served."""
    async with page_of(world, role, path) as page:
        if path == LISTS:
            await page.say({"t": "?"})
        else:
            await page.say(SUBSCRIBE)
        return await page.step()


async def test_a_page_is_served_to_whom_the_matrix_says(
    world: World, hub: Hub, settings: Settings
) -> None:
    for role in ROLES:
        settings.ADMINS_MAY_READ = role == "reading_staff"
        code = SIGNED_OUT if role in OUT else 0 if role in READERS else GONE

        assert await served(world, role) == code, role
        assert await served(world, role, LISTS) == (code if code == SIGNED_OUT else 0)


async def test_a_page_of_others_looks_like_one_that_never_was(
    world: World, hub: Hub
) -> None:
    def delete() -> None:
        Conversation.objects.filter(pk=world.other.conversation.pk).update(
            deleted_at="2026-01-01T00:00Z"
        )

    await hub.readers.run(delete)
    ids = (world.foreign.conversation.pk, world.other.conversation.pk, uuid.uuid4())
    for pk in ids:
        assert await served(world, "owner", path_of(pk)) == GONE


@pytest.mark.parametrize("command", SOCKET_COMMANDS)
async def test_a_command_is_understood_of_whoever_is_served(
    world: World, hub: Hub, settings: Settings, command: str
) -> None:
    for role in READERS:
        settings.ADMINS_MAY_READ = role == "reading_staff"
        async with page_of(world, role) as page:
            await page.say(valid(command, world))
            assert "e" not in await page.settle(), role


async def test_typing_is_shown_of_those_who_may_write(
    world: World, hub: Hub, settings: Settings
) -> None:
    settings.ADMINS_MAY_READ = True
    async with AsyncExitStack() as stack:
        watching = await stack.enter_async_context(page_of(world, "owner"))
        await watching.settle()
        # Those who only read type first: whatever came of it would be seen.
        for role in sorted(READERS, key=WRITERS.__contains__):
            page = await stack.enter_async_context(page_of(world, role))
            await page.say({"t": "y", "m": "", "id": world.people["owner"].pk})
            await page.settle()
        await watching.until(lambda frame: len(typing(frame)) >= len(WRITERS))
    seen = {pk for frame in watching.frames for pk in typing(frame)}

    assert seen == {world.people[role].pk for role in WRITERS}


def typing(frame: Frame) -> set[int]:
    return {one["id"] for one in frame.get("here", ()) if one["typing"]}


async def test_who_is_here_is_told_to_those_who_are_here(
    world: World, hub: Hub
) -> None:
    own, foreign = (
        path_of(world.own.conversation.pk),
        path_of(world.foreign.conversation.pk),
    )
    alice, bob, charlie = (
        world.people[role].pk for role in ("owner", "participant", "outsider")
    )
    async with (
        page_of(world, "owner", own) as here,
        page_of(world, "participant", own) as too,
        page_of(world, "outsider", foreign) as elsewhere,
    ):
        for page in (too, here, elsewhere):
            await page.settle()
        await here.until(lambda frame: faces(frame) == {alice, bob})
        await elsewhere.until(lambda frame: faces(frame) == {charlie})
        await elsewhere.settle()

    assert all(faces(frame) <= {charlie} for frame in elsewhere.frames)


def faces(frame: Frame) -> set[int]:
    return {one["id"] for one in frame.get("here", ())}


async def test_reading_is_noted_of_oneself_and_of_this_conversation(
    world: World, hub: Hub
) -> None:
    async with page_of(world, "reader") as page:
        for things in (world.foreign, world.other, world.own):
            more = {
                "user": world.people["owner"].pk,
                "conversation": str(things.conversation.pk),
            }
            await page.say({"t": "read", "m": str(things.reply.pk), **more})
        await page.settle()

    def read() -> dict[tuple[str, uuid.UUID], int]:
        rows = View.objects.exclude(read_seq=0)
        return {(row.user.username, row.conversation_id): row.read_seq for row in rows}

    own = world.own
    assert await hub.readers.run(read) == {("rita", own.conversation.pk): own.reply.seq}


async def test_what_cannot_be_understood_is_answered_so(
    world: World, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FRAMES_PER_SECOND", 1000)
    for path in ("", LISTS):
        async with page_of(world, "reader", path) as page:
            for frame in HOSTILE:
                await page.say(frame)
                assert (await page.until(lambda one: one["t"] not in "pu"))["t"] == "e"
            if path == "":
                assert "e" not in await page.settle()


async def test_a_right_that_is_taken_between_two_frames_is_gone(
    world: World, hub: Hub
) -> None:
    """Whatever a page says then: it is closed, and nothing comes of it."""

    async def lose(command: str) -> int:
        async with page_of(world, "participant") as page:
            await page.settle()
            opened.release()
            await removed.wait()
            kinds = len(page.frames)
            await page.say(valid(command, world))
            code = await page.code()
            assert {one["t"] for one in page.frames[kinds:]} <= {"p", "u"}, command
            return code

    opened, removed = asyncio.Semaphore(0), asyncio.Event()
    losing = [asyncio.create_task(lose(command)) for command in SOCKET_COMMANDS]
    for _ in losing:
        await opened.acquire()
    bob = world.people["participant"]
    await hub.readers.run(Membership.objects.filter(user=bob).delete)
    async with page_of(world, "owner") as watching:
        removed.set()
        at = time.monotonic()
        assert set(await asyncio.gather(*losing)) <= {NO_RIGHT, GONE}
        assert time.monotonic() - at < 2
        await watching.settle()
    assert not any(bob.pk in typing(frame) for frame in watching.frames)
    view = await hub.readers.run(View.objects.get, user=bob)
    assert view.read_seq == 0


async def test_news_reach_those_who_may_know_and_nobody_else(
    world: World, hub: Hub
) -> None:
    """Nobody learns from a frame that somebody else's list has changed."""
    deaf = {"outsider", "guest", "removed", "staff"}
    pages = {
        role: Page(world, role, LISTS) for role in (*deaf, "reader", "participant")
    }
    for page in pages.values():
        await page.open()
    # Whoever hears of their own, has heard all that they were to hear before.
    await hub.readers.run(
        rename_conversation, conversation=world.own.conversation, title="A"
    )
    for role in ("reader", "participant"):
        assert await pages[role].until(of_kind("u")) == {"t": "u"}
    for role in sorted(deaf):
        await pages[role].say({"t": "?"})
        await pages[role].step()
    frames = {role: [one["t"] for one in pages[role].frames] for role in deaf}
    for page in pages.values():
        await page.leave()

    assert frames == {role: ["e"] for role in deaf}


@pytest.fixture(scope="module")
def gateway() -> Iterator[TestGateway]:
    with TestGateway() as gateway:
        yield gateway


def remove(user: User) -> None:
    Membership.objects.filter(user=user).delete()


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("lose", "code"), [(remove, NO_RIGHT), (deactivate, SIGNED_OUT)]
)
async def test_who_loses_their_right_takes_no_answer_from_the_others(
    world: World,
    hub: Hub,
    gateway: TestGateway,
    lose: Callable[[User], None],
    code: int,
) -> None:
    """It was bob who asked, and it is answered on while he is shut out."""
    bob, conversation = world.people["participant"], world.own.conversation
    model = conversation.model
    assert model is not None

    def ask() -> None:
        model.gateway.endpoints.update(base_url=gateway.base_url)
        LanguageModel.objects.filter(pk=model.pk).update(name="endless:0@100")
        send_message(
            conversation=conversation,
            author=bob,
            content="Go on.",
            client_id=uuid.uuid4(),
        )

    async with page_of(world, "owner") as alice, page_of(world, "participant") as page:
        await alice.settle()
        await page.settle()
        await hub.readers.run(ask)
        await page.until(of_kind("d"))
        await hub.readers.run(lose, bob)
        assert await page.code() == code
        offset = (await alice.until(of_kind("d")))["o"]
        await alice.until(lambda frame: frame["t"] == "d" and frame["o"] > offset)
        running = await hub.readers.run(Generation.objects.get, state=State.RUNNING)
    assert running.asked_by_id == bob.pk
