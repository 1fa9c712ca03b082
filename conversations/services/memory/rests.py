"""What failed several times in a row rests for a while: each time may be paid for.

It is kept in the process; the next start begins anew.
"""

from __future__ import annotations

import time

MOST_FAILURES = 3
REST_SECONDS = 3_600.0

# How often each has failed in a row, and when it did last (monotonic seconds).
_failed: dict[str, tuple[int, float]] = {}


def is_resting(key: str) -> bool:
    """Tell whether `key` has failed so often that it is not tried just now."""
    times, at = _failed.get(key, (0, 0.0))
    return times >= MOST_FAILURES and time.monotonic() - at < REST_SECONDS


def note_failure(key: str) -> None:
    """Count a failure; from the third in a row on each is followed by a rest."""
    times, _ = _failed.get(key, (0, 0.0))
    _failed[key] = (times + 1, time.monotonic())


def forget(key: str) -> None:
    """Begin anew, after a success."""
    _failed.pop(key, None)
