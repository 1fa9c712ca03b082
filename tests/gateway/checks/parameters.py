"""Which parameters a request may have at its top, for each protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.wire import Protocol
from tests.gateway.problems import RefusedError, invalid

if TYPE_CHECKING:
    from tests.gateway.asked import Asked
    from tests.gateway.flavours import Flavour

CHAT = frozenset(
    [
        "messages",
        "model",
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logit_bias",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "metadata",
        "modalities",
        "moderation",
        "n",
        "parallel_tool_calls",
        "prediction",
        "presence_penalty",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "response_format",
        "safety_identifier",
        "seed",
        "service_tier",
        "stop",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "user",
        "verbosity",
        "web_search_options",
    ]
)
RESPONSES = frozenset(
    [
        "access_programs",
        "background",
        "context_management",
        "conversation",
        "image",
        "include",
        "input",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "model",
        "moderation",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "stream",
        "stream_options",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    ]
)
MESSAGES = frozenset(
    [
        "max_tokens",
        "messages",
        "model",
        "cache_control",
        "container",
        "diagnostics",
        "inference_geo",
        "metadata",
        "output_config",
        "service_tier",
        "speed",
        "stop_sequences",
        "stream",
        "system",
        "thinking",
        "tool_choice",
        "tools",
        "temperature",
        "top_p",
        "top_k",
        "user_profile_id",
    ]
)
_KNOWN = {
    Protocol.CHAT_COMPLETIONS: CHAT,
    Protocol.RESPONSES: RESPONSES,
    Protocol.MESSAGES: MESSAGES,
}
_INSTEAD = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}


def check_parameters(asked: Asked, flavour: Flavour) -> None:
    """Refuse parameters that nobody knows, and those this gateway never takes."""
    for name in asked.body:
        if name in flavour.never:
            raise unsupported(asked.protocol, name)
        if not flavour.ignores and name not in _KNOWN[asked.protocol] | flavour.also:
            raise unknown(asked.protocol, name)


def unknown(protocol: Protocol, name: str) -> RefusedError:
    if protocol is Protocol.MESSAGES:
        return invalid(f"{name}: Extra inputs are not permitted")
    if protocol is Protocol.RESPONSES:
        return invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    return invalid(f"Unrecognized request argument supplied: {name}")


def unsupported(protocol: Protocol, name: str) -> RefusedError:
    """Return the error for a parameter that this model does not take."""
    if protocol is Protocol.MESSAGES:
        return invalid(f"`{name}` is not supported by this model.")
    message = f"Unsupported parameter: '{name}' is not supported with this model."
    if name in _INSTEAD:
        message += f" Use '{_INSTEAD[name]}' instead."
    return invalid(message, name, "unsupported_parameter")
