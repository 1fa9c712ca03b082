"""Headings in order: readers who go from one to the next are told of no level missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from collections.abc import Callable

# A message's own heading is an h2.
ABOVE = 2
# No text looks like these: in texts "<" is escaped.
_HEADING = re.compile(r"<(/?)h([3-6])>")


def order_headings(html: SafeString) -> SafeString:
    """Return rendered HTML with each heading at most one level below the one before it.

    What is raised looks as it did, by the class `under`.
    """
    if "<h" not in html:
        return html
    return SafeString(_HEADING.sub(_raise_each(), html))


def _raise_each() -> Callable[[re.Match[str]], str]:
    level = ABOVE

    def write(found: re.Match[str]) -> str:
        nonlocal level
        if found[1]:
            return f"</h{level}>"
        wanted = int(found[2])
        level = min(wanted, level + 1)
        is_raised = level == ABOVE + 1 < wanted
        return f'<h{level} class="under">' if is_raised else f"<h{level}>"

    return write
