"""A hub on the test's own loop, and a gateway over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from uuid import uuid4

import pytest

from conversations.live.hub import Hub, get_hub
from conversations.models import Conversation, Generation, Message, User
from conversations.services.lifecycle import Lifecycle
from tests.factories import make_conversation, make_model, make_prompt
from tests.gateway import TestGateway
from tests.sending import send_message
from tests.services.transactions import MOST_CALLS, watched_transactions

P = ParamSpec("P")
R = TypeVar("R")
WAIT_SECONDS = 10.0


@pytest.fixture(scope="session")
def _gateway() -> Iterator[TestGateway]:
    with TestGateway() as gateway:
        yield gateway


@pytest.fixture
def gateway(_gateway: TestGateway) -> TestGateway:
    _gateway.clear()
    return _gateway


@pytest.fixture
async def hub(transactional_db: None, _short_transactions: None) -> AsyncIterator[Hub]:
    """The whole server but for its sockets: recovered, started, ended."""
    life = Lifecycle()
    await life.ensure_started()
    yield get_hub()
    await life.stop(drain_seconds=0)


@dataclass
class Talk:
    """A conversation that a test speaks in; whatever it does runs on a thread."""

    hub: Hub
    conversation: Conversation
    author: User

    async def run(
        self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        return await self.hub.readers.run(function, *args, **kwargs)

    async def send(self, content: str = "Hello") -> Message:
        """Send a message and return the reply that waits."""
        asked = await self.run(
            send_message,
            conversation=self.conversation,
            author=self.author,
            content=content,
            client_id=uuid4(),
        )
        return await self.run(asked.children.get)

    async def idle(self) -> None:
        """Wait until nothing is being written and nothing more starts by itself."""
        async with asyncio.timeout(WAIT_SECONDS):
            await self.hub.tasks.idle()

    async def has_looked(self, reply: Message) -> None:
        """Wait until a turn that must wait has found that it must."""
        generation = await self.generation(reply)
        while generation.pk in self.hub.tasks:
            await asyncio.sleep(0)

    async def ask(self, content: str = "Hello") -> Message:
        """Send a message and return its reply when it has ended."""
        reply = await self.send(content)
        await self.idle()
        return await self.fresh(reply)

    async def fresh(self, message: Message) -> Message:
        return await self.run(Message.objects.get, pk=message.pk)

    async def generation(self, reply: Message) -> Generation:
        rows = Generation.objects.select_related("revision", "stopped_by", "usage")
        return await self.run(
            rows.order_by("-attempt").filter(message=reply.pk)[:1].get
        )

    async def use(self, scenario: str) -> None:
        """Let the gateway behave otherwise from the next turn on.

        What is being planned just now would be asked in the old way: it is let be
        planned first.
        """
        tasks = self.hub.tasks
        async with asyncio.timeout(WAIT_SECONDS):
            while set(tasks.ids) - set(tasks._readers):
                await asyncio.sleep(0)

        def rename() -> None:
            model = self.conversation.model
            assert model is not None
            model.name = scenario
            model.save(update_fields=["name"])

        await self.run(rename)


@pytest.fixture
def conversation(
    transactional_db: None, alice: User, gateway: TestGateway
) -> Conversation:
    model = make_model("ok", base_url=gateway.base_url)
    return make_conversation(owner=alice, model=model, prompt=make_prompt())


@pytest.fixture
def talk(hub: Hub, conversation: Conversation, alice: User) -> Talk:
    return Talk(hub, conversation, alice)


@pytest.fixture
def _short_transactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A transaction on SQLite stops every stream: none may do much."""
    with watched_transactions(monkeypatch) as done:
        yield
    assert max((work.calls for work in done), default=0) <= MOST_CALLS
    assert not set().union(*(work.misplaced for work in done))
