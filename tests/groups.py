"""Which tests run one after another on one worker; any other goes where there is room.

By their paths: with this pytest, xdist knows nothing of marks of groups.
"""

from __future__ import annotations

from xdist.scheduler import (  # type: ignore[import-untyped]  # ships no types
    LoadScopeScheduling,
)

# What starts servers and browsers shares them. The two directories take longest: they
# begin first, side by side. Many connections at once are made by one worker only: a
# server of yours may take 100 in all. The long walk is not to begin last.
TOGETHER = (
    "tests/browser/",
    "tests/faults/",
    "tests/services/test_spending.py",
    "tests/services/test_long_walk.py",
)


class Groups(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Hands out whole groups, those of many tests first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)
