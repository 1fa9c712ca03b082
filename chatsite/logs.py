"""Log lines that stay lines, whatever a request put into them."""

from __future__ import annotations

import logging


class LineFormatter(logging.Formatter):
    """Shows control characters as escapes: nobody can forge a line of the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's
        line = super().formatMessage(record)
        return "".join(
            letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line
        )
