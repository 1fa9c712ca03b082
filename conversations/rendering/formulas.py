"""Where formulas stand in a text: `$a$`, `$$a$$`, `\\(a\\)`, `\\[a\\]`, and alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

# A formula within a line is looked for no further than this.
REACH_CHARACTERS = 1_000
REACH_LINES = 100

_CHAINS: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
_CLOSES = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
# Prices are no formulas: a letter or a digit beside a dollar sign tells them apart,
# and words that follow an amount.
_BEFORE = re.compile(r"[\w$\\]")
_AFTER = re.compile(r"[\w${]")
_AMOUNT_AND_MORE = re.compile(r"\d[^\\]*\s[A-Za-z]{2,}\b|[\d.,]+\s[\d\s.,]*\Z")
_BRACKETED = re.compile(r"[\\^_=<>+]")


def read_formulas(parser: MarkdownIt, *, is_growing: bool = False) -> None:
    """Teach a parser formulas.

    Where a text is growing, a formula that is not closed yet goes to its end.
    """

    def block(state: StateBlock, line: int, end: int, silent: bool) -> bool:
        return _block(state, line, end, silent=silent, is_growing=is_growing)

    parser.block.ruler.before("fence", "math_block", block, _CHAINS)
    parser.inline.ruler.before("escape", "math_inline", _inline)


def _block(
    state: StateBlock, line: int, end: int, *, silent: bool, is_growing: bool
) -> bool:
    first = _line(state, line)
    mark = first[:2]
    if mark not in ("$$", "\\[") or state.is_code_block(line):
        return False
    last = _last_line(state, line, end, mark)
    if last is None:
        return False
    if last == end and not (is_growing and state.level == 0 and end == state.lineMax):
        return False
    if not silent:
        _push_block(state, line, last, mark)
    return True


def _last_line(state: StateBlock, line: int, end: int, mark: str) -> int | None:
    """Return the line that closes a formula, `end` if none does, None if none can."""
    close = _CLOSES[mark]
    for at in range(line, min(end, line + REACH_LINES)):
        text = _line(state, at)
        if not text or (at > line and state.sCount[at] < state.blkIndent):
            return None
        rest = text[2:] if at == line else text
        place = rest.find(close)
        if place >= 0:
            is_last = rest[place + 2 :].strip(" \t") == ""
            is_empty = at == line and not rest[:place].strip()
            return at if is_last and not is_empty else None
    return end if end <= line + REACH_LINES else None


def _push_block(state: StateBlock, line: int, last: int, mark: str) -> None:
    is_closed = last < state.lineMax
    stop = last + 1 if is_closed else last
    lines = [_line(state, at) for at in range(line, stop)]
    content = "\n".join(lines)[2:].rstrip(" \t")
    token = state.push("math_block", "math", 0)
    token.content = content[:-2].strip() if is_closed else content
    token.markup = mark
    token.block = True
    token.map = [line, stop]
    token.meta = {"closed": is_closed}
    state.line = stop


def _line(state: StateBlock, line: int) -> str:
    start = state.bMarks[line] + state.tShift[line]
    return state.src[start : state.eMarks[line]].rstrip(" \t")


def _inline(state: StateInline, silent: bool) -> bool:
    start, source = state.pos, state.src
    char = source[start]
    if char not in "$\\":
        return False
    mark = source[start : start + 2]
    if mark not in ("$$", "\\(", "\\["):
        mark = char
    if mark == "\\":
        return False
    content = _content(source, start, min(state.posMax, len(source)), mark)
    if content is None:
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content, token.markup = content, mark
    state.pos = start + len(content) + 2 * len(mark)
    return True


def _content(source: str, start: int, end: int, mark: str) -> str | None:
    """Return what stands between the marks of a formula, None where it is none."""
    begin = start + len(mark)
    reach = min(end, begin + REACH_CHARACTERS)
    place = source.find(_CLOSES[mark], begin, reach)
    if place <= begin:
        return None
    content = source[begin:place]
    if mark == "$":
        before, after = source[max(start - 1, 0) : start], source[place + 1 : place + 2]
        return content if _is_formula(before, content, after) else None
    if not content.strip() or (mark == "\\[" and not _BRACKETED.search(content)):
        return None
    return content


def _is_formula(before: str, content: str, after: str) -> bool:
    if _BEFORE.match(before) or _AFTER.match(after) or "\n" in content:
        return False
    if content != content.strip() or content.endswith("\\") or "](" in content:
        return False
    return not _AMOUNT_AND_MORE.match(content)
