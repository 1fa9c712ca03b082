"""Where the Markdown blocks of a growing text end, once nothing can change them."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from conversations.rendering.parser import Parser

if TYPE_CHECKING:
    from markdown_it.token import Token

    from conversations.rendering.budget import Budget

# Tells blocks apart without looking inside them.
_outline = Parser(is_growing=True)
_outline.core.ruler.enableOnly(["normalize", "block", "size"])

_FENCE_OPEN = re.compile(r" {0,3}(?P<marks>`{3,}(?=[^`\n]*\n)|~{3,})[^\n]*\n")
_BLANK_END = re.compile(r"(?:\A|\n)[ \t]*\n\Z")
# Blank lines, headings, fences, rules and the ends of formulas.
_ENDING = re.compile(
    r"^[ \t]*$|^ {0,3}(?:#|```|~~~|(?:[-=*_][ \t]*)+$)|(?:\$\$|\\\])[ \t]*$",
    re.MULTILINE,
)
# So much of a line tells what it is.
_LINE_CHARACTERS = 80
_CLOSED_AT_ONCE = frozenset({"heading_open", "hr"})
_CLOSED_BY_BLANK = frozenset({"paragraph_open", "blockquote_open", "table_open"})


class Outlined(NamedTuple):
    """A closed block: where it ends, and its tokens, not read inside."""

    end: int
    tokens: list[Token]


class Lines:
    """The lines of a growing text, watched for those with which a block may end."""

    def __init__(self) -> None:
        self._last = ""

    @property
    def is_at_start(self) -> bool:
        """Whether nothing has come of the next line."""
        return not self._last

    def take(self, text: str) -> bool:
        """Tell whether it is worth looking for closed blocks after this text.

        What a list is followed by without a blank line closes with that.
        """
        lines, newline, last = (self._last + text).rpartition("\n")
        self._last = last[:_LINE_CHARACTERS]
        return bool(newline and _ENDING.search(lines))


def find_block_ends(text: str, budget: Budget) -> list[int]:
    """Return the offsets in `text` where closed top-level blocks end."""
    return [block.end for block in find_blocks(text, budget)]


def find_blocks(text: str, budget: Budget) -> list[Outlined]:
    """Return the closed top-level blocks of `text`.

    A block is closed when no text that may follow can change it. Blocks follow
    one another without gaps: blank lines belong to the block before them, link
    definitions to the one after. Raises TooCostly.
    """
    if "\n" not in text or "\r" in text or _is_in_fence(text):
        return []
    known = _known_part(text)
    tokens = _outline.read(known, budget)
    firsts = [at for at, token in enumerate(tokens) if _is_block(token)]
    blocks = [tokens[at] for at in firsts]
    lines = known.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    if blocks and not _is_final(blocks[-1], known, lines):
        _leave_open(blocks, lines)
    return [
        Outlined(
            min(starts[_line_after(block, lines)], len(known)), tokens[first:next_]
        )
        for block, first, next_ in zip(
            blocks, firsts, [*firsts[1:], None], strict=False
        )
    ]


def _is_in_fence(text: str) -> bool:
    """Tell quickly whether `text` is nothing but the beginning of a fence."""
    opening = _FENCE_OPEN.match(text)
    if opening is None:
        return False
    marks = opening["marks"]
    closing = rf"^ {{0,3}}{marks[0]}{{{len(marks)},}}[ \t]*$"
    return not re.compile(closing, re.MULTILINE).search(text, opening.end())


def _known_part(text: str) -> str:
    """Return the whole lines, and the last one if its kind is certain already.

    A line that begins with a letter is text, whatever follows it.
    """
    end = text.rfind("\n") + 1
    return text if text[end : end + 1].isalpha() else text[:end]


def _is_block(token: Token) -> bool:
    return token.level == 0 and token.nesting >= 0 and token.map is not None


def _leave_open(blocks: list[Token], lines: list[str]) -> None:
    """Drop the last block, which is open, and what it may turn out to be part of."""
    start, _ = _lines_of(blocks[-1])
    if blocks.pop().type == "math_block" and blocks and lines[start - 1].strip(" \t"):
        blocks.pop()


def _is_final(block: Token, known: str, lines: list[str]) -> bool:
    if block.type == "fence":
        return _is_closed_fence(block, lines)
    if block.type == "math_block":
        return bool(block.meta["closed"]) and _lines_of(block)[1] < len(lines)
    if block.type in _CLOSED_AT_ONCE:
        return known.endswith("\n")
    return block.type in _CLOSED_BY_BLANK and bool(_BLANK_END.search(known))


def _is_closed_fence(block: Token, lines: list[str]) -> bool:
    first, end = _lines_of(block)
    last = lines[end - 1].strip(" \t")
    marked = last.startswith(block.markup) and not last.strip(block.markup[0])
    return marked and first < end - 1 and end < len(lines)


def _line_after(block: Token, lines: list[str]) -> int:
    _, line = _lines_of(block)
    while line < len(lines) and not lines[line].strip(" \t"):
        line += 1
    return line


def _lines_of(block: Token) -> list[int]:
    assert block.map is not None
    return block.map
