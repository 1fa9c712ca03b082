"""Formulas: LaTeX as MathML, which browsers draw and screen readers read."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from latex2mathml.converter import convert_to_element

from conversations.rendering.marks import drop_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from conversations.rendering.budget import Budget

    # By the name of an attribute, what it may be.
    Values = dict[str, frozenset[str] | re.Pattern[str]]

# A formula this long takes 25 ms of CPU at most; deeper ones nobody could read.
MOST_CHARACTERS = 2_000
MOST_DEPTH = 60
# An answer is drawn while it is written, at its end, and on every page after that.
CACHED_CHARACTERS = 300
CACHED_FORMULAS = 1_024

_FLAGS = frozenset({"true", "false"})
_LENGTH = re.compile(r"\+?(\d(\.\d{1,4})?|\.\d{1,4})(em|ex)|-0?\.\d{1,4}(em|ex)|0(px)?")
_STYLES = frozenset({"normal", "bold", "italic", "bold-italic", "monospace"})
_OPERATOR: Values = {
    "stretchy": _FLAGS,
    "fence": _FLAGS,
    "form": frozenset({"prefix", "postfix", "infix"}),
    "largeop": _FLAGS,
    "movablelimits": _FLAGS,
    "minsize": _LENGTH,
    "maxsize": _LENGTH,
}
_BOX: Values = dict.fromkeys(("width", "height", "depth"), _LENGTH)
_VARIANT: Values = {"mathvariant": _STYLES}
# Every element that may be drawn, with the values its attributes may have.
ELEMENTS: dict[str, Values] = {
    "mfrac": {"linethickness": frozenset({"0", "0px", "0pt", "0em"})},
    "mi": _VARIANT,
    "mmultiscripts": {},
    "mn": _VARIANT,
    "mo": _OPERATOR,
    "mover": {"accent": _FLAGS},
    "mpadded": {**_BOX, "lspace": _LENGTH, "voffset": _LENGTH},
    "mphantom": {},
    "mprescripts": {},
    "mroot": {},
    "mrow": {},
    "mspace": _BOX,
    "msqrt": {},
    "mstyle": {"displaystyle": _FLAGS, "scriptlevel": frozenset("0123")},
    "msub": {},
    "msubsup": {},
    "msup": {},
    "mtable": {"displaystyle": _FLAGS},
    "mtd": {},
    "mtext": _VARIANT,
    "mtr": {},
    "munder": {"accentunder": _FLAGS},
    "munderover": {},
}
# How many parts these must have to be drawn.
_PARTS = dict.fromkeys(("mfrac", "mover", "mroot", "msub", "msup", "munder"), 2)
_PARTS |= {"msubsup": 3, "munderover": 3}
ENCLOSURES = {"box": "boxed", "updiagonalstrike": "struck"}
_ALIGNMENTS = frozenset({"left", "right"})

# Expanding a few of these takes for ever.
_MACRO = re.compile(r"\\(?:[egx]?def|let|\w*command|newenvironment|Declare\w+)\b")
_REFERENCE = re.compile(r"\\(?:label\s*\{[^{}]*\}|nonumber|notag)")
_ARGUMENT = re.compile(r"\\arg\s*\\(max|min)\b")
_SINGLE = re.compile(r"\\(?:begin|end)\{equation\*?\}")
_ENVIRONMENT = re.compile(
    r"\\(begin|end)\{(align|aligned|alignat|alignedat|dcases|eqnarray|gather|gathered"
    r"|multline)\*?\}(?:(?<=at\})\{\d+\}|(?<=at\*\})\{\d+\})?"
)
_ENVIRONMENTS = {"dcases": "cases"} | dict.fromkeys(
    ("gather", "gathered", "multline"), "matrix"
)
_WORD = re.compile(r"\\.")
_ENTITY = re.compile(r"&#x([0-9A-Fa-f]{2,6});")


class _Unreadable(Exception):  # noqa: N818 (it is no error: the source is shown)
    """This is no formula we can draw."""


def draw_formula(latex: str, budget: Budget, *, is_display: bool) -> str:
    """Return a formula as MathML that is not yet safe, "" where it cannot be drawn.

    It cannot where it is too long, too deep, not understood, or the time is over.
    """
    source = latex.strip()
    if not source or len(source) > MOST_CHARACTERS or not budget.may_colour():
        return ""
    draw = _cached if len(source) <= CACHED_CHARACTERS else _draw
    return draw(source, is_display)


def _draw(latex: str, is_display: bool) -> str:
    display = "block" if is_display else "inline"
    if _MACRO.search(latex):
        return ""
    try:
        root = convert_to_element(_as_understood(latex), display=display)
        inside = "".join(_write(child, 0) for child in root)
    # The library fails in every way there is: with its own errors, and with others.
    except Exception:  # noqa: BLE001
        return ""
    shown = escape(drop_hidden(latex))
    return f'<math display="{display}" alttext="{shown}">{inside}</math>'


_cached = lru_cache(maxsize=CACHED_FORMULAS)(_draw)


def _as_understood(latex: str) -> str:
    """Return LaTeX in the words that the library knows."""
    latex = _ARGUMENT.sub(r"\\arg\1", _SINGLE.sub("", _REFERENCE.sub("", latex)))
    if "\\\\" in latex and "\\begin" not in latex:
        return rf"\begin{{matrix}}{latex}\end{{matrix}}"
    return _ENVIRONMENT.sub(_environment, latex)


def _environment(found: re.Match[str]) -> str:
    return rf"\{found[1]}{{{_ENVIRONMENTS.get(found[2], 'align*')}}}"


def _write(element: Element, depth: int) -> str:
    if depth > MOST_DEPTH:
        raise _Unreadable
    written = element.text or ""
    if element.tag == "mi" and (written == "&" or _WORD.match(written)):
        # A column where there is no table, or a word that is not known.
        raise _Unreadable
    text = drop_hidden(_ENTITY.sub(_character, written))
    tag = _tag(element, text)
    inside = "".join(_write(child, depth + 1) for child in element)
    attributes = "".join(f' {name}="{value}"' for name, value in _attributes(element))
    return f"<{tag}{attributes}>{escape(text, quote=False)}{inside}</{tag}>"


def _tag(element: Element, text: str) -> str:
    if element.tag == "mi" and len(text) == 1 and unicodedata.category(text) == "Sm":
        return "mo"
    if element.tag in {"menclose", "none"}:
        return "mrow"
    if element.tag not in ELEMENTS or len(element) != _PARTS.get(
        element.tag, len(element)
    ):
        raise _Unreadable
    return str(element.tag)


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    allowed = ELEMENTS.get(element.tag, {})
    for name, value in element.attrib.items():
        if _may_be(allowed.get(name), value):
            yield name, value
    if element.get("columnalign") in _ALIGNMENTS and element.tag == "mtd":
        yield "class", element.attrib["columnalign"]
    if enclosure := ENCLOSURES.get(element.get("notation", "")):
        yield "class", enclosure
    if element.tag == "mi" and _is_upright(element):
        yield "mathvariant", "normal"


def _may_be(allowed: frozenset[str] | re.Pattern[str] | None, value: str) -> bool:
    if isinstance(allowed, re.Pattern):
        return bool(allowed.fullmatch(value))
    return allowed is not None and value in allowed


def _is_upright(element: Element) -> bool:
    """Tell a letter of `\\mathrm`, which comes as a number, from a variable."""
    found = _ENTITY.fullmatch(element.text or "")
    if found is None or "mathvariant" in element.attrib:
        return False
    return _character(found).isascii()


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return chr(code) if 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""
