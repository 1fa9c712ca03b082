"""Each gateway's list of models, asked for over real HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from conversations.context.tokens import count
from conversations.gateways.base import (
    ErrorKind,
    GatewayError,
    Gateways,
    ModelListing,
    Route,
)
from conversations.wire import Prices, Protocol, Rates
from tests.gateway import TestGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHAT, MESSAGES = Protocol.CHAT_COMPLETIONS, Protocol.MESSAGES
KEY = "sk-canary-0123456789"


@pytest.fixture
async def gateways() -> AsyncIterator[Gateways]:
    connected = Gateways(count)
    yield connected
    await connected.aclose()


async def ask(
    gateways: Gateways, base_url: str, preset: str, protocol: Protocol = CHAT
) -> dict[str, ModelListing]:
    route = Route(base_url, KEY, protocol, preset)
    return {each.name: each for each in await gateways.list_models(route)}


async def test_openai_lists_names(gateway: TestGateway, gateways: Gateways) -> None:
    found = await ask(gateways, gateway.url_for("openai", CHAT), "openai")

    assert found["gpt-5-mini"] == ModelListing("gpt-5-mini")
    assert len(gateway.requests) == 1


async def test_ezrouter_lists_protocols(
    gateway: TestGateway, gateways: Gateways
) -> None:
    found = await ask(gateways, gateway.url_for("ezrouter", CHAT), "ezrouter")

    assert found["claude-sonnet-4-6"].protocols == (CHAT, MESSAGES)
    assert found["gpt-4o"].protocols == (CHAT,)
    assert found["gpt-4o"].prices is None


async def test_openrouter_lists_everything_on_many_pages(
    gateway: TestGateway, gateways: Gateways
) -> None:
    found = await ask(gateways, gateway.url_for("openrouter", CHAT), "openrouter")

    sol = found["test/gpt-6-sol"]
    assert (sol.window, sol.max_output, sol.label) == (
        922_000,
        128_000,
        "Test: gpt-6-sol",
    )
    assert sol.abilities.efforts == ("low", "medium", "high")
    assert sol.abilities.vision is True
    assert sol.prices is not None
    assert sol.prices.base.input == 2
    assert sol.prices.base.output == 10
    assert [(tier.above, tier.rates.input) for tier in sol.prices.tiers] == [
        (272_000, Decimal(4))
    ]
    assert found["test/ok:1"].prices == Prices(Rates())
    free = found["test/ok:2"].prices
    assert free is not None
    assert free.base.input == 0
    assert free.base.output == 0
    assert found["test/ok:3"].window is None
    assert "test/paint" not in found
    # Page after page, and one row a name.
    assert len(found) > 20
    assert len(gateway.requests) > 2


async def test_opper_lists_windows_and_prices(
    gateway: TestGateway, gateways: Gateways
) -> None:
    found = await ask(gateways, gateway.url_for("opper", CHAT), "opper")

    sonnet = found["claude-sonnet-4-6"]
    assert sonnet.window == 1_000_000
    assert sonnet.prices is not None
    assert sonnet.prices.base.cached_input == Decimal("0.3")


async def test_anthropic_lists_ways_of_thinking(
    gateway: TestGateway, gateways: Gateways
) -> None:
    base_url = gateway.url_for("anthropic", MESSAGES)
    found = await ask(gateways, base_url, "anthropic", MESSAGES)

    opus = found["claude-opus-5-5"]
    assert (opus.window, opus.max_output) == (1_000_000, 128_000)
    assert opus.abilities.thinking == ("adaptive",)
    assert opus.abilities.efforts == ("low", "medium", "high", "max")
    assert len(found) > 20
    assert gateway.requests[0].headers["anthropic-version"] == "2023-06-01"


async def test_ollama_lists_what_is_loaded(
    gateway: TestGateway, gateways: Gateways
) -> None:
    found = await ask(gateways, gateway.url_for("ollama", CHAT), "ollama")

    assert found["ok"].window == 8_192
    assert found["slow"].window == 16_384
    # 131,072 were trained; how many would be loaded nobody says.
    assert found["echo"].window is None
    assert found["ok"].abilities.tools is True


@pytest.mark.parametrize(
    ("flavour", "window"),
    [("lmstudio", 8_192), ("llamacpp", 8_192), ("vllm", 32_000), ("litellm", 32_000)],
)
async def test_a_compatible_server_is_asked_where_it_says_more(
    gateway: TestGateway, gateways: Gateways, flavour: str, window: int
) -> None:
    found = await ask(gateways, gateway.url_for(flavour, CHAT), "compatible")

    assert found["ok"].window == window


async def test_litellm_lists_prices_elsewhere(
    gateway: TestGateway, gateways: Gateways
) -> None:
    found = await ask(gateways, gateway.url_for("litellm", CHAT), "compatible")

    sonnet = found["claude-sonnet-4-6"].prices
    assert sonnet is not None
    assert sonnet.base.input == 3
    assert sonnet.base.output == 15
    assert found["ok:2"].prices == Prices(Rates())
    assert "paint" not in found


@pytest.mark.parametrize(
    ("catalog", "kind"),
    [
        ("missing", ErrorKind.NOT_FOUND),
        ("html", ErrorKind.NOT_A_STREAM),
        ("garbage", ErrorKind.NOT_A_STREAM),
    ],
)
async def test_what_is_no_list_is_an_error_without_the_key(
    gateway: TestGateway, gateways: Gateways, catalog: str, kind: ErrorKind
) -> None:
    with pytest.raises(GatewayError) as caught:
        await ask(gateways, f"{gateway.root_url}/catalog/{catalog}/v1", "openrouter")

    assert caught.value.kind is kind
    assert KEY not in str(caught.value)


async def test_an_empty_list_is_no_error(
    gateway: TestGateway, gateways: Gateways
) -> None:
    assert not await ask(gateways, f"{gateway.root_url}/catalog/empty/v1", "openrouter")


async def test_a_list_without_an_object_around_it_is_one(
    gateway: TestGateway, gateways: Gateways
) -> None:
    assert await ask(gateways, f"{gateway.root_url}/catalog/bare/v1", "compatible")
