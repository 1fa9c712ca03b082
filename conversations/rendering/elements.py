"""Markdown's elements as HTML. What is written here still passes `safe`."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from markdown_it.renderer import RendererHTML

from conversations.rendering.highlight import coloured_code, find_language, plain_code
from conversations.rendering.links import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

# The page's own headings are h1 and h2.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5"}
_LABEL = re.compile(r"[\w.+#-]{1,24}")


class Elements(RendererHTML):
    """Renders each token by the method of its type's name."""

    def heading_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<{_HEADINGS.get(tokens[idx].tag, 'h6')}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"</{_HEADINGS.get(tokens[idx].tag, 'h6')}>\n"

    def table_open(self, *_: object) -> str:
        return '<div class="table-scroll"><table>\n'

    def table_close(self, *_: object) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return _cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return _cell(tokens[idx])

    def checkbox(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """Render a task's state, which nobody can change here."""
        state = 'checked aria-label="Done"'
        if not tokens[idx].meta["done"]:
            state = 'aria-label="Not done"'
        return f'<input type="checkbox" disabled {state}> '

    def code_inline(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<code>{plain_code(tokens[idx].content)}</code>"

    def code_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return _figure(tokens[idx], env)

    def fence(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return _figure(tokens[idx], env)

    def link_close(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return "</a>" + _host(tokens[idx].meta.get("host", ""))

    def image(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Render an image as a link: nothing is loaded from elsewhere."""
        token = tokens[idx]
        alt = self.renderInlineAsText(token.children, options, env).strip() or "image"
        href = str(token.attrs["src"])
        host = host_of(href)
        if host is None or "linked" in token.meta:
            return escape(alt)
        title = escape(str(token.attrs.get("title", "")))
        link = f'<a href="{escape(href)}" title="{title}">{escape(alt)}</a>'
        return (link if title else link.replace(' title=""', "", 1)) + _host(host)


def _cell(token: Token) -> str:
    _, _, align = str(token.attrs.get("style", "")).rpartition(":")
    return f'<{token.tag} align="{align}">' if align else f"<{token.tag}>"


def _host(host: str) -> str:
    return f' <span class="host">({escape(host)})</span>' if host else ""


def _figure(token: Token, env: EnvType) -> str:
    language = find_language(token.info)
    word = _LABEL.match(token.info.strip())
    label = escape(word[0]) if word else "text"
    if language is None:
        code = f"<code>{plain_code(token.content)}</code>"
    else:
        html = coloured_code(token.content, language, env["budget"])
        code = f'<code class="language-{language}">{html}</code>'
    return (
        f'<figure class="code"><figcaption><span>{label}</span>'
        '<button type="button" class="copy" data-copy>Copy</button></figcaption>'
        f"<pre>{code}</pre></figure>\n"
    )
