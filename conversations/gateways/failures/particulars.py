"""What an error says beside its kind: when to come back, what to leave out."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conversations.gateways.failures.reports import Report

# Every parameter that is ever sent and may be refused, the inner ones before those
# they stand in. `effort` and `budget_tokens` are named alone too.
PARAMETERS = (
    "reasoning.summary",
    "reasoning.effort",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "stream_options",
    "reasoning_effort",
    "reasoning",
    "include",
    "store",
    "thinking",
    "output_config",
    "cache_control",
    "prompt_cache_key",
    "session_id",
    "plugins",
    "effort",
    "budget_tokens",
)
# Paths into these name a message's place, not what could be left out.
_CONTENTS = frozenset({"messages", "system", "input", "tools", "model"})

# A window that a gateway names is believed between these numbers of tokens, and so is
# the size of a prompt that is too long for it.
_LEAST_WINDOW = 256
_MOST_WINDOW = 100_000_000


def read_retry_after(report: Report, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until it may be asked again; never below 0.

    Of the header's two forms (RFC 9110, section 10.2.3), of `retry-after-ms`, and of
    `retry_after` in the body, the first that can be read.
    """
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000
    header = headers.get("retry-after")
    for value in (header, *report.find("retry_after")):
        if (seconds := _seconds(value)) is not None:
            return seconds
    then = _moment(header)
    if then is None:
        return None
    # By the gateway's own clock where it shows it.
    now = _moment(headers.get("date")) or datetime.now(UTC)
    return max((then - now).total_seconds(), 0.0)


def read_retryable(report: Report, headers: Mapping[str, str]) -> bool | None:
    """Return the gateway's own word on asking again, None where it has none."""
    for value in report.find("retryable"):
        if isinstance(value, bool):
            return value
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").lower())


def read_parameter(report: Report) -> str:
    """Return which of `PARAMETERS` the gateway does not take, "" where it names none.

    It may be a field of its own, a path before a colon, or a word among others.
    """
    for value in report.find("param"):
        if isinstance(value, str) and (name := _name_in_path(value)):
            return name
    for match in _PATH.finditer(report.detail):
        if name := _name_in_path(match[1] or match[2]):
            return name
    refused = _REFUSED.search(report.detail)
    names = refused.groups() if refused else ()
    return next((name.lower() for name in names if name), "")


def read_window(report: Report) -> int | None:
    """Return the tokens that the model reads, as an overflow names them."""
    return _first_believed(_numbers(report, "n_ctx", _WINDOWS))


def read_size(report: Report) -> int | None:
    """Return the tokens of the prompt, as an overflow names them, without the answer."""
    return _first_believed(_numbers(report, "n_prompt_tokens", _SIZES))


def _first_believed(numbers: Iterable[int]) -> int | None:
    believed = (one for one in numbers if _LEAST_WINDOW <= one <= _MOST_WINDOW)
    return next(believed, None)


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    # A number of more digits would be no wait that anybody could sit out.
    return float(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]*)?", text) else None


def _moment(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _name_in_path(path: str) -> str:
    """Return the parameter that a path such as `thinking.type` leads into."""
    names = [name for name in re.split(r"[.\[\]]+", path) if name != "body"]
    if names and names[0] in _CONTENTS:
        return "cache_control" if "cache_control" in names else ""
    inner = ".".join(names[:2])
    return next((name for name in (inner, *names) if name in PARAMETERS), "")


# `thinking.type: …` at the beginning of a sentence, a line or a wrapped message, and
# a validator's `('body', 'store')`.
_PATH = re.compile(
    r"""(?:^|[\n;][ \t]*|"message":\s*")([a-z_]+(?:[.\[][\w.\[\]]*)?):\s"""
    r"""|['"]body['"],\s*['"]([a-z_]+)['"]"""
)
_NAME = rf"(?<![\w.])({'|'.join(map(re.escape, PARAMETERS))})(?!\w)"
_QUOTED = rf"""['"`\[{{(]*{_NAME}"""
_FIELD = (
    r"(?:parameter|argument|field|property|properties|key|name|option|value|input)"
    r"\(?s?\)?"
)
_NOT_TAKEN = (
    r"(?:unsupported|unknown|unrecogni[sz]ed|unexpected|unpermitted|disallowed|extra"
    r"|not supported|not permitted|not recogni[sz]ed"
    r"|(?:do|does)(?:n't| not) (?:support|accept|allow))"
)
_REFUSED = re.compile(
    # Unsupported parameter: 'max_tokens' …
    rf"{_NOT_TAKEN}(?:\W+\w+){{0,3}}?\W+{_FIELD}\b[^.\n]{{0,40}}?{_QUOTED}"
    # Argument not supported on this model: max_tokens
    rf"|{_FIELD} {_NOT_TAKEN}[^.\n]{{0,40}}?{_QUOTED}"
    # … does not support the `effort` parameter
    rf"|(?:do|does)(?:n't| not) (?:support|accept|allow) (?:the )?{_QUOTED}"
    # `temperature` is deprecated for this model
    rf"""|{_NAME}[\w.]*['"`\])}}]*\s+(?:{_FIELD}\s+)?"""
    r"(?:(?:is|are)\s+(?:not\s+(?:currently\s+|yet\s+)?"
    r"(?:supported|permitted|allowed|accepted|available|recogni[sz]ed|valid|a valid)"
    r"|unsupported|deprecated|unknown|no longer)"
    r"|(?:do|does)(?:n't| not) support|cannot be (?:used|set|specified))",
    re.IGNORECASE,
)

_WINDOWS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Whatever is compared with it: 215436 tokens, 190000 + 20000.
        r"[0-9](?: tokens?)?\s*>\s*([0-9]{3,9})",
        r"context[ _]?(?:length|window|size|limit)(?: of| is| only|\W)*([0-9]{3,9})",
        r"([0-9]{3,9})(?:[ -]tokens?)?(?: maximum)? context (?:length|window|size)",
        r"maximum (?:number of tokens allowed|prompt length)(?: is|\W)*([0-9]{3,9})",
        r"(?:n_ctx|max_model_len)\W{1,4}([0-9]{3,9})",
        r"input length should be \[[0-9]+, ?([0-9]{3,9})\]",
        r"token limit\W*([0-9]{3,9})",
        r"上下文[^0-9\n]{0,20}([0-9]{3,9})",
    )
]
_SIZES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"([0-9]{3,9}) (?:in the messages|of text input)",
        r"([0-9]{3,9})(?: tokens?)?(?:\s*\+\s*[0-9]{1,9}(?: tokens?)?)?\s*>\s*[0-9]{3,9}",
        r"(?:resulted in|requested)(?: about)? ([0-9]{3,9}) tokens(?! \()",
        r"request \(([0-9]{3,9}) tokens\)",
        r"input token count(?: is|\W)*([0-9]{3,9})",
    )
]
_SEPARATOR = re.compile(r"(?<=[0-9])[,_\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))")


def _numbers(
    report: Report, field: str, patterns: list[re.Pattern[str]]
) -> Iterator[int]:
    for value in report.find(field):
        if isinstance(value, int):
            yield value
    text = _SEPARATOR.sub("", report.detail)
    for pattern in patterns:
        if match := pattern.search(text):
            yield int(match[1])
