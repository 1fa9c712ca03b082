"""What a server used, and others beside it, over any stretch of a run."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from contextlib import suppress
from typing import Self

from bench.machine import SERVER_CORE, busy_seconds, cpu_seconds

SAMPLE_SECONDS = 0.1


class Meter:
    """Samples the server's process and core while it is entered."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._samples: list[tuple[float, float, float]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sample()
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._sample()

    def used(self, begin: float, end: float) -> float:
        """Return the seconds of CPU the server used between two times."""
        return self._at(end)[1] - self._at(begin)[1]

    def foreign(self, begin: float, end: float) -> float:
        """Return the share of the server's core that others used."""
        first, last = self._at(begin), self._at(end)
        wall = max(last[0] - first[0], SAMPLE_SECONDS)
        return max(0.0, (last[2] - first[2]) - (last[1] - first[1])) / wall

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_SECONDS)
            self._sample()

    def _sample(self) -> None:
        used, busy = cpu_seconds(self._pid), busy_seconds(SERVER_CORE)
        self._samples.append((time.monotonic(), used, busy))

    def _at(self, moment: float) -> tuple[float, float, float]:
        index = bisect_left(self._samples, (moment, 0.0, 0.0))
        return self._samples[min(index, len(self._samples) - 1)]
