"""What authors and models write, as safe HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.safestring import SafeString

from conversations import limits
from conversations.rendering.blocks import find_block_ends, find_blocks
from conversations.rendering.budget import Budget, TooCostly
from conversations.rendering.highlight import plain_code
from conversations.rendering.parser import DEFINITION, Parser
from conversations.rendering.recent import Recent
from conversations.rendering.safe import make_safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conversations.rendering.blocks import Outlined

# Texts and their HTML, and those of which a part was rendered while they were written.
KEPT_CHARACTERS = 6_000_000
WRITTEN_CHARACTERS = 3_000_000
# What few people read is shown plain if it is longer.
ASIDE_CHARACTERS = 16_384

# No text looks like this: in texts "<" is escaped.
_PLAIN = '<pre class="plain">'

_parser = Parser()


class Block(NamedTuple):
    """A closed block: where it ends (characters of the tail), and its HTML."""

    end: int
    html: SafeString


_kept: Recent[SafeString] = Recent(KEPT_CHARACTERS)
_written: Recent[Block] = Recent(WRITTEN_CHARACTERS)


def render(text: str, cited: tuple[str, ...] = (), scope: str = "") -> SafeString:
    """Return a whole text as safe HTML, in at most 0.5 s of CPU.

    What comes after RICH_BYTES, or is too costly to parse, is shown as it was written.
    `cited` says where the markers `[1]`, `[2]` … lead, "" where nowhere; `scope` is
    what the ids of footnotes begin with: without one they are not linked.
    """
    key = (text, cited, scope if "[^" in text else "")
    html = _kept.get(key)
    if html is None:
        html = _render(*key)
        _kept.keep(key, html, len(text) + len(html))
    return html


def render_aside(text: str) -> SafeString:
    """Return what few people read as safe HTML; a long text as it was written."""
    return render(text) if len(text) <= ASIDE_CHARACTERS else _render_plain(text)


def keep_written(text: str, blocks: Sequence[Block]) -> None:
    """Keep what was rendered of a text while it was written: only the rest is left.

    Its blocks follow one another from its beginning. Where one was too costly, the
    whole text is rendered anew.
    """
    html = SafeString("".join(block.html for block in blocks))
    if blocks and _PLAIN not in html:
        size = len(text) + len(html)
        _written.keep(text, Block(blocks[-1].end, html), size)


def closed_blocks(tail: str) -> list[Block]:
    """Return the blocks of a growing text that can no longer change, in order.

    The open block is left out, and so is all of a text that is too long or costly.
    When many blocks cost more than one rendering may, the rest is for next time.
    """
    budget = Budget()
    try:
        found = find_blocks(tail, budget) if _is_rich(tail) else []
    except TooCostly:
        return []
    return list(_render_blocks(tail, found, budget))


def _render_blocks(tail: str, found: list[Outlined], budget: Budget) -> Iterator[Block]:
    start = 0
    for end, tokens in found:
        try:
            if DEFINITION in tail:
                # It serves the block that it stands before, and no other yet.
                html = _render_markdown(tail[start:end], budget)
            else:
                inside = _parser.read_inside(tokens, budget)
                html = make_safe(_parser.write(inside, budget))
            yield Block(end, html)
        except TooCostly:
            # A later block may only have come too late; the first never gets cheaper.
            if start == 0:
                yield Block(end, _render_plain(tail[:end]))
            return
        start = end


def _is_rich(text: str) -> bool:
    size = len(text)
    return size <= limits.RICH_BYTES and len(text.encode()) <= limits.RICH_BYTES


def _render(text: str, cited: tuple[str, ...], scope: str) -> SafeString:
    budget = Budget()
    written = None if cited or DEFINITION in text else _written.get(text)
    if written is not None:
        return SafeString(f"{written.html}{_render(text[written.end :], (), '')}")
    try:
        end = len(text) if _is_rich(text) else _rich_end(text, budget)
        rich = _render_markdown(text[:end], budget, cited, scope) if end else ""
    except TooCostly:
        return _render_plain(text)
    rest = _render_plain(text[end:]) if end < len(text) else ""
    return SafeString(f"{rich}{rest}")


def _rich_end(text: str, budget: Budget) -> int:
    """Return where the last block ends that is within RICH_BYTES; 0 where none does."""
    head = text.encode()[: limits.RICH_BYTES].decode(errors="ignore")
    ends = find_block_ends(head, budget)
    return ends[-1] if ends else 0


def _render_markdown(
    text: str, budget: Budget, cited: tuple[str, ...] = (), scope: str = ""
) -> SafeString:
    tokens = _parser.read(text, budget, cited)
    return make_safe(_parser.write(tokens, budget), scope)


def _render_plain(text: str) -> SafeString:
    return make_safe(f"{_PLAIN}{plain_code(text)}</pre>")
