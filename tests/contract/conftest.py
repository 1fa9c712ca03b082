"""A hub, a gateway that counts and checks, and a conversation on any surface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from conversations import limits
from conversations.live.hub import Hub, get_hub
from conversations.models import User
from conversations.services.lifecycle import Lifecycle
from tests.contract.bodies import EFFORT
from tests.contract.story import PROMPT, Story
from tests.contract.surfaces import MODEL, Surface, make_surface
from tests.factories import make_conversation, make_prompt
from tests.gateway import TestGateway
from tests.gateway.economy import Economy
from tests.services.conftest import Talk

Tell = Callable[..., Awaitable[Story]]


@pytest.fixture(scope="module")
def _gateway() -> Iterator[TestGateway]:
    with TestGateway(economy=Economy()) as gateway:
        yield gateway


@pytest.fixture
def gateway(_gateway: TestGateway) -> TestGateway:
    _gateway.clear()
    _gateway.state.economy = Economy()
    return _gateway


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_FIRST_SECONDS", 0.01)
    monkeypatch.setattr(limits, "RETRY_MOST_SECONDS", 0.02)


@pytest.fixture
async def hub(transactional_db: None) -> AsyncIterator[Hub]:
    life = Lifecycle()
    await life.ensure_started()
    yield get_hub()
    await life.stop(drain_seconds=0)


@pytest.fixture
def tell(hub: Hub, gateway: TestGateway, alice: User) -> Tell:
    """Begin a conversation of alice's on a surface."""

    def make(surface: Surface, name: str) -> Talk:
        conversation = make_conversation(
            owner=alice,
            model=make_surface(surface, gateway, name=name),
            prompt=make_prompt(PROMPT),
        )
        conversation.effort = EFFORT
        conversation.save(update_fields=["effort"])
        return Talk(hub, conversation, alice)

    async def begin(surface: Surface, name: str = MODEL) -> Story:
        talk = await hub.readers.run(make, surface, name)
        return Story(talk, gateway, surface, name)

    return begin
