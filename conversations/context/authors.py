"""Who wrote a message, as the model sees it."""

from __future__ import annotations

import re

from conversations.text import clean_line

# As wide as the column that keeps it.
NAME_LETTERS = 80
# They enclose a name.
_BRACKETS = re.compile(r"[\[\]]")


def as_sent_name(name: str) -> str:
    """Return a person's name as the model is shown it: one line, without brackets."""
    return clean_line(_BRACKETS.sub(" ", name))[:NAME_LETTERS].rstrip()


def with_author(text: str, name: str) -> str:
    """Return what is sent for a message by `name`, "" where the model sees no names."""
    return f"[{name}] {text}" if name and text.strip() else text
