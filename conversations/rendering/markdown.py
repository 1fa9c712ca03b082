"""What authors and models write, as safe HTML."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from conversations import limits
from conversations.rendering.blocks import find_block_ends
from conversations.rendering.budget import Budget, TooCostly
from conversations.rendering.highlight import plain_code
from conversations.rendering.parser import Parser
from conversations.rendering.safe import make_safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.utils.safestring import SafeString

CACHED_CHARACTERS = 16_384
CACHED_TEXTS = 128

_parser = Parser()


class Block(NamedTuple):
    """A closed block: where it ends (characters of the tail), and its HTML."""

    end: int
    html: SafeString


def render(text: str) -> SafeString:
    """Return a whole text as safe HTML, in at most 0.5 s of CPU.

    Text over RICH_BYTES, or too costly to parse, is shown as it was written.
    """
    return (_cached if len(text) <= CACHED_CHARACTERS else _render)(text)


def closed_blocks(tail: str) -> list[Block]:
    """Return the blocks of a growing text that can no longer change, in order.

    The open block is left out, and so is all of a text that is too long or costly.
    When many blocks cost more than one rendering may, the rest is for next time.
    """
    budget = Budget()
    try:
        ends = find_block_ends(tail, budget) if _is_rich(tail) else []
    except TooCostly:
        return []
    return list(_render_blocks(tail, ends, budget))


def _render_blocks(tail: str, ends: list[int], budget: Budget) -> Iterator[Block]:
    for start, end in pairwise([0, *ends]):
        try:
            yield Block(end, _render_markdown(tail[start:end], budget))
        except TooCostly:
            # A later block may only have come too late; the first never gets cheaper.
            if start == 0:
                yield Block(end, _render_plain(tail[:end]))
            return


def _is_rich(text: str) -> bool:
    size = len(text)
    return size <= limits.RICH_BYTES and len(text.encode()) <= limits.RICH_BYTES


def _render(text: str) -> SafeString:
    if not _is_rich(text):
        return _render_plain(text)
    try:
        return _render_markdown(text, Budget())
    except TooCostly:
        return _render_plain(text)


_cached = lru_cache(maxsize=CACHED_TEXTS)(_render)


def _render_markdown(text: str, budget: Budget) -> SafeString:
    tokens = _parser.read(text, budget)
    return make_safe(_parser.write(tokens, budget))


def _render_plain(text: str) -> SafeString:
    return make_safe(f'<pre class="plain">{plain_code(text)}</pre>')
