"""One model, as each kind of gateway lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.catalogs.entries import Entry

EZROUTER_CREATED = 1_626_777_600


def plain(entry: Entry) -> Json:
    return _openai(entry) | {"context_length": entry.window}


def openai(entry: Entry) -> Json:
    return _openai(entry)


def ezrouter(entry: Entry) -> Json:
    kinds = {"supported_endpoint_types": list(entry.endpoints)}
    return _openai(entry) | {"created": EZROUTER_CREATED, "owned_by": "custom"} | kinds


def openrouter(entry: Entry) -> Json:
    parameters = ["max_tokens", "temperature", "tools"]
    reasons = bool(entry.efforts or entry.thinking)
    row: Json = {
        "id": f"test/{entry.name}",
        "canonical_slug": f"test/{entry.name}",
        "name": f"Test: {entry.name}",
        "created": 0,
        "context_length": entry.window,
        "architecture": {
            "input_modalities": ["text", "image"] if entry.vision else ["text"],
            "output_modalities": [entry.output],
            "tokenizer": "Other",
        },
        "pricing": _pricing(entry),
        "top_provider": {
            "context_length": entry.window,
            "max_completion_tokens": entry.most,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": [*parameters, *(["reasoning"] if reasons else [])],
    }
    if entry.efforts:
        row["reasoning"] = {
            "supported_efforts": list(entry.efforts),
            "default_effort": "medium",
            "mandatory": False,
            "supports_max_tokens": True,
        }
    return row


def opper(entry: Entry) -> Json:
    more = {"pricing": _pricing(entry), "opper": {"region": "eu", "zdr": True}}
    return _openai(entry) | {"context_length": entry.window} | more


def anthropic(entry: Entry) -> Json:
    kinds = ("adaptive", "enabled", "disabled", "between_tools")
    levels = ("low", "medium", "high", "max")
    thinking = {"types": {each: _can(each in entry.thinking) for each in kinds}}
    effort = {each: _can(each in entry.efforts) for each in levels}
    return {
        "type": "model",
        "id": entry.name,
        "display_name": entry.name.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": entry.window,
        "max_tokens": entry.most,
        "capabilities": {
            "image_input": _can(entry.vision),
            "effort": {"supported": bool(entry.efforts), **effort},
            "thinking": {"supported": bool(entry.thinking), **thinking},
        },
    }


def litellm(entry: Entry) -> Json:
    return _openai(entry) | {
        "mode": "chat" if entry.output == "text" else "image_generation",
        "max_input_tokens": entry.window,
        "max_output_tokens": entry.most,
    }


def litellm_info(entry: Entry) -> Json:
    prompt, completion = entry.prices or ("0", "0")
    info: Json = {
        "mode": "chat",
        "max_input_tokens": entry.window,
        "max_output_tokens": entry.most,
        "input_cost_per_token": float(prompt),
        "output_cost_per_token": float(completion),
        "supports_vision": entry.vision,
        "supports_reasoning": bool(entry.efforts or entry.thinking),
    }
    if entry.cached:
        info["cache_read_input_token_cost"] = float(entry.cached)
    parameters = {"model": f"test/{entry.name}"}
    return {
        "model_name": entry.name,
        "litellm_params": parameters,
        "model_info": info,
    }


def ollama_show(entry: Entry) -> Json:
    """What /api/show says: a window of 131,072 was trained, `num_ctx` is used."""
    answer: Json = {
        "modelfile": f"FROM {entry.name}",
        "parameters": "stop                           <end>",
        "details": {"family": "test", "parameter_size": "8B"},
        "model_info": {"general.architecture": "test", "test.context_length": 131_072},
        "capabilities": ["completion", "tools"],
    }
    if entry.name == "slow":
        answer["parameters"] = "num_ctx                        16384\nstop  <end>"
    return answer


def ollama_loaded(entry: Entry) -> Json:
    name = f"{entry.name}"
    return {"name": name, "model": name, "size": 1, "context_length": entry.loaded}


def ollama_tag(entry: Entry) -> Json:
    return {"name": entry.name, "model": entry.name, "size": 1}


def lmstudio_native(entry: Entry) -> Json:
    row: Json = {
        "id": entry.name,
        "object": "model",
        "type": "llm",
        "state": "loaded" if entry.loaded else "not-loaded",
        "max_context_length": entry.window,
    }
    return row | ({"loaded_context_length": entry.loaded} if entry.loaded else {})


def llamacpp(entry: Entry) -> Json:
    return _openai(entry) | {
        "meta": {"n_ctx_train": 131_072, "n_params": 8_000_000_000}
    }


def vllm(entry: Entry) -> Json:
    return _openai(entry) | {"max_model_len": entry.window, "root": entry.name}


SHAPES: dict[str, Callable[[Entry], Json]] = {
    "plain": plain,
    "openai": openai,
    "ezrouter": ezrouter,
    "openrouter": openrouter,
    "opper": opper,
    "anthropic": anthropic,
    "litellm": litellm,
    "ollama": openai,
    "lmstudio": openai,
    "llamacpp": llamacpp,
    "vllm": vllm,
}


def _openai(entry: Entry) -> Json:
    return {"id": entry.name, "object": "model", "created": 0, "owned_by": "test"}


def _pricing(entry: Entry) -> Json | None:
    if entry.prices is None:
        return None
    prompt, completion = entry.prices
    pricing: Json = {"prompt": prompt, "completion": completion, "request": "0"}
    if entry.cached:
        pricing["input_cache_read"] = entry.cached
    if entry.above is not None:
        dearer = {"prompt": _double(prompt), "completion": _double(completion)}
        override: Json = {"min_prompt_tokens": entry.above, **dearer}
        at_night: Json = {"utc_start": "2200", "utc_end": "0600", "prompt": "0"}
        pricing["overrides"] = [override, at_night]
    return pricing


def _double(price: str) -> str:
    return format(float(price) * 2, "f").rstrip("0")


def _can(supported: bool) -> Json:
    return {"supported": supported}
