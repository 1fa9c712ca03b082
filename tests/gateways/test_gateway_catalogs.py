"""The test gateway lists models in each shape that gateways have."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from conversations.gateways.catalog.rows import read_listings
from tests.gateway import TestGateway
from tests.gateways.posting import CHAT, Reply, get, post


def rows(reply: Reply) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): row for row in reply.json["data"]}


@pytest.mark.parametrize(
    ("flavour", "path", "model", "facts"),
    [
        ("openai", "/v1", "gpt-4o", {"object": "model"}),
        ("ezrouter", "/v1", "claude-haiku-4-5", {"created": 1_626_777_600}),
        (
            "ezrouter",
            "/v1",
            "ok",
            {"supported_endpoint_types": ["anthropic", "openai"]},
        ),
        ("opper", "/v3/compat", "ok", {"context_length": 32_000}),
        ("litellm", "/v1", "ok", {"mode": "chat", "max_input_tokens": 32_000}),
        ("vllm", "/v1", "ok", {"max_model_len": 32_000}),
        ("compatible", "/v1", "ok", {"context_length": 32_000}),
    ],
)
def test_each_gateway_lists_models_in_its_own_shape(
    gateway: TestGateway, flavour: str, path: str, model: str, facts: dict[str, Any]
):
    reply = get(gateway, f"/{flavour}{path}/models")

    assert reply.status == 200
    assert facts.items() <= rows(reply)[model].items()


def test_openrouter_lists_in_pages_with_prices_as_text(gateway: TestGateway):
    first = get(gateway, "/openrouter/api/v1/models")
    following = first.json["links"]["next"]
    second = get(gateway, f"/openrouter/api/v1/models{following}")

    found = rows(first)
    assert first.json["total_count"] > len(found)
    assert not set(found) & set(rows(second))
    assert found["test/ok:1"]["pricing"]["prompt"] == "-1"
    assert found["test/ok:3"]["context_length"] is None
    override = found["test/gpt-6-sol"]["pricing"]["overrides"][0]
    assert override["min_prompt_tokens"] == 272_000


def test_anthropic_lists_in_pages_with_what_models_can(gateway: TestGateway):
    first = get(gateway, "/anthropic/v1/models")
    after = first.json["last_id"]
    second = get(gateway, f"/anthropic/v1/models?limit=1000&after_id={after}")

    thinking = rows(first)["claude-opus-5-5"]["capabilities"]["thinking"]["types"]
    assert first.json["has_more"] is True
    assert second.json["has_more"] is False
    assert not set(rows(first)) & set(rows(second))
    assert thinking["adaptive"] == {"supported": True}
    assert thinking["enabled"] == {"supported": False}


def test_local_servers_say_elsewhere_what_they_have_loaded(gateway: TestGateway):
    shown = httpx2.post(
        f"{gateway.root_url}/ollama/api/show", json={"model": "slow"}
    ).json()
    loaded = get(gateway, "/ollama/api/ps").json["models"]
    native = rows(get(gateway, "/lmstudio/api/v0/models"))
    properties = get(gateway, "/llamacpp/props").json
    info = get(gateway, "/litellm/model/info").json["data"][0]

    assert "num_ctx" in shown["parameters"]
    assert shown["model_info"]["test.context_length"] == 131_072
    assert [(row["name"], row["context_length"]) for row in loaded] == [("ok", 8_192)]
    assert native["ok"]["loaded_context_length"] == 8_192
    assert properties["default_generation_settings"]["n_ctx"] == 8_192
    assert info["model_info"]["input_cost_per_token"] > 0


@pytest.mark.parametrize("path", ["/openai/api/show", "/openai/props", "/openai/v1/x"])
def test_others_have_nothing_there(gateway: TestGateway, path: str):
    assert get(gateway, path).status == 404


@pytest.mark.parametrize(
    ("catalog", "status", "words"),
    [
        ("missing", 404, "Not Found"),
        ("html", 200, "<h1>"),
        ("empty", 200, '"data":[]'),
        ("error", 200, "Something went wrong."),
        ("bare", 200, '[{"id":"ok"'),
        ("garbage", 200, '{"id":'),
    ],
)
def test_a_list_may_be_none(
    gateway: TestGateway, catalog: str, status: int, words: str
):
    reply = get(gateway, f"/catalog/{catalog}/v1/models")

    assert (reply.status, words in reply.body.decode()) == (status, True)


def test_a_gateway_can_be_given_another_list():
    with TestGateway(catalog="openrouter") as gateway:
        names = set(rows(get(gateway, "/v1/models")))

    assert "test/gpt-4o" in names


def test_one_model_can_be_looked_up(gateway: TestGateway):
    assert get(gateway, "/v1/models/ok").json["id"] == "ok"
    assert get(gateway, "/v1/models/no-such-model").status == 404


@pytest.mark.parametrize("flavour", ["openai", "openrouter", "anthropic", "litellm"])
def test_what_is_listed_can_be_read_and_asked(gateway: TestGateway, flavour: str):
    path = {"openrouter": "/api/v1"}.get(flavour, "/v1")
    reply = get(gateway, f"/{flavour}{path}/models")

    listings = read_listings(reply.body, flavour)

    assert listings
    assert "paint" not in {listing.name for listing in listings}
    assert post(gateway, CHAT, "test/ok:2").status == 200
