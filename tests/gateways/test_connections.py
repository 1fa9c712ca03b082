from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

from conversations import limits
from conversations.gateways.base import (
    ErrorKind,
    GatewayError,
    Gateways,
    Route,
    request_bytes,
)
from conversations.wire import Protocol, Request
from tests.gateways.asking import KEY, ask, count_words, request_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conversations.wire import Json
    from tests.gateway import TestGateway

every_protocol = pytest.mark.parametrize("protocol", list(Protocol))
PATHS = {
    Protocol.CHAT_COMPLETIONS: "/v1/chat/completions",
    Protocol.RESPONSES: "/v1/responses",
    Protocol.MESSAGES: "/v1/messages",
}
HISTORY = request_for("ok", "Grüße “😀”", "An <answer>\n", "Go on", system="Be kind")


@pytest.fixture
async def gateways() -> AsyncIterator[Gateways]:
    gateways = Gateways(count_words)
    yield gateways
    await gateways.aclose()


@every_protocol
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"max_output_tokens": 4_000},
        {"effort": "low", "conversation": "c1"},
    ],
)
async def test_what_is_sent_is_what_is_hashed(
    gateway: TestGateway,
    gateways: Gateways,
    protocol: Protocol,
    more: dict[str, Any],
):
    request = Request("ok", HISTORY.messages, **more)

    heard = await ask(gateways, Route(gateway.base_url, KEY, protocol), request)

    sent = gateway.requests[0]
    assert heard.text == "t0 t1 t2 t3 t4 "
    assert sent.body == request_bytes(protocol, request)
    assert (sent.method, sent.path) == ("POST", PATHS[protocol])


@every_protocol
@pytest.mark.parametrize(
    ("auth", "key", "shown"),
    [
        ("bearer", KEY, {"authorization": f"Bearer {KEY}"}),
        ("x-api-key", KEY, {"x-api-key": KEY}),
        ("bearer", "", {}),
        ("x-api-key", "", {}),
    ],
)
async def test_the_key_is_shown_in_one_way_or_not_at_all(
    gateway: TestGateway,
    gateways: Gateways,
    protocol: Protocol,
    auth: Literal["bearer", "x-api-key"],
    key: str,
    shown: dict[str, str],
):
    route = Route(gateway.base_url, key, protocol, auth=auth)

    await ask(gateways, route, request_for("ok"))
    await gateways.list_models(route)

    for request in gateway.requests:
        headers = request.headers
        names = ("authorization", "x-api-key")
        assert {name: headers[name] for name in names if name in headers} == shown


@every_protocol
async def test_openrouter_is_told_who_asks(
    gateway: TestGateway, gateways: Gateways, protocol: Protocol
):
    route = Route(gateway.base_url, KEY, protocol, "openrouter")

    await ask(gateways, route, request_for("ok"))
    await ask(gateways, Route(gateway.base_url, KEY, protocol), request_for("ok"))

    titles = [each.headers.get("x-openrouter-title") for each in gateway.requests]
    assert titles == ["Roundtable", None]


@every_protocol
async def test_a_slash_at_the_end_of_an_address_changes_nothing(
    gateway: TestGateway, gateways: Gateways, protocol: Protocol
):
    await ask(gateways, Route(gateway.base_url + "/", KEY, protocol), request_for("ok"))

    assert gateway.requests[0].path == PATHS[protocol]


async def test_anything_of_a_gateways_own_server_can_be_fetched(
    gateway: TestGateway, gateways: Gateways
):
    route = Route(gateway.base_url, KEY)

    body = await gateways.fetch(route, f"{gateway.base_url}/models")

    assert json.loads(body)["object"] == "list"
    assert gateway.requests[0].headers["authorization"] == f"Bearer {KEY}"


def chat(model: str) -> Json:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}]}


async def test_json_can_be_posted(gateway: TestGateway, gateways: Gateways):
    url = f"{gateway.base_url}/chat/completions"

    body = await gateways.fetch(Route(gateway.base_url, KEY), url, chat("json"))

    assert json.loads(body)["choices"][0]["message"]["content"] == "t0 t1 "
    assert gateway.requests[0].json == chat("json")


async def test_a_stream_nobody_asked_for_is_its_first_event(
    gateway: TestGateway, gateways: Gateways
):
    url = f"{gateway.base_url}/chat/completions"

    body = await gateways.fetch(Route(gateway.base_url, KEY), url, chat("ok+stream"))

    assert json.loads(body)["object"] == "chat.completion.chunk"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/v1/models",
        "http://localhost:{port}/v1/models",
        "https://127.0.0.1:{port}/v1/models",
        "/v1/models",
    ],
)
async def test_the_key_goes_to_no_other_server(
    gateway: TestGateway, gateways: Gateways, url: str
):
    route = Route(gateway.base_url, KEY)

    with pytest.raises(GatewayError) as raised:
        await gateways.fetch(route, url.format(port=gateway.port))

    assert raised.value.kind is ErrorKind.REDIRECT
    assert gateway.requests == []


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("redirect", ErrorKind.REDIRECT),
        ("error:401", ErrorKind.UNAUTHORISED),
        ("echo-key", ErrorKind.UNAUTHORISED),
        ("giant", ErrorKind.TOO_LONG),
    ],
)
async def test_what_cannot_be_fetched_has_a_kind_and_tells_no_secret(
    gateway: TestGateway,
    gateways: Gateways,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    kind: ErrorKind,
):
    monkeypatch.setattr(limits, "GATEWAY_EVENT_BYTES", 500_000)
    url = f"{gateway.base_url}/chat/completions"

    with pytest.raises(GatewayError) as raised:
        await gateways.fetch(Route(gateway.base_url, KEY), url, chat(model))

    assert raised.value.kind is kind
    assert KEY not in repr(raised.value)


async def test_what_an_error_knows_survives_its_scrubbing(
    gateway: TestGateway, gateways: Gateways
):
    route = Route(gateway.base_url, KEY)

    later = await ask(gateways, route, request_for("retry-after:7"))
    full = await ask(gateways, route, request_for("overflow-llamacpp:8000"))

    assert later.error is not None
    assert later.error.retry_after == 7
    assert full.error is not None
    assert full.error.window == 8_000
