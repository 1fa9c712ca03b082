"""The one mapper from what a gateway says went wrong to a `GatewayError`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.failures.particulars import (
    read_parameter,
    read_retry_after,
    read_retryable,
    read_size,
    read_window,
)
from conversations.gateways.failures.parts import read_part
from conversations.gateways.failures.reports import plain_text, read_body, read_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.gateways.failures.reports import Report

__all__ = ["map_payload", "map_status", "plain_text"]

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

_OF_STATUS = {
    401: ErrorKind.UNAUTHORISED,
    402: ErrorKind.NO_CREDIT,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    405: ErrorKind.NOT_FOUND,
    408: ErrorKind.TIMEOUT,
    429: ErrorKind.RATE_LIMITED,
    504: ErrorKind.TIMEOUT,
    524: ErrorKind.TIMEOUT,
    529: ErrorKind.OVERLOADED,
}
_REFUSALS = frozenset(
    {
        ErrorKind.NO_CREDIT,
        ErrorKind.UNAUTHORISED,
        ErrorKind.MODERATED,
        ErrorKind.NOT_FOUND,
    }
)
_NAMES_PARAMETERS = frozenset(
    {ErrorKind.BAD_REQUEST, ErrorKind.SERVER, ErrorKind.NOT_FOUND}
)
_FAILURES = frozenset(
    {ErrorKind.NO_CREDIT, ErrorKind.NOT_FOUND, ErrorKind.OVERLOADED, ErrorKind.TIMEOUT}
)
# Which kinds an error's words may make of a status; other words change nothing.
_MORE_EXACTLY = {
    400: _REFUSALS,
    403: _REFUSALS - {ErrorKind.NOT_FOUND},
    422: _REFUSALS,
    429: frozenset({ErrorKind.NO_CREDIT}),
}

# Words gateways use as an error's code or type; the first that fits decides.
_OF_CODE = [
    (kind, re.compile(pattern))
    for kind, pattern in (
        (ErrorKind.NO_CREDIT, "quota|billing|credit|payment|balance|spend_limit"),
        (
            ErrorKind.RATE_LIMITED,
            "rate_limit|throttl|too_many_requests|resource_exhausted",
        ),
        (ErrorKind.UNAUTHORISED, "authentication|api_key|unauthori"),
        (
            ErrorKind.MODERATED,
            "moderation|guardrail|content_filter|content_policy|sensitive_words",
        ),
        (ErrorKind.FORBIDDEN, "permission|denied|forbidden"),
        (ErrorKind.NOT_FOUND, "not_found"),
        (ErrorKind.TIMEOUT, "timeout"),
        (ErrorKind.OVERLOADED, "overloaded"),
        (ErrorKind.BAD_REQUEST, "invalid_|bad_request|unsupported|unknown_parameter"),
    )
]
# And in their sentences, where the codes say less.
_OF_TEXT = [
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            ErrorKind.NO_CREDIT,
            "credit balance|insufficient (credit|balance|fund|quota)|key limit exceeded"
            "|额度不足|余额不足|欠费",
        ),
        (ErrorKind.UNAUTHORISED, "api key (is )?not valid|(invalid|incorrect) api key"),
        (ErrorKind.MODERATED, r"\bflagged\b|content (management )?policy|敏感词"),
        (ErrorKind.OVERLOADED, "overloaded"),
    )
]

_FULL_CODES = frozenset(
    {
        "context_length_exceeded",
        "exceed_context_size_error",
        "request_too_large",
        "string_too_long",
        "model_context_window_exceeded",
        "token_limit_exceeded",
    }
)
_FULL_WORDS = re.compile(
    "maximum (context|prompt) length|context[ _]?(length|window|limit|size)"
    "|prompt is too long|too many tokens|input (is )?too long"
    "|range of input length|model token limit|too large for model"
    "|exceed.{0,40}(context|maximum number of tokens)|reduce the length"
    "|上下文|(输入|提示|prompt|token).{0,12}(过长|超长|太长)",
    re.IGNORECASE,
)
_OF_TOKENS = re.compile("token|context|prompt|window", re.IGNORECASE)
# What a 413 says that is not about the size of something else.
_FULL_BODY = re.compile(
    "^$|token|context|(entity|payload|content|request) too large", re.IGNORECASE
)


def map_status(
    status: int, body: bytes, headers: Mapping[str, str] = _NO_HEADERS
) -> GatewayError:
    """Return the error that an HTTP `status` with this `body` stands for.

    The names of `headers` are in lower case, or found in any.
    """
    return _error(read_body(body), status, headers)


# It takes the parameter, with another value.
_VALUE = re.compile(
    "(unsupported|invalid)[ _]value|must be one of|expected one of|supported values",
    re.IGNORECASE,
)


def map_payload(payload: object) -> GatewayError:
    """Return the error that an error object inside a stream stands for."""
    report = read_report(payload)
    return _error(report, report.status, _NO_HEADERS)


def _error(
    report: Report, status: int | None, headers: Mapping[str, str]
) -> GatewayError:
    kind = _kind(report, status)
    if status is None and kind is ErrorKind.TIMEOUT:
        # A gateway that gave up waiting, not we.
        status = 504
    error = GatewayError(kind, report.detail, status)
    error.retry_after = read_retry_after(report, headers)
    error.retryable = read_retryable(report, headers)
    # Where another code says more exactly what it is, that counts.
    error.from_upstream = "upstream_error" in report.codes and _said(report) is None
    error.by_size = status == 413 and not _OF_TOKENS.search(report.detail)
    if kind is ErrorKind.CONTEXT_FULL:
        error.window, error.tokens = read_window(report), read_size(report)
    elif kind in _NAMES_PARAMETERS:
        error.parameter = read_parameter(report) or read_part(report, status)
        error.refuses_value = bool(_VALUE.search(f"{report.codes} {report.detail}"))
    return error


def _kind(report: Report, status: int | None) -> ErrorKind:
    if status is not None and 300 <= status < 400:
        return ErrorKind.REDIRECT
    if _is_full(report, status):
        return ErrorKind.CONTEXT_FULL
    said = _said(report)
    if status is None:
        return said or ErrorKind.SERVER
    other = ErrorKind.SERVER if status >= 500 else ErrorKind.BAD_REQUEST
    possible = _MORE_EXACTLY.get(status, _FAILURES if status >= 500 else frozenset())
    return said if said in possible else _OF_STATUS.get(status, other)


def _said(report: Report) -> ErrorKind | None:
    """Return the kind that its codes name, or its sentences more exactly."""
    codes = " ".join(report.codes)
    by_code = next((kind for kind, words in _OF_CODE if words.search(codes)), None)
    if by_code in {None, ErrorKind.BAD_REQUEST, ErrorKind.FORBIDDEN}:
        for kind, words in _OF_TEXT:
            if words.search(report.detail):
                return kind
    return by_code


def _is_full(report: Report, status: int | None) -> bool:
    if status is not None and status < 500 and status not in {400, 413, 422}:
        return False
    if "string_above_max_length" in report.codes:
        return False
    if not _FULL_CODES.isdisjoint(report.codes) or _FULL_WORDS.search(report.detail):
        return True
    return status == 413 and bool(_FULL_BODY.search(report.detail))
