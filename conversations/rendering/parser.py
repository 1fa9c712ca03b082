"""Markdown as we read it: CommonMark with tables, tasks, footnotes, formulas; no HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from conversations.rendering.budget import PARSE_TOKENS, Budget, TooCostly
from conversations.rendering.citations import link_markers
from conversations.rendering.elements import Elements
from conversations.rendering.footnotes import read_footnotes
from conversations.rendering.formulas import read_formulas
from conversations.rendering.links import host_of, host_to_show, link_bare_urls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

# The parser skips what is nested deeper than this, and takes as much longer on
# unclosed brackets as this is higher.
MAX_NESTING = 20
# Of links and of footnotes: none is without it.
DEFINITION = "]:"
_TASK = re.compile(r"\[([ xX])\][ \t]")


# Every list of rules that is tried line by line.
_CHAINS = ["paragraph", "reference", "blockquote", "list"]


class Parser(MarkdownIt):
    """Reads links strictly: what may not be linked stays text.

    Of a text that is growing, a formula that is not closed yet goes to its end.
    """

    def __init__(self, *, is_growing: bool = False) -> None:
        options = {"html": False, "breaks": True, "maxNesting": MAX_NESTING}
        super().__init__("commonmark", options, renderer_cls=Elements)
        self.enable(["table", "strikethrough"])
        read_formulas(self, is_growing=is_growing)
        read_footnotes(self)
        self.block.ruler.before("table", "budget", _spend, {"alt": _CHAINS})
        self.inline.ruler.after("text", "budget", _spend)
        self.core.ruler.after("block", "size", _refuse_excess)
        self.core.ruler.push("tasks", _read_tasks)
        self.core.ruler.push("links", _read_links)
        names = self.core.ruler.get_active_rules()
        rules = self.core.ruler.getRules("")
        self._after_blocks = rules[names.index("size") + 1 :]

    def read(self, text: str, budget: Budget, cited: Sequence[str] = ()) -> list[Token]:
        """Return the tokens of `text`, or raise TooCostly.

        `cited` says where the markers `[1]`, `[2]` … lead.
        """
        return self.parse(text, {"budget": budget, "cited": cited})

    def read_inside(self, tokens: list[Token], budget: Budget) -> list[Token]:
        """Return tokens of blocks with what is in their lines, or raise TooCostly."""
        if not budget.may_parse():
            raise TooCostly
        state = StateCore("", self, {"budget": budget, "cited": ()}, tokens)
        for rule in self._after_blocks:
            rule(state)
        return state.tokens

    def write(self, tokens: list[Token], budget: Budget) -> str:
        """Return tokens as HTML that is not yet safe."""
        html: str = self.renderer.render(tokens, self.options, {"budget": budget})
        return html

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the library's name)
        """Tell whether the parser may make a link; fragments are undone later."""
        return host_of(url) is not None or url.startswith("#")

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 (the library's name)
        """Return the text of an autolink as it was written."""
        return link


def _spend(state: StateBlock | StateInline, *_: object) -> bool:
    if not state.env["budget"].may_parse():
        raise TooCostly
    return False


def _refuse_excess(state: StateCore) -> None:
    # A list adds two levels, and what is inside of the last one would be skipped.
    deepest = max((token.level for token in state.tokens), default=0)
    if deepest >= MAX_NESTING - 2 or len(state.tokens) > PARSE_TOKENS:
        raise TooCostly


def _read_tasks(state: StateCore) -> None:
    kinds = [token.type for token in state.tokens]
    for index, kind in enumerate(kinds):
        if kind == "list_item_open" and kinds[index + 1 : index + 3] == [
            "paragraph_open",
            "inline",
        ]:
            _read_task(state.tokens[index], state.tokens[index + 2].children or [])


def _read_task(item: Token, children: list[Token]) -> None:
    first = children[0] if children else None
    if first is None or first.type != "text" or not (m := _TASK.match(first.content)):
        return
    first.content = first.content[m.end() :]
    children.insert(0, Token("checkbox", "input", 0, meta={"done": m[1] != " "}))
    item.attrSet("class", "task")


def _read_links(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            token.children = list(_read_children(token.children, state))


def _read_children(children: list[Token], state: StateCore) -> Iterator[Token]:
    start: int | None = None
    for index, token in enumerate(children):
        if token.type == "link_open":
            start = index
        elif token.type == "link_close" and start is not None:
            yield from _read_link(children[start : index + 1])
            start = None
        elif start is None and token.type == "text":
            yield from _read_text(token, state)
        elif start is None:
            yield token


def _read_text(token: Token, state: StateCore) -> Iterator[Token]:
    is_cited = state.env["cited"] and "[" in token.content
    parts = link_markers(token, state.env["cited"]) if is_cited else (token,)
    inside = False
    for part in parts:
        inside = part.nesting > 0 or (inside and part.nesting == 0)
        if part.type == "text" and not inside and "://" in part.content:
            yield from link_bare_urls(part, state.md.normalizeLink)
        else:
            yield part


def _read_link(link: list[Token]) -> list[Token]:
    first, *inside, last = link
    href = str(first.attrs["href"])
    for token in inside:
        if token.type == "image":
            token.meta["linked"] = True
    if host_of(href) is None:
        return inside
    text = "".join(token.content for token in inside)
    last.meta["host"] = host_to_show(href, text)
    return link
