"""Log lines that stay lines, whatever a request put into them."""

from __future__ import annotations

import copy
import logging
import os
import re
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    ExceptionInfo = (
        tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None]
    )

MOST_EXCEPTIONS = 20
# A shorter secret could be any word.
SECRET_CHARACTERS = 8
HIDDEN = "[hidden]"
# What follows may quote rows, and so what people wrote.
_QUOTES = re.compile(r"\s*(?:[\r\n]|DETAIL:|Failing row contains).*", re.DOTALL)
# In the addresses of one-time links, which are logged where they are refused.
_TOKEN = re.compile(r"(/(?:invitations|password/new)/)[^/\s]{20,}")


class LineFormatter(logging.Formatter):
    """Shows control characters as escapes: nobody can forge a line of the log.

    Of an exception's message only the first line is kept.
    """

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        # Another formatter may have left it, whole.
        record.exc_text = None
        if isinstance(record.args, tuple):
            record.args = tuple(_without_rows(each) for each in record.args)
        return _hide(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's
        return _escape(super().formatMessage(record))

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 - logging's
        if ei[1] is None:
            return ""
        lines = "".join(_tell(ei[1], set())).splitlines(keepends=False)
        return "\n".join(_escape(line) for line in lines)


def _tell(error: BaseException, told: set[int]) -> Iterator[str]:
    """Yield the traceback of an exception after that of what led to it."""
    told.add(id(error))
    before = error.__cause__
    if before is None and not error.__suppress_context__:
        before = error.__context__
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for other in (before, *parts):
        if other and id(other) not in told and len(told) < MOST_EXCEPTIONS:
            yield from _tell(other, told)
            yield "\nThat led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}: {_first_line(error)}\n"


def _hide(text: str) -> str:
    """Return a line without the tokens of one-time links, and without the secret that
    single sign-on is asked with.
    """
    text = _TOKEN.sub(rf"\1{HIDDEN}", text)
    secret = os.environ.get("OIDC_CLIENT_SECRET", "").strip()
    return text.replace(secret, HIDDEN) if len(secret) >= SECRET_CHARACTERS else text


def _without_rows(value: object) -> object:
    return _first_line(value) if isinstance(value, BaseException) else value


def _first_line(error: BaseException) -> str:
    return _escape(_QUOTES.sub("", str(error)))


def _escape(line: str) -> str:
    return "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line
    )
