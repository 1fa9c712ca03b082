"""Code as HTML: listed languages are coloured, within a budget of time."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pygments.lexers import get_lexer_by_name
from pygments.token import Token

from conversations import limits
from conversations.rendering.marks import show_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygments.lexer import Lexer
    from pygments.token import _TokenType

    from conversations.rendering.budget import Budget

# Lexers are left between two tokens when the budget is spent: one regular expression
# of a listed lexer takes at most 0.1 s on a fence of FENCE_BYTES, once long runs are
# refused.
_LONG_RUN = re.compile(r"\s{80}|(.)\1{159}")

# Pygments' name of every listed language, with the other words for it.
_ALIASES = {
    "bash": "sh shell zsh ksh",
    "c": "h",
    "console": "shell-session shellsession terminal",
    "cpp": "c++ cc cxx hpp",
    "csharp": "c# cs",
    "css": "",
    "dart": "",
    "diff": "patch udiff",
    "dockerfile": "docker containerfile",
    "elixir": "ex exs",
    "go": "golang",
    "graphql": "gql",
    "haskell": "hs",
    "hcl": "terraform tf",
    "html": "htm",
    "java": "",
    "javascript": "js mjs cjs node",
    "json": "jsonc json5 jsonl",
    "jsx": "react",
    "julia": "jl",
    "kotlin": "kt kts",
    "lua": "",
    "makefile": "make mk",
    "markdown": "md",
    "nginx": "",
    "perl": "pl",
    "php": "",
    "powershell": "ps1 pwsh posh",
    "python": "py python3 py3 pyi",
    "r": "rscript",
    "ruby": "rb",
    "rust": "rs",
    "scala": "",
    "scss": "",
    "sql": "postgresql postgres mysql sqlite",
    "swift": "",
    "toml": "",
    "tsx": "",
    "typescript": "ts mts cts",
    "xml": "svg xsl xsd plist",
    "yaml": "yml",
}
LANGUAGES = frozenset(_ALIASES)
_NAMES = {
    word: name for name, others in _ALIASES.items() for word in (name, *others.split())
}

# The nearest listed ancestor decides; "" stays uncoloured.
_CLASSES: dict[_TokenType, str] = {
    Token: "",
    Token.Comment: "c",
    Token.Comment.Preproc: "k",
    Token.Generic.Deleted: "d",
    Token.Generic.Heading: "h",
    Token.Generic.Inserted: "i",
    Token.Generic.Output: "p",
    Token.Generic.Prompt: "p",
    Token.Generic.Subheading: "h",
    Token.Keyword: "k",
    Token.Keyword.Constant: "n",
    Token.Keyword.Type: "t",
    Token.Literal.Number: "n",
    Token.Literal.String: "s",
    Token.Literal.String.Doc: "c",
    Token.Literal.String.Escape: "e",
    Token.Literal.String.Interpol: "e",
    Token.Literal.String.Regex: "e",
    Token.Name.Attribute: "a",
    Token.Name.Builtin: "t",
    Token.Name.Class: "f",
    Token.Name.Constant: "n",
    Token.Name.Decorator: "a",
    Token.Name.Exception: "t",
    Token.Name.Function: "f",
    Token.Name.Tag: "g",
    Token.Name.Variable: "v",
    Token.Operator.Word: "o",
}
TOKEN_CLASSES = frozenset(_CLASSES.values()) - {""}


def find_language(info: str) -> str | None:
    """Return the listed language that a fence's info string names, if any."""
    words = info.split(maxsplit=1)
    return _NAMES.get(words[0].lower()) if words else None


def plain_code(code: str) -> str:
    """Return code as escaped HTML, hidden characters marked."""
    return show_hidden(escape(code, quote=False))


def coloured_code(code: str, language: str, budget: Budget) -> str:
    """Return code as HTML with its tokens marked; plain if that would take long."""
    pieces = list(_pieces(code, language, budget)) if _is_quick(code) else []
    if "".join(text for _, text in pieces) != code:
        return plain_code(code)
    return "".join(
        _span(name, "".join(text for _, text in group))
        for name, group in groupby(pieces, key=itemgetter(0))
    )


def _pieces(code: str, language: str, budget: Budget) -> Iterator[tuple[str, str]]:
    if not budget.may_colour():
        return
    for kind, text in _lexer(language).get_tokens(code):
        if not budget.may_colour():
            return
        yield _class_of(kind), text


def _is_quick(code: str) -> bool:
    return len(code.encode()) <= limits.FENCE_BYTES and not _LONG_RUN.search(code)


def _span(name: str, text: str) -> str:
    html = plain_code(text)
    return f'<span class="{name}">{html}</span>' if name and text.strip() else html


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)


@cache
def _class_of(kind: _TokenType) -> str:
    lineage = reversed(kind.split())
    return next(_CLASSES[ancestor] for ancestor in lineage if ancestor in _CLASSES)
