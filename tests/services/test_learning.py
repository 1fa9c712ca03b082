"""What a refusal teaches, and what one refusal alone must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conversations.models import Conversation, LanguageModel, LearnedFact
from conversations.wire import State

if TYPE_CHECKING:
    from tests.gateway import TestGateway
    from tests.services.conftest import Talk


@pytest.fixture
def _listed(talk: Talk) -> None:
    """A window that the gateway lists: unlike an admin's own, it can be unlearned."""
    LanguageModel.objects.update(window=None, listed_window=8192)
    talk.conversation.refresh_from_db()


pytestmark = pytest.mark.usefixtures("_listed")


async def test_a_short_request_that_is_called_too_long_teaches_nothing(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("empty-length")

    reply = await talk.ask()

    assert (await talk.generation(reply)).state == State.CONTEXT_FULL
    assert not await talk.run(LearnedFact.objects.exists)
    gateway.clear()
    await talk.ask("Hello again")
    assert gateway.requests


async def test_a_long_request_that_is_called_too_long_teaches_its_length(
    talk: Talk, gateway: TestGateway
) -> None:
    await talk.use("ok:200@5000")
    for _ in range(3):
        await talk.ask("word " * 1100)
    gateway.clear()
    await talk.use("empty-length")

    reply = await talk.ask("And now?")

    fact = await talk.run(LearnedFact.objects.get)
    assert fact.kind == LearnedFact.Kind.WINDOW
    assert 5_000 < int(fact.value) < 6_000
    assert (await talk.generation(reply)).trimmed


async def test_an_effort_that_is_not_taken_is_not_said_to_have_been_used(
    talk: Talk, gateway: TestGateway
) -> None:
    efforts = {"efforts": ["low", "high"]}
    await talk.run(LanguageModel.objects.update, abilities=efforts)
    await talk.run(Conversation.objects.update, effort="high")
    await talk.run(talk.conversation.refresh_from_db)
    used = []

    for scenario in ("ok", "no-effort", "no-effort"):
        await talk.use(scenario)
        used.append((await talk.generation(await talk.ask())).effort)

    sent = [request.json.get("reasoning_effort") for request in gateway.requests]
    assert sent == ["high", "high", None, None]
    assert used == ["high", "", ""]
