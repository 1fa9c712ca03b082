"""The one door through which text enters."""

from __future__ import annotations

import re

# PostgreSQL refuses NUL, UTF-8 refuses lone surrogates; both databases must agree.
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def clean_text(value: str) -> str:
    """Return `value` so that every database, socket and file accepts it.

    NUL and lone surrogates become U+FFFD; line ends become a line feed.
    """
    return _REFUSED.sub("�", value.replace("\r\n", "\n").replace("\r", "\n"))


def clean_line(value: str) -> str:
    """Return `value` cleaned and on one line, for titles and names."""
    return " ".join(clean_text(value).split())


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
