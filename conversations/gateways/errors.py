"""What can go wrong at a gateway, in our words and in its own."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from conversations import limits
from conversations.text import clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable


class ErrorKind(StrEnum):
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    STALLED = "stalled"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    MODERATED = "moderated"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    NO_CREDIT = "no_credit"
    BAD_REQUEST = "bad_request"
    CONTEXT_FULL = "context_full"
    OVERLOADED = "overloaded"
    SERVER = "server"
    NOT_A_STREAM = "not_a_stream"
    REDIRECT = "redirect"
    GARBLED = "garbled"
    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"


_EXPLANATIONS = {
    ErrorKind.UNREACHABLE: "The gateway could not be reached, or the connection to "
    "it broke. Please try again in a moment.",
    ErrorKind.TIMEOUT: "The gateway took too long to answer. "
    "Please try again in a moment.",
    ErrorKind.STALLED: "The gateway began to answer and then fell silent.",
    ErrorKind.UNAUTHORISED: "The gateway did not accept its key. "
    "An admin can set it under Gateways.",
    ErrorKind.FORBIDDEN: "The gateway does not allow this request or this model. "
    "An admin can choose another model.",
    ErrorKind.MODERATED: "The gateway's own rules did not let this through. "
    "Other words may help.",
    ErrorKind.NOT_FOUND: "The gateway does not know this model or this address. "
    "An admin can check both under Gateways.",
    ErrorKind.RATE_LIMITED: "The gateway is getting more requests than it allows. "
    "Please wait a moment and try again.",
    ErrorKind.NO_CREDIT: "The account at the gateway has run out of credit. "
    "An admin can top it up there.",
    ErrorKind.BAD_REQUEST: "The gateway could not accept the request as it was sent.",
    ErrorKind.CONTEXT_FULL: "The conversation is longer than this model can read "
    "at once.",
    ErrorKind.OVERLOADED: "The model is in great demand just now. "
    "Please try again in a moment.",
    ErrorKind.SERVER: "The gateway has a problem of its own. "
    "Please try again in a moment.",
    ErrorKind.NOT_A_STREAM: "The gateway answered with something that is not an "
    "answer of a model. An admin can check its address under Gateways.",
    ErrorKind.REDIRECT: "The gateway's address leads somewhere else. "
    "An admin can check it under Gateways.",
    ErrorKind.GARBLED: "The gateway's answer could not be understood.",
    ErrorKind.TOO_LONG: "The answer grew longer than this server accepts.",
    ErrorKind.UNREADABLE: "This model cannot read a file of this message. "
    "Choose another model, or take the file out.",
}


class GatewayError(Exception):
    """A request that failed: `detail` is the gateway's own words, to be scrubbed.

    `status` is the HTTP status, or the one an error inside a stream stands for, where
    there is one; `retry_after` is in seconds, where the gateway says when to come back;
    `retryable` is its own word on whether to. `parameter` names what it did not take
    (`refuses_value`: not with that value), `window` the tokens it says it reads and
    `tokens` those it has counted. `from_upstream` says that all it knows is that the
    server behind it failed, which may also mean that the request was too long. `by_size`
    says that it may be bytes that were too many, and not tokens.
    """

    def __init__(
        self, kind: ErrorKind, detail: str = "", status: int | None = None
    ) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after: float | None = None
        self.retryable: bool | None = None
        self.parameter = ""
        self.refuses_value = False
        self.window: int | None = None
        self.tokens: int | None = None
        self.from_upstream = False
        self.by_size = False

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.detail}" if self.detail else self.kind.value

    def __repr__(self) -> str:
        return f"GatewayError({self.kind.value!r}, {self.detail!r}, {self.status!r})"


def explain(kind: ErrorKind) -> str:
    """Return one plain sentence or two about `kind` for the people who read it."""
    return _EXPLANATIONS[kind]


# What looks like a key wherever it stands: after Bearer, by its prefix, or masked.
_KEY_LIKE = re.compile(
    r"\b[Bb]earer\s+[^\s\"'<>,;]+"
    r"|\b(?:sk|pk|rk|gsk|xai|hf)[-_][\w*.…-]{8,}"
    r"|(?<![\w.-])[\w.-]*(?:\*{3,}|…{2,})[\w*.…-]*"
)
_WORD = re.compile(r"[\w.+/=-]{8,}")
_REMOVED = "[key removed]"
_SECRET_LETTERS = 8


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return `text` cleaned, without `secrets` or what looks like a key, and capped.

    Pieces of a secret go too, from 8 letters on. At most `limits.ERROR_CHARACTERS`.
    """
    text = _KEY_LIKE.sub(_REMOVED, clean_text(text)).strip()
    for secret in secrets:
        text = _remove(text, secret)
    if len(text) > limits.ERROR_CHARACTERS:
        text = text[: limits.ERROR_CHARACTERS - 1] + "…"
    return text


def _remove(text: str, secret: str) -> str:
    if len(secret) < _SECRET_LETTERS:
        return text
    text = text.replace(secret, _REMOVED).replace(quote(secret, safe=""), _REMOVED)
    return _WORD.sub(lambda word: _REMOVED if word[0] in secret else word[0], text)
