from __future__ import annotations

import logging

import pytest

from chatsite.logs import LineFormatter

ROW = (
    "null value in column violates not-null constraint\n"
    "DETAIL:  Failing row contains (1, what alice wrote)."
)


class OddError(Exception):
    """Says whatever a test wants."""


def written(text: str, *args: object, error: BaseException | None = None) -> str:
    told = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("name", logging.INFO, "", 0, text, args, told)
    return LineFormatter("{message}", style="{").format(record)


def caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    with pytest.raises(type(error)) as found:
        raise error from cause
    return found.value


def test_a_logged_line_break_stays_on_its_line() -> None:
    line = written("Not Found: /a\n2026-01-01 INFO forged\x1b[31m")

    assert line == r"Not Found: /a\n2026-01-01 INFO forged\x1b[31m"


def test_a_traceback_has_its_lines_and_no_others() -> None:
    error = caught(OddError("bad\r\x1b[2J\u2028forged"))

    lines = written("It failed.", error=error).splitlines()

    assert lines[:2] == ["It failed.", "Traceback (most recent call last):"]
    assert lines[-1] == r"tests.chatsite.test_logs.OddError: bad"
    assert any("in caught" in line for line in lines)


def test_control_characters_of_an_exception_are_shown_as_escapes() -> None:
    error = caught(OddError("bad\x1b[2J\u2028forged\x00"))

    last = written("It failed.", error=error).split("\n")[-1]

    assert last == r"tests.chatsite.test_logs.OddError: bad\x1b[2J\u2028forged\x00"


@pytest.mark.parametrize(
    "error",
    [
        caught(OddError(ROW)),
        caught(OddError(ROW.replace("\n", " "))),
        caught(OddError("later"), OddError(ROW)),
        caught(ExceptionGroup("several", [OddError(ROW), OddError("another")])),
    ],
)
def test_what_a_row_holds_is_not_logged(error: BaseException) -> None:
    text = written("It failed.", error=error)

    assert "null value in column violates not-null constraint" in text
    assert "alice" not in text


def test_an_exception_within_the_message_loses_its_rows_too() -> None:
    assert written("Lost: %s", OddError(ROW)) == (
        "Lost: null value in column violates not-null constraint"
    )


def test_what_another_formatter_left_is_not_repeated() -> None:
    error = caught(OddError(ROW))
    told = (type(error), error, error.__traceback__)
    record = logging.LogRecord("name", logging.ERROR, "", 0, "It failed.", (), told)
    assert "alice" in logging.Formatter().format(record)

    assert "alice" not in LineFormatter("{message}", style="{").format(record)


def test_exceptions_that_led_to_each_other_are_told_once() -> None:
    first, second = OddError("first"), OddError("second")
    first.__cause__, second.__cause__ = second, first

    text = written("It failed.", error=first)

    assert text.count("OddError: first") == text.count("OddError: second") == 1


@pytest.mark.parametrize("path", ["/invitations/", "/password/new/"])
def test_the_token_of_a_link_is_not_logged(path: str) -> None:
    token = "a-token_of-43-letters-" + "x" * 21

    line = written("Unprocessable Entity: %s", f"{path}{token}/")

    assert line == f"Unprocessable Entity: {path}[hidden]/"


def test_the_secret_of_single_sign_on_is_cut_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "secret-canary-1")
    error = caught(OddError("asked with secret-canary-1"))

    text = written("Sent %s.", "a=secret-canary-1&b", error=error)

    assert text.startswith("Sent a=[hidden]&b.")
    assert "canary" not in text


def test_a_secret_as_short_as_a_word_leaves_the_log_readable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "a")

    assert written("a cat") == "a cat"
