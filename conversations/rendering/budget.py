"""How much CPU time one rendering may take. A thread cannot be killed; this asks."""

from __future__ import annotations

import time

# Parsing that takes longer is given up: the text is shown as it was written. After
# the second, code stays uncoloured. What follows takes 0.1 s at most.
PARSE_SECONDS = 0.15
COLOUR_SECONDS = 0.2
# Blocks, cells and their ends: a short row of a table is filled up to its width, so
# a few bytes make many.
PARSE_TOKENS = 30_000


class TooCostly(Exception):  # noqa: N818 (it is no error: the text is hostile or huge)
    """Parsing this text as Markdown would take too long."""


class Budget:
    """CPU time of this thread, from now on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._start = time.thread_time()

    def may_parse(self) -> bool:
        """Tell whether there is time to parse on."""
        return self._has(PARSE_SECONDS)

    def may_colour(self) -> bool:
        """Tell whether there is time to colour code, or to draw a formula."""
        return self._has(COLOUR_SECONDS)

    def _has(self, seconds: float) -> bool:
        # A thread takes no more CPU than time goes by, which is much cheaper to ask.
        if time.monotonic() - self._began < seconds:
            return True
        return time.thread_time() - self._start < seconds
