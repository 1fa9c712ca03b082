"""The last step of every rendering, and the only one that calls HTML safe."""

from __future__ import annotations

import nh3
from django.utils.safestring import SafeString

from conversations.rendering.highlight import LANGUAGES, TOKEN_CLASSES

_BLOCKS = {"blockquote", "div", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "ul"}
_INLINE = {"a", "br", "em", "input", "s", "span", "strong"}
_CODE = {"button", "code", "figcaption", "figure", "pre"}
_TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
TAGS = frozenset(_BLOCKS | _INLINE | _CODE | _TABLE)
ATTRIBUTES = {
    "a": {"href", "title"},
    "button": {"data-copy"},
    "input": {"checked", "disabled"},
    "ol": {"start"},
}
VALUES = {
    "button": {"type": {"button"}},
    "input": {"type": {"checkbox"}, "aria-label": {"Done", "Not done"}},
    "td": {"align": {"left", "center", "right"}},
    "th": {"align": {"left", "center", "right"}},
}
CLASSES = {
    "button": {"copy"},
    "code": {f"language-{name}" for name in LANGUAGES},
    "div": {"table-scroll"},
    "figure": {"code"},
    "li": {"task"},
    "pre": {"plain"},
    "span": {"host", "mark", *TOKEN_CLASSES},
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


def make_safe(html: str) -> SafeString:
    """Return `html` with nothing in it but the listed tags, attributes and schemes."""
    return SafeString(_cleaner.clean(html))
