"""Lists of models in every shape, the hostile ones too."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from conversations.gateways.base import GatewayError
from conversations.gateways.catalog.rows import MOST_LISTED, ModelListing, read_listings
from conversations.gateways.errors import ErrorKind
from conversations.wire import Abilities, Prices, Protocol, Rates, Tier


def read(
    *rows: object, preset: str = "compatible", **more: object
) -> list[ModelListing]:
    body = json.dumps({"object": "list", "data": rows, **more}).encode()
    return read_listings(body, preset)


def read_one(preset: str = "compatible", **row: object) -> ModelListing:
    [listing] = read({"id": "house-model", **row}, preset=preset)
    return listing


def test_openais_list_names_models_and_nothing_else() -> None:
    row = {"id": "gpt-5-mini", "object": "model", "created": 1, "owned_by": "openai"}

    assert read(row, preset="openai") == [ModelListing("gpt-5-mini")]


def test_ezrouters_list_says_which_protocols_a_model_speaks() -> None:
    listings = read(
        {"id": "a", "supported_endpoint_types": ["anthropic", "openai"]},
        {"id": "b", "supported_endpoint_types": ["openai"]},
        {"id": "c", "supported_endpoint_types": ["openai-response", "future"]},
        {"id": "d", "supported_endpoint_types": []},
        {"id": "e", "supported_endpoint_types": ["image-generation"]},
        preset="ezrouter",
        success=True,
    )

    assert {each.name: each.protocols for each in listings} == {
        "a": (Protocol.CHAT_COMPLETIONS, Protocol.MESSAGES),
        "b": (Protocol.CHAT_COMPLETIONS,),
        "c": (Protocol.RESPONSES,),
        "d": (),
    }


OPENROUTER = {
    "id": "openai/gpt-6-sol",
    "name": "OpenAI: GPT-6 Sol",
    "context_length": 1_050_000,
    "architecture": {
        "input_modalities": ["text", "image", "file"],
        "output_modalities": ["text"],
    },
    "top_provider": {"context_length": 922_000, "max_completion_tokens": 128_000},
    "pricing": {
        "prompt": "0.000002",
        "completion": "0.00001",
        "image": "0",
        "input_cache_read": "0.0000002",
        "input_cache_write": "0.0000025",
        "overrides": [
            {
                "min_prompt_tokens": 272_000,
                "prompt": "0.000004",
                "completion": "0.000015",
            },
            {"utc_start": "1630", "utc_end": "0030", "prompt": "0.000001"},
        ],
    },
    "supported_parameters": ["tools", "reasoning", "max_tokens"],
    "reasoning": {"supported_efforts": ["high", "low", "medium", "heroic"]},
}


def test_openrouters_list_tells_everything() -> None:
    [listing] = read(OPENROUTER, preset="openrouter", total_count=1)

    assert listing == ModelListing(
        name="openai/gpt-6-sol",
        label="OpenAI: GPT-6 Sol",
        window=922_000,
        max_output=128_000,
        prices=Prices(
            Rates(
                input=Decimal(2),
                cached_input=Decimal("0.2"),
                cache_write=Decimal("2.5"),
                output=Decimal(10),
            ),
            (Tier(272_000, Rates(input=Decimal(4), output=Decimal(15))),),
        ),
        abilities=Abilities(
            reasoning=True,
            vision=True,
            files=True,
            tools=True,
            efforts=("low", "medium", "high"),
        ),
    )


def test_what_openrouter_does_not_list_a_model_cannot_do() -> None:
    listing = read_one(
        supported_parameters=["temperature"],
        architecture={"input_modalities": ["text"], "output_modalities": ["text"]},
        reasoning={"supported_efforts": ["low"]},
    )

    assert listing.abilities == Abilities(
        reasoning=False, vision=False, files=False, tools=False
    )


@pytest.mark.parametrize(
    ("modality", "vision"), [("text+image->text", True), ("text->text", False)]
)
def test_an_older_list_says_in_one_word_what_a_model_sees(
    modality: str, vision: bool
) -> None:
    listing = read_one(architecture={"modality": modality})

    assert listing.abilities == Abilities(vision=vision)


@pytest.mark.parametrize(
    "price",
    [
        "-1",
        -1.0,
        None,
        "",
        "free",
        "NaN",
        "Infinity",
        "-0.5",
        "1e9",
        True,
        [],
        "1" * 99,
    ],
)
def test_a_price_that_is_none_is_unknown_and_not_zero(price: object) -> None:
    pricing = {"prompt": price, "completion": price}

    assert read_one(pricing=pricing).prices == Prices(Rates())


def test_a_price_with_thousands_of_digits_is_unknown() -> None:
    body = b'{"data":[{"id":"a","pricing":{"prompt":' + b"9" * 4_000 + b"}}]}"

    assert read_listings(body)[0].prices == Prices(Rates())


def test_a_price_of_zero_is_really_free() -> None:
    prices = read_one(pricing={"prompt": "0", "completion": "0"}).prices

    assert prices == Prices(Rates(input=Decimal(0), output=Decimal(0)))


def test_nobody_is_known_to_read_again_for_nothing_what_was_paid_for() -> None:
    pricing = {"prompt": "0.000001", "completion": "0", "input_cache_read": "0"}

    prices = read_one(pricing=pricing).prices

    assert prices is not None
    assert prices.base.cached_input is None


def test_nobody_is_known_to_write_a_cache_for_nothing() -> None:
    pricing = {"prompt": "0.000001", "completion": "0", "input_cache_write": "0"}

    prices = read_one(pricing=pricing).prices

    assert prices is not None
    assert prices.base.cache_write is None


def test_prices_are_rounded_up_to_what_is_stored() -> None:
    prices = read_one(pricing={"prompt": "0.00000000000012", "completion": 5e-6}).prices

    assert prices == Prices(Rates(input=Decimal("0.000001"), output=Decimal(5)))


def test_a_list_without_prices_says_nothing_about_them() -> None:
    assert read_one().prices is None


def test_of_two_tiers_at_one_size_the_later_counts_and_smaller_sizes_come_first() -> (
    None
):
    overrides = [
        {"min_prompt_tokens": 200, "prompt": "0.000005"},
        {"min_prompt_tokens": 100, "prompt": "0.000003"},
        {"min_prompt_tokens": 100, "prompt": "0.000004"},
        {"min_prompt_tokens": "many", "prompt": "0.000009"},
        {"min_prompt_tokens": True, "prompt": "0.000009"},
        "nonsense",
    ]

    prices = read_one(pricing={"prompt": "0.000002", "overrides": overrides}).prices

    assert prices is not None
    assert [(tier.above, tier.rates.input) for tier in prices.tiers] == [
        (100, Decimal(4)),
        (200, Decimal(5)),
    ]


def test_oppers_list_is_openais_with_window_and_prices() -> None:
    listing = read_one(
        preset="opper",
        context_length=200_000,
        pricing={"prompt": "0.000003", "completion": "0.000015"},
        opper={"region": "eu"},
    )

    assert listing.window == 200_000
    assert listing.prices == Prices(Rates(input=Decimal(3), output=Decimal(15)))


def supported(**names: bool) -> dict[str, object]:
    return {name: {"supported": value} for name, value in names.items()}


def test_anthropics_list_says_how_a_model_thinks() -> None:
    [listing] = read(
        {
            "type": "model",
            "id": "claude-sonnet-5-5",
            "display_name": "Claude Sonnet 5.5",
            "lifecycle": "active",
            "max_input_tokens": 1_000_000,
            "max_tokens": 128_000,
            "capabilities": {
                "image_input": {"supported": True},
                "thinking": {
                    "supported": True,
                    "types": supported(adaptive=True, enabled=False, disabled=True),
                },
                "effort": {
                    "supported": True,
                    **supported(high=True, low=True, medium=True, max=False),
                    "xhigh": None,
                },
            },
        },
        preset="anthropic",
        has_more=False,
    )

    assert listing == ModelListing(
        name="claude-sonnet-5-5",
        label="Claude Sonnet 5.5",
        window=1_000_000,
        max_output=128_000,
        abilities=Abilities(
            reasoning=True,
            vision=True,
            efforts=("low", "medium", "high"),
            thinking=("adaptive",),
        ),
    )


def test_a_model_that_its_maker_has_retired_is_left_out() -> None:
    assert read({"id": "claude-2", "lifecycle": "retired"}, preset="anthropic") == []


def test_what_others_mean_by_max_tokens_is_not_guessed() -> None:
    assert read_one(max_tokens=4_096).max_output is None


def test_litellms_list_has_sizes_and_tells_what_is_for_chat() -> None:
    listings = read(
        {
            "id": "a",
            "mode": "chat",
            "max_input_tokens": 9_000,
            "max_output_tokens": 700,
        },
        {"id": "my-embedder", "mode": "chat"},
        {"id": "b", "mode": "embedding"},
        {"id": "c", "mode": "image_generation"},
        {"id": "d", "mode": "audio_transcription"},
    )

    assert listings == [ModelListing("a", 9_000, 700), ModelListing("my-embedder")]


def test_litellms_information_on_models_has_prices_and_tiers() -> None:
    info = {
        "mode": "chat",
        "max_input_tokens": 1_048_576,
        "max_output_tokens": 65_536,
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 1.2e-05,
        "cache_read_input_token_cost": 2e-07,
        "input_cost_per_token_above_200k_tokens": 4e-06,
        "output_cost_per_token_above_200k_tokens": 1.8e-05,
        "supports_vision": True,
        "supports_function_calling": True,
        "supports_reasoning": None,
    }

    [listing] = read(
        {
            "model_name": "pro",
            "litellm_params": {"model": "gemini/x"},
            "model_info": info,
        }
    )

    assert listing == ModelListing(
        name="pro",
        window=1_048_576,
        max_output=65_536,
        prices=Prices(
            Rates(Decimal(2), Decimal("0.2"), output=Decimal(12)),
            (Tier(200_000, Rates(input=Decimal(4), output=Decimal(18))),),
        ),
        abilities=Abilities(vision=True, tools=True),
    )


def test_litellm_writes_zero_where_it_does_not_know_a_price() -> None:
    info = {"input_cost_per_token": 0, "output_cost_per_token": 0}

    [listing] = read({"model_name": "mine", "model_info": info})

    assert listing.prices == Prices(Rates())


@pytest.mark.parametrize(
    ("row", "window"),
    [
        ({"context_length": 9_000}, 9_000),
        ({"max_model_len": 9_000}, 9_000),
        ({"max_input_tokens": 9_000}, 9_000),
        ({"n_ctx": 9_000}, 9_000),
        ({"context_window": 9_000}, 9_000),
        ({"max_context_length": 9_000}, 9_000),
        ({"max_context_length": 9_000, "loaded_context_length": 4_096}, 4_096),
        ({"meta": {"n_ctx": 4_096, "n_ctx_train": 131_072}}, 4_096),
        ({"meta": {"n_ctx_train": 131_072}}, 131_072),
        ({"context_length": "9000"}, 9_000),
        ({"context_length": 9_000, "max_model_len": 8_000}, 8_000),
        ({"context_length": None}, None),
        ({"context_length": 0}, None),
        ({"context_length": -1}, None),
        ({"context_length": 1}, None),
        ({"context_length": True}, None),
        ({"context_length": 1e400}, None),
        ({"context_length": 10**30}, None),
        ({"context_length": "9" * 5_000}, None),
        ({"context_length": {}}, None),
    ],
)
def test_a_window_is_found_wherever_it_stands_and_nonsense_is_none(
    row: dict[str, Any], window: int | None
) -> None:
    assert read_one(**row).window == window


@pytest.mark.parametrize(
    "name",
    [
        "text-embedding-3-large",
        "openai/text-embedding-3-small",
        "nomic-embed-text:latest",
        "whisper-1",
        "whisper-large-v3",
        "tts-1-hd",
        "gpt-4o-mini-tts",
        "gpt-4o-transcribe",
        "gpt-4o-audio-preview",
        "gpt-realtime",
        "dall-e-3",
        "gpt-image-1",
        "omni-moderation-latest",
        "davinci-002",
        "gpt-3.5-turbo-instruct",
        "bge-m3",
        "cohere/rerank-v3.5",
        "sora-2",
        "imagen-4",
        "black-forest-labs/flux-1.1",
    ],
)
def test_a_well_known_name_that_is_not_for_chat_is_left_out(name: str) -> None:
    assert read({"id": name}) == []


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o",
        "gpt-6.1-sol",
        "chatgpt-4o-latest",
        "claude-opus-5-5",
        "llama3.2:latest",
        "qwen2.5-coder-instruct",
        "openai/o4-mini",
        "mistral-large-4",
        "deepseek/deepseek-v4-pro",
        "veotech-chat",
        "whispering",
    ],
)
def test_other_names_are_of_models_for_chat(name: str) -> None:
    assert [each.name for each in read({"id": name})] == [name]


@pytest.mark.parametrize(
    ("row", "is_listed"),
    [
        ({"architecture": {"output_modalities": ["image"]}}, False),
        ({"architecture": {"output_modalities": ["image", "text"]}}, True),
        ({"output_modalities": ["embeddings"]}, False),
        ({"type": "embeddings"}, False),
        ({"type": "llm"}, True),
        ({"type": "vlm"}, True),
        ({"type": "model"}, True),
        ({"capabilities": {"completion_chat": False}}, False),
        ({"capabilities": {"completion_chat": True, "vision": False}}, True),
    ],
)
def test_a_list_may_say_what_is_for_chat(
    row: dict[str, object], is_listed: bool
) -> None:
    assert bool(read({"id": "house-model", **row})) is is_listed


def test_a_list_that_says_so_knows_better_than_a_name() -> None:
    assert read({"id": "embed-and-chat", "type": "llm"})


def test_every_model_is_listed_once_in_the_lists_order() -> None:
    listings = read({"id": "b"}, {"id": "a"}, {"id": "b", "context_length": 9_000})

    assert [each.name for each in listings] == ["b", "a"]


@pytest.mark.parametrize(
    "row",
    [
        7,
        None,
        [],
        {},
        {"id": ""},
        {"id": None},
        {"id": 7},
        {"id": "a\x00b"},
        {"id": "a\ud800"},
        {"id": "a\nb"},
        {"id": "x" * 201},
    ],
)
def test_a_row_that_no_request_could_name_is_left_out(row: object) -> None:
    assert [each.name for each in read(row, {"id": "good"})] == ["good"]


def test_names_and_labels_are_text_and_no_more() -> None:
    [listing] = read({"id": "<b>x</b>", "name": "<script>alert(1)</script>\x00\n" * 9})

    assert listing.name == "<b>x</b>"
    assert len(listing.label) <= 80
    assert "\x00" not in listing.label
    assert "\n" not in listing.label


def test_fields_of_the_wrong_kind_are_as_if_they_were_not_there() -> None:
    listing = read_one(
        top_provider=[],
        architecture="text",
        pricing="cheap",
        supported_parameters={},
        reasoning=7,
        capabilities=[7, None],
        meta=None,
        supported_endpoint_types="openai",
        name=7,
    )

    assert listing == ModelListing("house-model")


def test_of_ten_thousand_models_the_first_ones_are_kept() -> None:
    listings = read(*({"id": f"m{number}"} for number in range(10_000)))

    assert len(listings) == MOST_LISTED
    assert listings[0].name == "m0"


def test_a_list_may_come_without_an_object_around_it() -> None:
    assert read_listings(b'[{"id":"a"},{"id":"a"},7]') == [ModelListing("a")]
    assert read_listings(b'{"models":[{"name":"a"}]}') == [ModelListing("a")]
    assert read_listings(b'{"data":[]}') == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><title>Sign in</title></html>", ErrorKind.NOT_A_STREAM),
        (b"", ErrorKind.NOT_A_STREAM),
        (b"{}", ErrorKind.NOT_A_STREAM),
        (b'{"data":{}}', ErrorKind.NOT_A_STREAM),
        (b'"models"', ErrorKind.NOT_A_STREAM),
        (b"[" * 100_000, ErrorKind.NOT_A_STREAM),
        (b'{"error":{"code":"invalid_api_key"}}', ErrorKind.UNAUTHORISED),
    ],
)
def test_what_is_no_list_is_an_error(body: bytes, kind: ErrorKind) -> None:
    with pytest.raises(GatewayError) as caught:
        read_listings(body)

    assert caught.value.kind is kind
