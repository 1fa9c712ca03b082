"""Which addresses are asked for models, and what is made of their answers."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from conversations.gateways.base import GatewayError
from conversations.gateways.catalog import listing
from conversations.gateways.catalog.listing import MOST_PAGES, list_models
from conversations.gateways.catalog.rows import ModelListing
from conversations.gateways.errors import ErrorKind
from conversations.wire import Abilities, Json, Prices, Rates

BASE = "http://127.0.0.1:9000/v1"
HOME = "http://127.0.0.1:9000"


class Server:
    """Answers at the addresses it is given, and 404 elsewhere, as servers do."""

    def __init__(self, answers: dict[str, object]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def fetch(self, url: str, body: Json | None) -> bytes:
        key = f"{url} {body['model']}" if body else url
        self.asked.append(key)
        answer = self.answers.get(key)
        if answer is None:
            raise GatewayError(ErrorKind.NOT_FOUND, "Not Found", 404)
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


async def models_of(
    preset: str, answers: dict[str, object], base_url: str = BASE
) -> list[ModelListing]:
    return await list_models(preset, base_url, Server(answers).fetch)


def names(*ids: str, **more: object) -> dict[str, object]:
    return {"object": "list", "data": [{"id": each} for each in ids], **more}


async def test_openrouters_pages_are_followed_to_the_end() -> None:
    url = "https://openrouter.ai/api/v1/models"
    server = Server(
        {
            url: names("a", "b", links={"next": "/api/v1/models?offset=2"}),
            f"{url}?offset=2": names("b", "c", links={"next": f"{url}?offset=4"}),
            f"{url}?offset=4": names("d", links={"next": None}),
        }
    )

    found = await list_models("openrouter", url.removesuffix("/models"), server.fetch)

    assert [each.name for each in found] == ["a", "b", "c", "d"]
    assert len(server.asked) == 3


async def test_anthropics_pages_are_followed_by_the_last_id() -> None:
    url = "https://api.anthropic.com/v1/models"
    server = Server(
        {
            f"{url}?limit=1000": names("a", has_more=True, last_id="a&b"),
            f"{url}?limit=1000&after_id=a%26b": names("c", has_more=False, last_id="c"),
        }
    )

    found = await list_models("anthropic", "https://api.anthropic.com/v1", server.fetch)

    assert [each.name for each in found] == ["a", "c"]


@pytest.mark.parametrize(
    "following",
    [
        "https://elsewhere.example/v1/models",
        "//elsewhere.example/models",
        "http://127.0.0.1:9001/v1/models",
        "https://127.0.0.1:9000/v1/models",
        "javascript:alert(1)",
    ],
)
async def test_a_page_elsewhere_is_not_asked_since_the_key_would_go_along(
    following: str,
) -> None:
    server = Server({f"{BASE}/models": names("a", links={"next": following})})

    found = await list_models("openrouter", BASE, server.fetch)

    assert found == [ModelListing("a")]
    assert server.asked == [f"{BASE}/models"]


async def test_pages_that_go_round_in_circles_are_left() -> None:
    url = f"{BASE}/models"
    first = names("a", links={"next": "?page=2"})
    second = names("b", links={"next": "/v1/models"})

    found = await models_of("openrouter", {url: first, f"{url}?page=2": second})

    assert [each.name for each in found] == ["a", "b"]


async def test_pages_without_an_end_are_left_after_some() -> None:
    class Endless(Server):
        async def fetch(self, url: str, body: Json | None) -> bytes:
            self.asked.append(url)
            number = len(self.asked)
            page = names(f"m{number}", links={"next": f"?page={number}"})
            return json.dumps(page).encode()

    server = Endless({})
    found = await list_models("openrouter", BASE, server.fetch)

    assert len(found) == len(server.asked) == MOST_PAGES


async def test_a_gateway_without_a_list_is_an_error() -> None:
    with pytest.raises(GatewayError) as caught:
        await models_of("compatible", {})

    assert caught.value.kind is ErrorKind.NOT_FOUND


OLLAMA = {
    f"{BASE}/models": names("loaded:8b", "set:8b", "neither:8b", "far:cloud", "nomic"),
    f"{HOME}/api/ps": {"models": [{"name": "loaded:8b", "context_length": 16_384}]},
    f"{HOME}/api/show loaded:8b": {
        "parameters": "num_ctx                        4096",
        "model_info": {"llama.context_length": 131_072},
        "capabilities": ["completion", "tools", "thinking"],
    },
    f"{HOME}/api/show set:8b": {
        "parameters": 'stop      "<|eot|>"\nnum_ctx      8192\ntemperature 1',
        "model_info": {"llama.context_length": 131_072},
        "capabilities": ["completion", "vision"],
    },
    f"{HOME}/api/show neither:8b": {"model_info": {"llama.context_length": 131_072}},
    f"{HOME}/api/show far:cloud": {
        "remote_host": "https://ollama.com:443",
        "model_info": {"general.name": "far", "gptoss.context_length": 131_072},
    },
    f"{HOME}/api/show nomic": {"capabilities": ["embedding"]},
}


async def test_ollamas_windows_are_those_loaded_and_never_those_trained() -> None:
    found = await models_of("ollama", OLLAMA)

    assert {each.name: each.window for each in found} == {
        "loaded:8b": 16_384,
        "set:8b": 8_192,
        "neither:8b": None,
        "far:cloud": 131_072,
    }


async def test_ollama_says_what_its_models_can_do() -> None:
    found = {each.name: each.abilities for each in await models_of("ollama", OLLAMA)}

    assert found["loaded:8b"] == Abilities(reasoning=True, tools=True)
    assert found["set:8b"] == Abilities(vision=True)


async def test_an_ollama_that_says_nothing_more_has_its_models_all_the_same() -> None:
    found = await models_of("ollama", {f"{BASE}/models": names("llama3.2:latest")})

    assert found == [ModelListing("llama3.2:latest")]


LM_STUDIO = {
    "data": [
        {
            "id": "a",
            "type": "llm",
            "max_context_length": 131_072,
            "state": "not-loaded",
        },
        {
            "id": "b",
            "type": "vlm",
            "max_context_length": 32_768,
            "loaded_context_length": 4_096,
        },
        {"id": "c", "type": "embeddings", "max_context_length": 2_048},
    ]
}


async def test_lm_studio_says_elsewhere_what_it_has_loaded() -> None:
    found = await models_of(
        "compatible",
        {
            f"{BASE}/models": names("a", "b", "c", "d"),
            f"{HOME}/api/v0/models": LM_STUDIO,
        },
    )

    assert found == [
        ModelListing("a", 131_072),
        ModelListing("b", 4_096, abilities=Abilities(vision=True)),
        ModelListing("d"),
    ]


@pytest.mark.parametrize(
    "row", [{"id": "a"}, {"id": "a", "meta": {"n_ctx_train": 131_072}}]
)
async def test_llama_cpp_says_elsewhere_what_it_has_loaded(
    row: dict[str, object],
) -> None:
    found = await models_of(
        "compatible",
        {
            f"{BASE}/models": {"data": [row]},
            f"{HOME}/props": {"default_generation_settings": {"n_ctx": 8_192}},
        },
    )

    assert found == [ModelListing("a", 8_192)]


async def test_litellm_says_elsewhere_what_a_model_costs() -> None:
    info = {
        "mode": "chat",
        "max_input_tokens": 128_000,
        "input_cost_per_token": 2.5e-06,
        "output_cost_per_token": 1e-05,
    }
    found = await models_of(
        "compatible",
        {
            f"{BASE}/models": names("gpt", "vectors"),
            f"{HOME}/model/info": {
                "data": [
                    {"model_name": "gpt", "model_info": info},
                    {"model_name": "vectors", "model_info": {"mode": "embedding"}},
                ]
            },
        },
    )

    prices = Prices(Rates(input=Decimal("2.5"), output=Decimal(10)))
    assert found == [ModelListing("gpt", 128_000, prices=prices)]


async def test_a_server_that_answers_everything_with_a_page_has_its_models_all_the_same() -> (
    None
):
    page = b"<!doctype html><title>Chat</title>"
    found = await models_of(
        "compatible",
        {
            f"{BASE}/models": names("a"),
            f"{HOME}/api/v0/models": {"error": "Unexpected endpoint"},
            f"{HOME}/props": page,
            f"{HOME}/model/info": page,
        },
    )

    assert found == [ModelListing("a")]


async def test_nothing_further_is_asked_where_the_list_says_it_all() -> None:
    row = {"id": "a", "max_model_len": 8_192, "pricing": {"prompt": "0"}}
    server = Server({f"{BASE}/models": {"data": [row]}})

    await list_models("compatible", BASE, server.fetch)

    assert server.asked == [f"{BASE}/models"]


async def test_a_further_question_that_hangs_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listing, "PROBE_SECONDS", 0.01)

    class Hanging(Server):
        async def fetch(self, url: str, body: Json | None) -> bytes:
            if not url.endswith("/v1/models"):
                await asyncio.Event().wait()
            return await super().fetch(url, body)

    server = Hanging({f"{BASE}/models": names("a")})

    assert await list_models("compatible", BASE, server.fetch) == [ModelListing("a")]
