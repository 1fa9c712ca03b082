"""Errors as each kind of gateway wraps them, and how each says "too long"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways.demo import wire as demo_wire
from conversations.wire import Json, Protocol
from tests.gateway.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = (
    b"<!doctype html><html><head><title>Welcome to the proxy</title></head>"
    b"<body><h1>It works</h1></body></html>"
)
JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_OPENROUTER = {
    401: "unauthorized",
    402: "payment_required",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    429: "rate_limit_exceeded",
    502: "provider_unavailable",
    503: "provider_overloaded",
    529: "provider_overloaded",
}


def wrap(problem: Problem, envelope: str, protocol: Protocol) -> tuple[bytes, str]:
    """Return an error's body and content type; `envelope` "" is the protocol's own."""
    if envelope == "html":
        return HTML, HTML_TYPE
    if envelope == "empty":
        return b"", JSON_TYPE
    if envelope == "text":
        return problem.message.encode(), "text/plain; charset=utf-8"
    if not envelope:
        envelope = "anthropic" if protocol is Protocol.MESSAGES else "openai"
    if protocol is Protocol.MESSAGES and envelope in ("openrouter", "ezrouter"):
        envelope = f"{envelope}-messages"
    return demo_wire.to_bytes(ENVELOPES[envelope](problem)), JSON_TYPE


def _openai(problem: Problem) -> Json:
    server = problem.status >= 500
    kind = "server_error" if server else "invalid_request_error"
    body = {
        "message": problem.message,
        "type": problem.type or kind,
        "param": problem.param,
        "code": problem.code,
    }
    return {"error": body | problem.extra}


def _ezrouter(problem: Problem) -> Json:
    kind = "upstream_error" if problem.status >= 500 else "new_api_error"
    kind = "authentication_error" if problem.status == 401 else kind
    code = problem.code or {401: "invalid_api_key", 403: "access_denied"}.get(
        problem.status, kind
    )
    body: Json = {"code": code, "message": problem.message, "type": kind}
    if problem.param:
        body["param"] = problem.param
    return {"error": body}


def _openrouter(problem: Problem) -> Json:
    kind = str(problem.code or _OPENROUTER.get(problem.status, "invalid_request"))
    body: Json = {
        "code": problem.status,
        "message": problem.message,
        "metadata": {"error_type": kind, "provider_name": "Test"},
    }
    return {"error": body | problem.extra, "user_id": "user_test"}


def _anthropic(problem: Problem) -> Json:
    default = "api_error" if problem.status >= 500 else "invalid_request_error"
    body: Json = {
        "type": _TYPES.get(problem.status, default),
        "message": problem.message,
    }
    return {"type": "error", "error": body, "request_id": "req_test"}


def _messages_of(kinds: Callable[[Problem], object]) -> Callable[[Problem], Json]:
    def wrapped(problem: Problem) -> Json:
        body = _anthropic(problem)
        error = body["error"]
        assert isinstance(error, dict)
        return body | {"error": error | {"error_type": kinds(problem)}}

    return wrapped


def _litellm(problem: Problem) -> Json:
    kind = "throttling_error" if problem.status == 429 else problem.type or None
    body: Json = {
        "message": f"litellm.APIError: {problem.message}",
        "type": kind,
        "param": problem.param,
        "code": str(problem.status),
    }
    return {"error": body}


def _vllm(problem: Problem) -> Json:
    return {
        "object": "error",
        "message": problem.message,
        "type": "BadRequestError",
        "param": problem.param,
        "code": problem.status,
    }


def _fastapi(problem: Problem) -> Json:
    place = ["body", problem.param] if problem.param else ["body"]
    kind = "extra_forbidden" if problem.param else "value_error"
    return {"detail": [{"type": kind, "loc": place, "msg": problem.message}]}


ENVELOPES: dict[str, Callable[[Problem], Json]] = {
    "openai": _openai,
    "ezrouter": _ezrouter,
    "ezrouter-messages": _messages_of(lambda _: "upstream_error"),
    "openrouter": _openrouter,
    "openrouter-messages": _messages_of(
        lambda problem: _OPENROUTER.get(problem.status, "invalid_request")
    ),
    "anthropic": _anthropic,
    "litellm": _litellm,
    "vllm": _vllm,
    "fastapi": _fastapi,
    "string": lambda problem: {"error": problem.message},
    "message": lambda problem: {"message": problem.message},
    "detail": lambda problem: {"detail": problem.message},
    "int-code": lambda problem: {
        "error": {"message": problem.message, "code": problem.status}
    },
}


def overflow(wording: str, tokens: int, window: int) -> tuple[Problem, str]:
    """Return the error for a prompt of `tokens`, and the envelope it comes in."""
    return WORDINGS[wording](tokens, window)


def _says(
    text: str, status: int = 400, envelope: str = "", **details: object
) -> Callable[[int, int], tuple[Problem, str]]:
    def say(tokens: int, window: int) -> tuple[Problem, str]:
        message = text.format(tokens=tokens, window=window)
        kind, code = details.get("type", ""), details.get("code")
        return Problem(status, message, str(kind), code), envelope

    return say


def _llamacpp(tokens: int, window: int) -> tuple[Problem, str]:
    message = (
        f"request ({tokens} tokens) exceeds the available context size "
        f"({window} tokens), try increasing it"
    )
    extra: Json = {"n_prompt_tokens": tokens, "n_ctx": window}
    kind = "exceed_context_size_error"
    return Problem(400, message, kind, 400, extra=extra), "openai"


WORDINGS: dict[str, Callable[[int, int], tuple[Problem, str]]] = {
    "openai": _says(
        "This model's maximum context length is {window} tokens. However, your "
        "messages resulted in {tokens} tokens. Please reduce the length of the "
        "messages.",
        envelope="openai",
        type="invalid_request_error",
        code="context_length_exceeded",
    ),
    "responses": _says(
        "Your input exceeds the context window of this model. Please adjust your "
        "input and try again.",
        envelope="openai",
        type="invalid_request_error",
        code="context_length_exceeded",
    ),
    "anthropic": _says(
        "prompt is too long: {tokens} tokens > {window} maximum", envelope="anthropic"
    ),
    "large": _says(
        "Request exceeds the maximum size", status=413, envelope="anthropic"
    ),
    "ezrouter": _says(
        "上游错误:输入超过模型上下文长度限制({tokens} > {window})",
        status=500,
        envelope="ezrouter",
        code="upstream_error",
    ),
    "ezrouter-silent": _says(
        "upstream error: do request failed",
        status=500,
        envelope="ezrouter",
        code="upstream_error",
    ),
    "openrouter": _says(
        "This endpoint's maximum context length is {window} tokens. However, you "
        "requested about {tokens} tokens. Please reduce the length of either one, or "
        'use the "middle-out" transform to compress your prompt automatically.',
        envelope="openrouter",
        code="context_length_exceeded",
    ),
    "vllm": _says(
        "This model's maximum context length is {window} tokens. However, you "
        "requested {tokens} tokens in the messages, Please reduce the length of the "
        "messages.",
        envelope="vllm",
    ),
    "litellm": _says(
        "ContextWindowExceededError: OpenAIException - This model's maximum context "
        "length is {window} tokens. However, your messages resulted in {tokens} tokens.",
        envelope="litellm",
    ),
    "llamacpp": _llamacpp,
    "lmstudio": _says(
        "The number of tokens to keep from the initial prompt is greater than the "
        "context length ({tokens} > {window}).",
        envelope="string",
    ),
    "gemini": _says(
        "The input token count ({tokens}) exceeds the maximum number of tokens "
        "allowed ({window}).",
        envelope="openai",
    ),
    "too-many": _says("too many tokens", status=422, envelope="detail"),
}
