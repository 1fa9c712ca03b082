"""What the process that reads a file may do: little, and not for long."""

from __future__ import annotations

import contextlib
import os
import resource

# Beside those that are open: whoever cannot open a file cannot open a socket.
MORE_FILES = 0
OUTPUT_BYTES = 64_000_000
NICE = 10


def bind(*, memory_bytes: int, seconds: int) -> None:
    """Take memory, time, files and network away from this process, for good."""
    _limit(resource.RLIMIT_AS, memory_bytes)
    # Its parent counts by the clock; this holds should the parent be gone.
    _limit(resource.RLIMIT_CPU, seconds + 1)
    _limit(resource.RLIMIT_FSIZE, OUTPUT_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NPROC, 0)
    _limit(resource.RLIMIT_NOFILE, MORE_FILES)
    with contextlib.suppress(OSError):
        os.nice(NICE)


def _limit(what: int, value: int) -> None:
    # Not every system knows all of them; the clock holds everywhere.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (value, value))
