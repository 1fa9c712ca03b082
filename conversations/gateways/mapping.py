"""The one mapper from what a gateway says went wrong to a `GatewayError`."""

from __future__ import annotations

import json
import re

from conversations.gateways.errors import ErrorKind, GatewayError

_OF_STATUS = {
    401: ErrorKind.UNAUTHORISED,
    402: ErrorKind.NO_CREDIT,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    405: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    413: ErrorKind.CONTEXT_FULL,
    429: ErrorKind.RATE_LIMITED,
}

# Words gateways use as an error's code or type; the first that fits decides.
_OF_WORD = [
    (re.compile(pattern), kind)
    for pattern, kind in [
        ("quota|billing|credit|payment|balance", ErrorKind.NO_CREDIT),
        ("rate_limit|throttl|too_many_requests", ErrorKind.RATE_LIMITED),
        ("authentication|api_key|unauthori", ErrorKind.UNAUTHORISED),
        ("permission|denied|forbidden|moderation|guardrail", ErrorKind.FORBIDDEN),
        ("not_found", ErrorKind.NOT_FOUND),
        ("timeout", ErrorKind.TIMEOUT),
        ("invalid_request|bad_request", ErrorKind.BAD_REQUEST),
    ]
]

_FULL_CODES = frozenset(
    {
        "context_length_exceeded",
        "exceed_context_size_error",
        "request_too_large",
        "string_too_long",
        "model_context_window_exceeded",
    }
)
_FULL_WORDS = re.compile(
    "maximum context length|context (length|window|limit|size)|prompt is too long"
    "|too many tokens|input (is )?too long"
    "|exceed.{0,40}(context|maximum number of tokens)|reduce the length|上下文",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def map_status(status: int, body: bytes) -> GatewayError:
    """Return the error that an HTTP `status` with this `body` stands for."""
    text = body.decode("utf-8", "replace").strip()
    payload = _parse(text)
    words = _words(payload)
    detail = _message(payload) if payload is not None else plain_text(text)
    return GatewayError(_kind_of_status(status, words, detail), detail, status)


def map_payload(payload: object) -> GatewayError:
    """Return the error that an error object inside a stream stands for."""
    detail, words = _message(payload), _words(payload)
    status = next((int(word) for word in words if word.isdecimal()), None)
    if status is not None and 400 <= status < 600:
        return GatewayError(_kind_of_status(status, words, detail), detail, status)
    return GatewayError(_kind_of_words(words, detail), detail)


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def plain_text(text: str) -> str:
    """Return the title of a proxy's page; anything else as it is."""
    text = text.strip()
    if not text.startswith("<"):
        return text
    title = _TITLE.search(text)
    return " ".join(title[1].split()) if title else ""


def _kind_of_status(status: int, words: list[str], detail: str) -> ErrorKind:
    if 300 <= status < 400:
        return ErrorKind.REDIRECT
    if _is_full(words, detail) and (status in (400, 413, 422) or status >= 500):
        return ErrorKind.CONTEXT_FULL
    if status == 429 and _kind_of_words(words, "") is ErrorKind.NO_CREDIT:
        return ErrorKind.NO_CREDIT
    if status >= 500:
        return ErrorKind.SERVER
    return _OF_STATUS.get(status, ErrorKind.BAD_REQUEST)


def _kind_of_words(words: list[str], detail: str) -> ErrorKind:
    if _is_full(words, detail):
        return ErrorKind.CONTEXT_FULL
    joined = " ".join(words).lower()
    return next(
        (kind for pattern, kind in _OF_WORD if pattern.search(joined)),
        ErrorKind.SERVER,
    )


def _is_full(words: list[str], detail: str) -> bool:
    if "string_above_max_length" in words:
        return False
    return not _FULL_CODES.isdisjoint(words) or bool(_FULL_WORDS.search(detail))


def _error_of(payload: object) -> object:
    if isinstance(payload, dict) and payload.get("error"):
        return payload["error"]
    return payload


def _words(payload: object) -> list[str]:
    """The codes and types of an error, wherever gateways put them, as text."""
    error = _error_of(payload)
    if not isinstance(error, dict):
        return []
    metadata = error.get("metadata")
    places = [error, metadata] if isinstance(metadata, dict) else [error]
    values = [
        place.get(name) for place in places for name in ("code", "type", "error_type")
    ]
    return [str(value) for value in values if value not in (None, "")]


def _message(payload: object) -> str:
    error = _error_of(payload)
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return "" if error is None else json.dumps(error, ensure_ascii=False)
    message = error.get("message") or error.get("detail")
    if not isinstance(message, str):
        return json.dumps(error, ensure_ascii=False)
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f"{message}\n{raw}" if isinstance(raw, str) and raw else message
