"""Whether an error says that a model takes no images, or no PDFs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.gateways.failures.reports import Report

# Not what is allowed or could be read: that is said of what one picture shows or holds.
_NOT = (
    r"(?:not (?:\w+ )?(?:support|enabled|available|accept)"
    r"|(?:does|do|can)(?: ?not|n't) (?:\w+ )?(?:support|accept|take)"
    r"|unsupported|no endpoints? found|only supported by|unknown variant"
    r"|at most 0|is not an? (?=multi|vision)|invalid (?:value|content type)|not match any|no vision)"
)
# Some local servers say it with a 5xx, but then in no other words.
_FLATLY_NOT = r"(?:(?:is|are|does|do)(?: not|n't) support)"
_IMAGE = r"(?:image(?:s|_url| input| inputs)?|input_image|vision|multi-?modal)"
_FILE = r"(?:pdfs?|documents?|input_file|file(?:s|_data| input| inputs| parts?)?)"
_NEAR = r"[^.\n]{0,80}?"
# What is wrong is this one file, not that there is one.
_THIS_ONE = re.compile(
    r"\bformats?\b|make sure|corrupt|decod|too (?:large|big|small|many pages)|dimension"
    r"|exceed|media.?type|(?:could|can|did) ?not (?:process|read|handle|load|open)"
    r"|password|encrypted|truncat|safety|polic(?:y|ies)|moderat|\bpeople\b|\bcontains?\b"
    r"|try again|\bretry|temporar",
    re.IGNORECASE,
)


def _about(what: str, is_not: str) -> re.Pattern[str]:
    word = rf"(?<![\w/])['\"`]?{what}['\"`]?(?![\w/])"
    return re.compile(rf"{is_not}{_NEAR}{word}|{word}{_NEAR}{is_not}", re.IGNORECASE)


_PARTS = (("images", _about(_IMAGE, _NOT)), ("files", _about(_FILE, _NOT)))
_PARTS_FLATLY = (
    ("images", _about(_IMAGE, _FLATLY_NOT)),
    ("files", _about(_FILE, _FLATLY_NOT)),
)


def read_part(report: Report, status: int | None) -> str:
    """Return `images` or `files` where an error says they are not taken, "" else."""
    if _THIS_ONE.search(report.detail):
        return ""
    is_failure = status is not None and status >= 500
    found = [
        (match.start(), part)
        for part, pattern in (_PARTS_FLATLY if is_failure else _PARTS)
        if (match := pattern.search(report.detail))
    ]
    return min(found)[1] if found else ""
