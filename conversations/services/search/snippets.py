"""What is shown of a text in which words were found: plain pieces, some of them marked."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from conversations.services.search.words import fold, fold_letter, is_unspaced
from conversations.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.services.search.words import Query

BEFORE_LETTERS = 60
SNIPPET_LETTERS = 240


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text; templates escape it."""

    text: str
    is_found: bool = False


def cut_snippet(text: str, query: Query) -> list[Piece]:
    """Return the text around the place where most of what was asked for stands."""
    spans = find_spans(text, query)
    start = max(0, _best_start(spans) - BEFORE_LETTERS)
    end = min(len(text), start + SNIPPET_LETTERS)
    if start:
        start += len(text[start : start + 20].partition(" ")[0]) % 20
    inside = [(at, to) for at, to in spans if start <= at and to <= end]
    pieces = _cut(text[start:end], [(at - start, to - start) for at, to in inside])
    first = [Piece("… ")] if start else []
    last = [Piece(" …")] if end < len(text) else []
    return [*first, *pieces, *last]


def mark_all(text: str, query: Query) -> list[Piece]:
    """Return a whole short text with all that was found in it marked."""
    return _cut(text, find_spans(text, query))


def find_spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Return from where to where the words of `query` stand in `text`, in its letters."""
    folded, ends = _fold_with_ends(text)
    return [
        (bisect_right(ends, found.start()), bisect_right(ends, found.end() - 1) + 1)
        for found in _pattern(query).finditer(folded)
    ]


@lru_cache(64)
def _pattern(query: Query) -> re.Pattern[str]:
    """Match the words where they begin; what is written without spaces anywhere."""
    ways = []
    for word in sorted(query.parts, key=len, reverse=True):
        anywhere = is_unspaced(word)
        edge = "" if anywhere else r"(?<![^\W_])"
        stop = "" if anywhere or word == query.prefix else r"(?![^\W_])"
        ways.append(f"{edge}{re.escape(word)}{stop}")
    return re.compile("|".join(ways) or r"(?!)")


def _fold_with_ends(text: str) -> tuple[str, Sequence[int]]:
    """Fold letter by letter; return for each letter where it ends in what is folded.

    A text may be long: nothing here is a step of Python for each letter.
    """
    ends = range(1, len(text) + 1)
    if text.isascii():
        return fold(text), ends
    bare = {letter: fold_letter(letter) for letter in set(text)}
    folded = "".join(map(bare.__getitem__, text))
    if all(len(each) == 1 for each in bare.values()):
        return folded, ends
    lengths = {letter: len(each) for letter, each in bare.items()}
    return folded, list(accumulate(map(lengths.__getitem__, text)))


def _best_start(spans: list[tuple[int, int]]) -> int:
    """Return where the stretch begins that holds most of the places."""
    best, most = 0, 0
    for index, (start, _) in enumerate(spans[:100]):
        ahead = spans[index : index + 10]
        count = sum(to <= start + SNIPPET_LETTERS - BEFORE_LETTERS for _, to in ahead)
        if count > most:
            best, most = start, count
    return best


def _cut(text: str, spans: list[tuple[int, int]]) -> list[Piece]:
    pieces, at = [], 0
    for start, end in spans:
        if start < at:
            continue
        pieces += [Piece(text[at:start]), Piece(text[start:end], is_found=True)]
        at = end
    pieces.append(Piece(text[at:]))
    lines = (Piece(_on_one_line(each.text), each.is_found) for each in pieces)
    return [each for each in lines if each.text]


def _on_one_line(text: str) -> str:
    """Join lines, and keep the spaces at both ends: words stand beside it."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{clean_line(text)}{after}" if text.strip() else before
