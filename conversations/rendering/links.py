"""Where a link really leads: what may be linked, and when its host is shown."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from markdown_it.token import Token

from conversations.rendering.marks import drop_hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Strict, so that no browser reads another host out of it than we do. No user part:
# nobody needs one, and it makes one host look like another.
_HTTP = re.compile(
    r"https?://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?"
    r"(?:[/?#][!-\[\]-~]*)?",
    re.IGNORECASE,
)
_MAILTO = re.compile(
    r"mailto:[^@\s\\]+@(?P<host>[a-z0-9.-]+)(?:\?[!-~]*)?",
    re.IGNORECASE,
)
_BARE_URL = re.compile(
    r"""(?<![a-z0-9])https?://[^\s<>"'`|\\^{}\[\]\u3000-\u303f\uff00-\uffef]+""",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w.-]+")


def host_of(url: str) -> str | None:
    """Return the host of a URL that may be linked, or None for any other URL."""
    match = _HTTP.fullmatch(url) or _MAILTO.fullmatch(url)
    return match["host"].lower() if match else None


def host_to_show(url: str, text: str) -> str:
    """Return the real host where `text` hides it or names another, else ""."""
    host = host_of(url) or ""
    seen = drop_hidden(unicodedata.normalize("NFKC", text)).replace("。", ".").lower()
    honest = seen.strip() and all(_is_same(name, host) for name in _hosts_in(seen))
    return "" if honest and "xn--" not in host else host


def find_bare_urls(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each web address that stands in plain text."""
    for match in _BARE_URL.finditer(text):
        url = match[0].rstrip(".,;:!?*_~")
        while url.endswith(")") and url.count("(") < url.count(")"):
            url = url[:-1].rstrip(".,;:!?*_~")
        yield match.start(), match.start() + len(url)


def link_bare_urls(token: Token, normalize: Callable[[str], str]) -> Iterator[Token]:
    """Yield a text token again, its web addresses as links."""
    done = 0
    for start, end in find_bare_urls(token.content):
        url = token.content[start:end]
        href = normalize(url)
        if host_of(href) is None:
            continue
        yield _text(token, token.content[done:start])
        yield Token("link_open", "a", 1, attrs={"href": href}, level=token.level)
        yield _text(token, url)
        shown = {"host": host_to_show(href, url)}
        yield Token("link_close", "a", -1, level=token.level, meta=shown)
        done = end
    yield _text(token, token.content[done:])


def _text(like: Token, content: str) -> Token:
    return Token("text", "", 0, content=content, level=like.level)


def _hosts_in(text: str) -> Iterator[str]:
    """Yield what looks like a host; of an address as a whole, nothing but its host."""
    text = text.strip()
    if host := host_of(text) or host_of(f"https://{text}"):
        text = host
    for word in _WORD.findall(text):
        name = word.strip(".-_").removeprefix("www.")
        *front, last = name.split(".")
        if front and ((last[:1].isalpha() and len(last) > 1) or len(front) == 3):
            yield name


def _is_same(name: str, host: str) -> bool:
    return host == name or host.endswith(f".{name}")
