"""Hidden characters made visible where what one sees must be what one copies."""

from __future__ import annotations

import re

# Controls (but tab and line feed), soft hyphen, fillers, zero-width, bidi, variation
# selectors other than U+FE0E and U+FE0F, annotations, musical controls, and tags.
HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff"
    "\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122-\u3163\u3165-\u3299\U0001f000-\U0001faff"
# A zero-width joiner between emoji makes one of them: that one is kept.
_HIDDEN_RUN = re.compile(
    f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])|(?P<hidden>[{HIDDEN}])(?P=hidden)*"
)
_HIDDEN = re.compile(f"[{HIDDEN}]")


def show_hidden(escaped: str) -> str:
    """Return escaped HTML text with a mark in place of each hidden character."""
    return _HIDDEN_RUN.sub(_mark, escaped)


def drop_hidden(text: str) -> str:
    """Return `text` as it looks: without what nobody can see."""
    return _HIDDEN.sub("", text)


def _mark(match: re.Match[str]) -> str:
    if match["hidden"] is None:
        return match[0]
    times = f"\u00d7{len(match[0])}" if len(match[0]) > 1 else ""
    return f'<span class="mark">U+{ord(match["hidden"]):04X}{times}</span>'
