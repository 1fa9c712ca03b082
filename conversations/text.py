"""The one door through which text enters."""

from __future__ import annotations

import re
import unicodedata

# PostgreSQL refuses NUL, UTF-8 refuses lone surrogates; both databases must agree.
_REFUSED = re.compile("[\x00\ud800-\udfff]")
# Overrides and isolates of the direction of writing.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Letters by name that are drawn as nothing.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f")


def clean_text(value: str) -> str:
    """Return `value` so that every database, socket and file accepts it.

    NUL and lone surrogates become U+FFFD; line ends become a line feed.
    """
    return _REFUSED.sub("�", value.replace("\r\n", "\n").replace("\r", "\n"))


def join_halves(value: str) -> str:
    """Return `value` with surrogates that belong together joined; lone ones stay.

    JSON may carry the two halves of a pair in two strings; only UTF-16 joins them.
    """
    joined = value.encode("utf-16-le", "surrogatepass")
    return joined.decode("utf-16-le", "surrogatepass")


def clean_line(value: str) -> str:
    """Return `value` cleaned and on one line, for titles and names.

    It cannot turn the letters around it, and where nothing of it would be seen it is
    empty.
    """
    line = " ".join(_TURNS.sub("", clean_text(value)).split())
    return line if any(map(_is_seen, line)) else ""


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CZ" and letter not in _BLANK


def first_words(value: str) -> str:
    """Return the first line that says something, without its Markdown."""
    for line in clean_text(value).split("\n"):
        plain = clean_line(re.sub(r"[*`#>|~]|^\s*(?:[-+]|\d+[.)])\s", " ", line))
        if plain:
            return plain
    return clean_line(value)


def shorten(value: str, limit: int) -> str:
    """Return `value` on one line of at most `limit` characters, cut at a word."""
    line = clean_line(value)
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    head, _, _ = cut.rpartition(" ")
    return (head if len(head) > limit // 2 else cut).rstrip(" ,.;:-") + "…"
