"""Words as they are searched: cut, folded and bounded alike for both databases.

Neither cuts or folds text itself. SQLite's tokenizer knows no ideographs, PostgreSQL's
takes addresses and hyphens for words, and what its `lower` folds depends on the server.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from conversations.text import clean_text

WORD_LETTERS = 64
MOST_WORDS = 8
# A prefix of one letter would find nearly everything.
PREFIX_LETTERS = 2
# Written without spaces: Thai, Lao, kana, ideographs.
_UNSPACED = (
    "\u0e00-\u0eff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody searches for: each of these words, the last perhaps only begun."""

    words: tuple[str, ...]
    prefix: str = ""

    def __bool__(self) -> bool:
        return bool(self.words or self.prefix)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words, and the prefix after them."""
        return (*self.words, self.prefix) if self.prefix else self.words

    @property
    def whole(self) -> Query:
        """The same words, none of them only begun."""
        return Query(self.parts)


def fold(text: str) -> str:
    """Return `text` without case, accents and forms of presentation."""
    if text.isascii():
        return text.lower()
    # Marks go first: to normalise a long run of them takes the square of its length.
    apart = unicodedata.normalize("NFKD", _without_marks(text.casefold()))
    # Folded once more: some letters come apart into capitals.
    return unicodedata.normalize("NFC", _without_marks(apart)).casefold()


def _without_marks(text: str) -> str:
    marks = {ord(letter): None for letter in set(text) if unicodedata.combining(letter)}
    return text.translate(marks) if marks else text


@lru_cache(4096)
def fold_letter(letter: str) -> str:
    """Return one letter folded; it may become none or several."""
    return fold(letter)


def list_words(text: str) -> list[str]:
    """Return the words of a text, folded; of what has no spaces, each pair of letters."""
    return [word for run in _WORD.findall(fold(text)) for word in _of_run(run)]


def _of_run(run: str) -> list[str]:
    if not is_unspaced(run):
        return [run[:WORD_LETTERS]]
    # The last one too, so that it is found as the beginning of a pair.
    return [run[at : at + 2] for at in range(len(run))]


def is_unspaced(word: str) -> bool:
    """Tell whether a word is of those that are written without spaces."""
    return bool(_IS_UNSPACED.match(word))


def read_query(typed: str) -> Query:
    """Return what is to be found for what somebody typed; every letter is literal."""
    runs = _WORD.findall(fold(clean_text(typed)))[:MOST_WORDS]
    words = [word for run in runs for word in _asked_of_run(run)]
    if not words:
        return Query(())
    *whole, last = dict.fromkeys(words)
    begins = len(last) >= PREFIX_LETTERS or is_unspaced(last)
    return Query(tuple(whole), last) if begins else Query((*whole, last))


def _asked_of_run(run: str) -> list[str]:
    words = _of_run(run)
    is_pairs = len(words) > 1
    return words[:MOST_WORDS][:-1] if is_pairs else words
