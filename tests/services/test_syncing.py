from __future__ import annotations

import socket
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.gateways.base import GatewayError
from conversations.gateways.catalog.rows import ModelListing
from conversations.live.hub import get_hub, renew_hub
from conversations.models import Gateway, LanguageModel, Price
from conversations.services import syncing
from conversations.services.catalogs import ensure_gateways, sync_new_models
from conversations.services.gateways import find_default_model
from conversations.services.keys import set_key
from conversations.services.syncing import (
    MOST_MODELS,
    Synced,
    is_missing,
    keep_models,
    sync_models,
)
from conversations.wire import Abilities, Prices, Protocol, Rates
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
    assert {each.listed_window for each in listed} == {32_000}
    assert {each.window for each in listed} == {None}
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

    synced = await sync_models(model.gateway)

    await on_thread(model.refresh_from_db)
    assert synced.new == synced.listed - 1 > 0
    assert (model.window, model.listed_window) == (5, 32_000)
    assert await on_thread(find_default_model) == model


async def test_a_gateway_that_cannot_be_reached_says_so() -> None:
    model = await on_thread(lambda: make_model(base_url="http://127.0.0.1:9/v1"))

    with pytest.raises(GatewayError):
        await sync_models(model.gateway)


async def test_a_gateway_that_never_gives_its_list_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(syncing, "LIST_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        model = await on_thread(lambda: make_model(base_url=base_url))

        with pytest.raises(GatewayError, match="No list after"):
            await sync_models(model.gateway)


RICH = ModelListing(
    "claude-sonnet-5-5",
    label="Sonnet",
    window=200_000,
    max_output=64_000,
    prices=Prices(Rates(input=Decimal(2), output=Decimal(10))),
    abilities=Abilities(reasoning=True, efforts=("low", "high")),
    protocols=(Protocol.CHAT_COMPLETIONS, Protocol.MESSAGES),
)


@pytest.fixture
def router() -> Gateway:
    return Gateway.objects.create(name="Router", preset="openrouter")


def test_everything_a_list_says_is_kept(router: Gateway) -> None:
    assert keep_models(router, [RICH, ModelListing("plain")]) == Synced(2, 2, 0)

    router.refresh_from_db()
    model = router.models.get(name=RICH.name)
    assert (model.listed_window, model.listed_max_output) == (200_000, 64_000)
    assert model.abilities == {"reasoning": True, "efforts": ["low", "high"]}
    assert model.listed_protocols == ["chat_completions", "messages"]
    assert (model.label, model.enabled) == ("Sonnet", True)
    assert model.listed_at == router.synced_at
    assert model.prices.get().source == Price.Source.GATEWAY
    assert not router.models.get(name="plain").prices.exists()


def test_what_an_admin_has_set_is_never_touched(router: Gateway) -> None:
    model = router.models.create(
        name=RICH.name, label="Ours", window=5, max_output=6, enabled=False
    )
    model.protocol = "messages"
    model.save()

    assert keep_models(router, [RICH]) == Synced(1, 0, 0)

    model.refresh_from_db()
    assert (model.label, model.window, model.max_output) == ("Ours", 5, 6)
    assert (model.enabled, model.protocol) == (False, "messages")
    assert model.listed_window == 200_000


def test_a_model_that_is_listed_no_more_stays_and_says_since_when(
    router: Gateway,
) -> None:
    keep_models(router, [RICH, ModelListing("old")])
    last = router.synced_at
    mine = router.models.create(name="mine")

    synced = keep_models(router, [RICH])

    assert synced == Synced(1, 0, 1)
    assert router.models.get(name="old").listed_at == last
    assert router.synced_at is not None
    assert last is not None
    assert router.synced_at > last
    models = router.models.select_related("gateway")
    assert {each.name: is_missing(each) for each in models} == {
        RICH.name: False,
        "old": True,
        mine.name: False,
    }


def test_a_price_is_added_only_where_it_has_changed(router: Gateway) -> None:
    dearer = replace(RICH, prices=Prices(Rates(input=Decimal(3), output=Decimal(10))))

    for listing in (RICH, RICH, dearer, dearer, replace(RICH, prices=None)):
        keep_models(router, [listing])

    rows = Price.objects.order_by("effective_from")
    assert [row.input for row in rows] == [2, 3]


def test_the_least_dear_of_the_known_models_becomes_the_default(
    router: Gateway,
) -> None:
    listings = [ModelListing(name) for name in ("new", "openai/gpt-4o", "gpt-6-luna")]

    keep_models(router, listings)
    keep_models(router, [ModelListing("claude-haiku-5-5")])

    default = find_default_model()
    assert default is not None
    assert (default.name, default.is_default) == ("gpt-6-luna", True)


def test_of_unknown_models_the_first_becomes_the_default(router: Gateway) -> None:
    keep_models(router, [ModelListing("b"), ModelListing("a")])

    default = find_default_model()
    assert default is not None
    assert default.name == "b"


def test_five_hundred_models_are_kept_in_short_transactions(router: Gateway) -> None:
    listings = [replace(RICH, name=f"m{number}") for number in range(500)]
    with CaptureQueriesContext(connection) as queries:
        keep_models(router, listings)

    assert router.models.count() == 500
    assert Price.objects.count() == 500
    # A few for each hundred, and none for each model.
    assert len(queries) < 80


async def test_every_gateway_of_the_environment_is_asked_and_none_stops_another(
    gateway: TestGateway, caplog: pytest.LogCaptureFixture
) -> None:
    def make() -> None:
        for name, base_url in (
            ("Broken", "http://127.0.0.1:9/v1"),
            ("Good", gateway.base_url),
        ):
            made = Gateway.objects.create(name=name, key_variable=f"{name}_KEY")
            set_key(gateway=made, key="any")
            made.endpoints.create(base_url=base_url)

    await on_thread(make)

    await sync_new_models()

    assert "Broken did not list its models" in caplog.text
    good = await on_thread(lambda: Gateway.objects.get(name="Good"))
    assert await on_thread(good.models.exists)


@pytest.fixture
def two_gateways(gateway: TestGateway) -> None:
    for name, base_url, enabled in (
        ("Asleep", "http://127.0.0.1:9/v1", False),
        ("Good", gateway.base_url, True),
    ):
        made = Gateway.objects.create(name=name, enabled=enabled)
        made.endpoints.create(base_url=base_url)


@pytest.mark.usefixtures("two_gateways")
def test_the_command_asks_every_enabled_gateway_and_says_what_came_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ensure_gateways()

    call_command("sync_models")

    count = Gateway.objects.get(name="Good").models.count()
    said = capsys.readouterr()
    assert said.out == f"Good: {count} models found.\n"
    assert said.err == ""


@pytest.mark.usefixtures("two_gateways")
def test_the_command_fails_where_a_gateway_does_and_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Gateway.objects.update(enabled=True)

    with pytest.raises(SystemExit) as caught:
        call_command("sync_models")

    said = capsys.readouterr()
    assert caught.value.code == 1
    assert said.err.startswith("Asleep: The gateway could not be reached")
    assert len(said.err.splitlines()) == 1
    assert said.out.startswith("Good: ")


@pytest.mark.usefixtures("two_gateways")
def test_the_command_asks_one_gateway_by_its_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("sync_models", gateway="Good")
    with pytest.raises(CommandError) as caught:
        call_command("sync_models", gateway="Best")

    assert capsys.readouterr().out.startswith("Good: ")
    assert str(caught.value) == "There is no gateway “Best”. There are: Asleep, Good."


def test_the_command_names_a_key_that_is_missing(
    capsys: pytest.CaptureFixture[str], router: Gateway
) -> None:
    router.endpoints.create(base_url="http://127.0.0.1:9/v1")

    with pytest.raises(SystemExit):
        call_command("sync_models")

    assert "has no key. An admin can set it." in capsys.readouterr().err


def test_the_command_says_where_there_is_nobody_to_ask(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ensure_gateways()

    call_command("sync_models")

    assert capsys.readouterr().out.startswith("There is no gateway to ask.")
