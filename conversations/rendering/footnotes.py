"""Footnotes: `[^a]` in a text, and what `[^a]: …` says, gathered at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def, footnote_ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline

# How often one footnote is led back from.
MOST_BACK = 9
_CHAINS: RuleOptionsType = {"alt": ["paragraph", "reference"]}


def read_footnotes(parser: MarkdownIt) -> None:
    """Teach a parser footnotes that stand outside of lists and quotes."""
    parser.block.ruler.before("reference", "footnote_def", _definition, _CHAINS)
    parser.inline.ruler.after("image", "footnote_ref", _reference)
    parser.core.ruler.after("inline", "footnotes", _gather)


def _definition(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    # One may follow another at once, and then ends what that one says.
    is_next = silent and state.sCount[line] < state.blkIndent
    if state.level and not is_next:
        return False
    return footnote_def(state, line, end, silent)


def _reference(state: StateInline, silent: bool) -> bool:
    if "footnotes" not in state.env:
        return False
    return footnote_ref(state, silent)


def _gather(state: StateCore) -> None:
    """Move what footnotes say to the end, in the order they are referred to."""
    if "footnotes" not in state.env:
        return
    said = _take_definitions(state)
    known = state.env["footnotes"]["list"]
    order = [one["label"] for one in known.values()]
    times = {one["label"]: one["count"] for one in known.values()}
    # While a text is being written, they come before or after what refers to them.
    order += [label for label in said if label not in times]
    if not order:
        return
    state.tokens.append(Token("notes_open", "section", 1))
    for number, label in enumerate(order, start=1):
        shown = number if times or not _is_number(label) else int(label)
        meta = {"number": shown, "times": min(times.get(label, 0), MOST_BACK)}
        state.tokens += _note(said.get(label, []), meta)
    state.tokens.append(Token("notes_close", "section", -1))


def _take_definitions(state: StateCore) -> dict[str, list[Token]]:
    said: dict[str, list[Token]] = {}
    kept: list[Token] = []
    current = kept
    for token in state.tokens:
        if token.type == "footnote_reference_open":
            current = said.setdefault(token.meta["label"], [])
        elif token.type == "footnote_reference_close":
            current = kept
        else:
            current.append(token)
    state.tokens = kept
    return said


def _is_number(label: str) -> bool:
    return label.isascii() and label.isdigit() and len(label) < 4


def _note(inside: list[Token], meta: dict[str, int]) -> Iterator[Token]:
    yield Token("note_open", "li", 1, meta=meta)
    back = Token("note_back", "", 0, meta=meta)
    last = inside[-1] if inside else None
    if last is None or last.type != "paragraph_close":
        yield from inside
        yield back
    else:
        yield from inside[:-1]
        yield back
        yield last
    yield Token("note_close", "li", -1)
