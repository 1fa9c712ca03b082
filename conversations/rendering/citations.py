"""The pages an answer refers to: a numbered list, and `[1]` as links into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from conversations.rendering.links import host_of
from conversations.rendering.marks import drop_hidden
from conversations.text import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conversations.wire import Citation

MOST_SOURCES = 100
TITLE_CHARACTERS = 120
_MARKER = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Source:
    """One cited page. `url` is "" where it may not be linked."""

    number: int
    title: str
    url: str = ""
    host: str = ""


def list_sources(citations: Sequence[Citation]) -> list[Source]:
    """Return what may be shown of citations, each with its number from 1 on.

    What is cited twice is listed once; numbers stay those of the answer's markers.
    """
    sources: dict[tuple[str, str], Source] = {}
    for number, citation in enumerate(citations[:MOST_SOURCES], start=1):
        source = _source(number, citation)
        sources.setdefault((source.url, source.title), source)
    return list(sources.values())


def link_targets(citations: Sequence[Citation]) -> tuple[str, ...]:
    """Return where the markers `[1]`, `[2]` … lead, "" where nowhere."""
    return tuple(_readable(citation.url) for citation in citations[:MOST_SOURCES])


def _source(number: int, citation: Citation) -> Source:
    url = _readable(citation.url)
    host = (host_of(url) or "") if url else ""
    title = " ".join(drop_hidden(citation.title).split())
    shown = shorten(title, TITLE_CHARACTERS) or host or "A page without an address"
    return Source(number, shown, url, host if host != shown else "")


def _readable(url: str) -> str:
    """Return a web address that may be linked, escaped, or "" for any other."""
    href = normalizeLink(url.strip())
    is_web = href.lower().startswith(("http://", "https://"))
    return href if is_web and host_of(href) else ""


def link_markers(token: Token, targets: Sequence[str]) -> Iterator[Token]:
    """Yield a text token again, its markers of known sources as links."""
    done = 0
    for match in _MARKER.finditer(token.content):
        number = int(match[1])
        href = targets[number - 1] if 0 < number <= len(targets) else ""
        if not href:
            continue
        yield _text(token, token.content[done : match.start()])
        yield Token("link_open", "a", 1, attrs={"href": href}, level=token.level)
        yield _text(token, match[0])
        yield Token("link_close", "a", -1, level=token.level)
        done = match.end()
    yield _text(token, token.content[done:])


def _text(like: Token, content: str) -> Token:
    return Token("text", "", 0, content=content, level=like.level)
