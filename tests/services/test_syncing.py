from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conversations.gateways.base import GatewayError
from conversations.live.hub import get_hub, renew_hub
from conversations.models import Gateway, LanguageModel
from conversations.services.catalogs import (
    MOST_MODELS,
    ensure_gateways,
    sync_models,
    sync_new_models,
)
from conversations.services.gateways import find_default_model
from tests.factories import make_model
from tests.gateway import TestGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gateway() -> Iterator[TestGateway]:
    with TestGateway() as running:
        yield running


@pytest.fixture(autouse=True)
async def _hub() -> AsyncIterator[None]:
    yield
    await get_hub().close()
    renew_hub()


async def on_thread(function):
    return await get_hub().readers.run(function)


async def test_a_gateway_without_a_named_model_is_asked_for_its_list(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    monkeypatch.setenv("OPENAI_BASE_URL", gateway.base_url)
    await on_thread(ensure_gateways)

    await sync_new_models()
    await sync_new_models()

    listed = await on_thread(
        lambda: list(LanguageModel.objects.filter(gateway__name="OpenAI"))
    )
    assert 1 < len(listed) <= MOST_MODELS
    assert {each.window for each in listed} == {32_000}
    chosen = await on_thread(find_default_model)
    assert chosen is not None
    assert chosen.is_default
    assert chosen in listed


async def test_a_gateway_with_a_named_model_is_not_asked(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    monkeypatch.setenv("OPENAI_BASE_URL", gateway.base_url)
    monkeypatch.setenv("OPENAI_MODEL", "ok")
    await on_thread(ensure_gateways)

    await sync_new_models()

    assert not gateway.requests


async def test_nothing_is_asked_without_a_key() -> None:
    await on_thread(ensure_gateways)

    await sync_new_models()

    assert await on_thread(Gateway.objects.count) == 1


async def test_a_gateway_that_does_not_answer_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    await on_thread(ensure_gateways)

    await sync_new_models()

    assert "did not list its models" in caplog.text
    assert "canary" not in caplog.text


async def test_a_list_adds_to_what_people_have_set(gateway: TestGateway) -> None:
    model = await on_thread(
        lambda: make_model(base_url=gateway.base_url, window=5, is_default=True)
    )

    added = await sync_models(model.gateway)

    await on_thread(model.refresh_from_db)
    assert added > 0
    assert model.window == 5
    assert await on_thread(find_default_model) == model


async def test_a_gateway_that_cannot_be_reached_says_so() -> None:
    model = await on_thread(lambda: make_model(base_url="http://127.0.0.1:9/v1"))

    with pytest.raises(GatewayError):
        await sync_models(model.gateway)
