"""Markdown's elements as HTML. What is written here still passes `safe`."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from markdown_it.renderer import RendererHTML

from conversations.rendering.highlight import coloured_code, find_language, plain_code
from conversations.rendering.links import host_of
from conversations.rendering.maths import draw_formula

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

# The page's own headings are h1 and h2.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5"}
_CLOSES = {"$": "$", "$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_TABLE = (
    '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>'
)
_FORMULA = '<div class="formula" tabindex="0" role="group" aria-label="Formula">'
# Which of its words a button says depends on what its reader has chosen.
_BUTTONS = (
    '<button type="button" class="wrap" data-wrap><span class="long">Wrap</span>'
    '<span class="wrapped">Unwrap</span></button>'
    '<button type="button" class="copy" data-copy>Copy</button>'
)
_LABEL = re.compile(r"[\w.+#-]{1,24}")


class Elements(RendererHTML):
    """Renders each token by the method of its type's name."""

    def heading_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"<{_HEADINGS.get(tokens[idx].tag, 'h6')}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return f"</{_HEADINGS.get(tokens[idx].tag, 'h6')}>\n"

    def table_open(self, *_: object) -> str:
        return f"{_TABLE}\n"

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

    def math_inline(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Render a formula in a line, or what was written."""
        token = tokens[idx]
        is_display = token.markup in ("$$", "\\[")
        html = draw_formula(token.content, env["budget"], is_display=is_display)
        return html or f"<code>{plain_code(_source(token))}</code>"

    def math_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        """Render a formula that stands alone, or what was written."""
        token = tokens[idx]
        html = draw_formula(token.content, env["budget"], is_display=True)
        if html:
            return f"{_FORMULA}{html}</div>\n"
        return _framed("latex", f"<code>{plain_code(_source(token))}</code>")

    def notes_open(self, *_: object) -> str:
        return '<section class="notes">\n<ol>\n'

    def notes_close(self, *_: object) -> str:
        return "</ol>\n</section>\n"

    def note_open(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        number = tokens[idx].meta["number"]
        return f'<li value="{number}" data-note="{number}">'

    def note_close(self, *_: object) -> str:
        return "</li>\n"

    def note_back(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """Mark where each of its references is led back to."""
        meta = tokens[idx].meta
        return "".join(
            f'<sup data-back="{meta["number"]}-{time}"></sup>'
            for time in range(1, meta["times"] + 1)
        )

    def footnote_ref(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        meta = tokens[idx].meta
        return f'<sup data-note="{meta["id"] + 1}-{meta["subId"] + 1}"></sup>'

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


def _source(token: Token) -> str:
    return f"{token.markup}{token.content}{_CLOSES[token.markup]}"


def _figure(token: Token, env: EnvType) -> str:
    language = find_language(token.info)
    word = _LABEL.match(token.info.strip())
    label = escape(word[0]) if word else "text"
    if language is None:
        code = f"<code>{plain_code(token.content)}</code>"
    else:
        html = coloured_code(token.content, language, env["budget"])
        code = f'<code class="language-{language}">{html}</code>'
    return _framed(label, code)


def _framed(label: str, code: str) -> str:
    return (
        f'<figure class="code"><figcaption><span>{label}</span>{_BUTTONS}</figcaption>'
        f'<pre tabindex="0">{code}</pre></figure>\n'
    )
