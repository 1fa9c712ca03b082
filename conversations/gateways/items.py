"""A reply in its protocol's own items: what of them can be kept for a replay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conversations import limits

if TYPE_CHECKING:
    from conversations.wire import Json


def storable(items: tuple[Json, ...]) -> tuple[Json, ...]:
    """Return `items` where every database takes them as they are, else none of them.

    They are signed or encrypted, and worth nothing once changed. At most
    `limits.ANSWER_BYTES` in all.
    """
    try:
        body = json.dumps(items, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        # Not a number, or half of a surrogate pair.
        return ()
    fits = len(body) <= limits.ANSWER_BYTES and b"\\u0000" not in body
    return items if fits else ()
