"""The last step of every rendering, and the only one that calls HTML safe."""

from __future__ import annotations

import re

import nh3
from django.utils.safestring import SafeString

from conversations.rendering.highlight import LANGUAGES, TOKEN_CLASSES
from conversations.rendering.maths import ELEMENTS, ENCLOSURES

_BLOCKS = {"blockquote", "div", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "ul"}
_INLINE = {"a", "br", "em", "input", "s", "span", "strong"}
_CODE = {"button", "code", "figcaption", "figure", "pre"}
_TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
_NOTES = {"section", "sup"}
_MATHS = {"math", *ELEMENTS}
TAGS = frozenset(_BLOCKS | _INLINE | _CODE | _TABLE | _NOTES | _MATHS)
ATTRIBUTES = {
    "a": {"href", "title"},
    "button": {"data-copy", "data-wrap"},
    "input": {"checked", "disabled"},
    "li": {"data-note", "value"},
    "math": {"alttext"},
    "ol": {"start"},
    "sup": {"data-back", "data-note"},
    # Their values are bounded where formulas are drawn: here it is their names.
    **{tag: set(values) for tag, values in ELEMENTS.items() if values},
}
VALUES = {
    "button": {"type": {"button"}},
    "div": {"aria-label": {"Formula", "Table"}, "role": {"group"}, "tabindex": {"0"}},
    "input": {"type": {"checkbox"}, "aria-label": {"Done", "Not done"}},
    "math": {"display": {"block", "inline"}},
    "pre": {"tabindex": {"0"}},
    "td": {"align": {"left", "center", "right"}},
    "th": {"align": {"left", "center", "right"}},
}
CLASSES = {
    "button": {"copy", "wrap"},
    "code": {f"language-{name}" for name in LANGUAGES},
    "div": {"formula", "table-scroll"},
    "figure": {"code"},
    "li": {"task"},
    "mrow": set(ENCLOSURES.values()),
    "mtd": {"left", "right"},
    "pre": {"plain"},
    "section": {"notes"},
    "span": {"host", "long", "mark", "wrapped", *TOKEN_CLASSES},
}
SCHEMES = frozenset({"http", "https", "mailto"})
REL = "noopener noreferrer nofollow ugc"

_cleaner = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    tag_attribute_values=VALUES,
    set_tag_attribute_values={"a": {"target": "_blank"}},
    allowed_classes=CLASSES,
    url_schemes=set(SCHEMES),
    url_relative="deny",
    link_rel=REL,
)


# No text looks like these: in texts "<" is escaped, and in values quotes are.
_REFERENCE = re.compile(r'<sup data-note="(\d{1,5})-(\d{1,5})"></sup>')
_NOTE = re.compile(r'<li value="(\d{1,5})" data-note="\1">')
_BACK = re.compile(r'<sup data-back="(\d{1,5}-\d{1,5})"></sup>')


def make_safe(html: str, scope: str = "") -> SafeString:
    """Return `html` with nothing in it but the listed tags, attributes and schemes.

    `scope` (letters and digits) is what the ids of its footnotes begin with; without
    one they have none, and are not linked.
    """
    clean = _cleaner.clean(html)
    if "data-note" in clean:
        clean = _link_notes(clean, scope) if scope.isalnum() else _number_notes(clean)
    return SafeString(clean)


def _link_notes(html: str, scope: str) -> str:
    html = _NOTE.sub(rf'<li value="\1" id="fn-{scope}-\1">', html)
    html = _REFERENCE.sub(
        rf'<sup><a id="fnref-{scope}-\1-\2" href="#fn-{scope}-\1"'
        r' aria-label="Footnote \1">\1</a></sup>',
        html,
    )
    return _BACK.sub(
        rf' <a href="#fnref-{scope}-\1" aria-label="Back to the text">↩︎</a>', html
    )


def _number_notes(html: str) -> str:
    html = _NOTE.sub(r'<li value="\1">', html)
    return _BACK.sub("", _REFERENCE.sub(r"<sup>\1</sup>", html))
