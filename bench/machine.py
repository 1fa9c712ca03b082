"""The machine: which core works for whom, and what a process has used of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
TOOLS_CORE = CORES[-1]


def keep_to_tools_core() -> None:
    """Keep this thread, and what it starts, off the server's core."""
    os.sched_setaffinity(0, {TOOLS_CORE})


@contextmanager
def server_core() -> Iterator[None]:
    """Start processes on the server's core: they inherit it and stay there."""
    os.sched_setaffinity(0, {SERVER_CORE})
    try:
        yield
    finally:
        keep_to_tools_core()


@contextmanager
def every_core() -> Iterator[None]:
    """Start processes as people have them: a browser draws beside its main thread."""
    os.sched_setaffinity(0, CORES)
    try:
        yield
    finally:
        keep_to_tools_core()


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process, all threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def busy_seconds(core: int) -> float:
    """Return how long a core has worked since it was started, in seconds."""
    name = f"cpu{core} "
    lines = Path("/proc/stat").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    user, nice, system, _idle, _wait, *rest = map(int, line.split()[1:9])
    return (user + nice + system + sum(rest)) / TICKS_PER_SECOND


def resident_megabytes(pid: int) -> float:
    """Return the memory a process occupies, in MB (10⁶ bytes)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


def describe() -> dict[str, object]:
    """Return what a reader of the figures has to know of the machine."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": len(CORES),
        "server_core": SERVER_CORE,
        "tools_core": TOOLS_CORE,
        "load_average": os.getloadavg(),
    }
