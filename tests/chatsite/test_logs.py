from __future__ import annotations

import logging

from chatsite.logs import LineFormatter


def test_a_logged_line_break_stays_on_its_line() -> None:
    text = "Not Found: /a\n2026-01-01 INFO forged\x1b[31m"
    record = logging.LogRecord("name", logging.INFO, "", 0, text, (), None)

    line = LineFormatter("{message}", style="{").format(record)

    assert line == r"Not Found: /a\n2026-01-01 INFO forged\x1b[31m"
