"""Counting tokens, offline, with the rank file shipped beside this module."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import tiktoken

if TYPE_CHECKING:
    from collections.abc import Iterator

RANKS = Path(__file__).with_name("ranks")
# tiktoken names a rank file after the SHA-1 of the address it was published at.
RANK_FILE = "fb374d419588a4632f3f557e76b4b70aebbca790"
RANK_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"

# tiktoken's pattern overflows its stack on a run of about a million spaces.
PIECE_CHARACTERS = 16_000
# Of a text that is longer, these are looked at where about will do.
PARTS = 4


class RanksError(Exception):
    """The rank file is missing or damaged, so tokens cannot be counted."""


def count(text: str) -> int:
    """Return the number of `o200k_base` tokens in `text`, special ones as plain text.

    Exact up to `PIECE_CHARACTERS`; beyond, each cut may add a token. The first call
    reads the rank file, which takes about 0.5 s and 90 MB. Raises `RanksError`.
    """
    encoding = load_encoding(RANKS)
    return sum(
        len(encoding.encode(piece, disallowed_special=())) for piece in _cut(text)
    )


def count_about(text: str) -> int:
    """Return about as many tokens as `count`, of a long text from parts of it.

    Takes some milliseconds, however long the text. Raises `RanksError`.
    """
    size, part = len(text), PIECE_CHARACTERS // PARTS
    if size <= PIECE_CHARACTERS:
        return count(text)
    starts = [(size - part) * number // (PARTS - 1) for number in range(PARTS)]
    counted = sum(count(text[start : start + part]) for start in starts)
    return counted * size // (part * PARTS)


@cache
def load_encoding(ranks: Path) -> tiktoken.Encoding:
    """Load `o200k_base` from the folder `ranks`, without a network in any case.

    Threads may call at once: tiktoken holds a lock while it loads, and keeps what it
    loaded. Raises `RanksError`.
    """
    _check(ranks / RANK_FILE)
    os.environ["TIKTOKEN_CACHE_DIR"] = str(ranks)
    return tiktoken.get_encoding("o200k_base")


def _check(path: Path) -> None:
    # tiktoken would delete a damaged file and download it anew.
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        message = f"The rank file cannot be read: {error}."
        raise RanksError(message) from error
    if found != RANK_SHA256:
        message = f"The rank file is damaged: {path}. Restore it from the repository."
        raise RanksError(message)


def _cut(text: str) -> Iterator[str]:
    """Cut before a space where there is one: there a token ends anyway."""
    start = 0
    while len(text) - start > PIECE_CHARACTERS:
        limit = start + PIECE_CHARACTERS
        space = text.rfind(" ", start + 1, limit)
        end = space if space > 0 else limit
        yield text[start:end]
        start = end
    yield text[start:]
