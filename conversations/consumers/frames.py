"""What comes up a socket, as far as it can be understood."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from conversations import limits

NOT_UNDERSTOOD = json.dumps({"t": "e", "x": "The page sent something unreadable."})


def parse_frame(text: str | None) -> dict[str, Any] | None:
    """Return a frame with its kind `t`, None for anything else."""
    if text is None or len(text) > limits.FRAME_BYTES:
        return None
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_command = isinstance(frame, dict) and isinstance(frame.get("t"), str)
    return frame if is_command else None


def read_number(frame: dict[str, Any], name: str) -> int | None:
    """Return a number that a page may know, 0 where it is left out, else None."""
    value = frame.get(name, 0)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 2**53 else None


def read_id(frame: dict[str, Any], name: str = "m") -> str | None:
    """Return the id of a message, empty where it is left out, None for anything else."""
    value = frame.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        return None
    try:
        return str(UUID(value)) if value else ""
    except ValueError:
        return None
