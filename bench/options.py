"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes of a run; times in seconds, rates in tokens a second."""

    streams: tuple[int, ...] = (1, 50, 200)
    rate: int = 30
    # New streams a second, and how long all of them flow once the last has begun.
    begin_rate: float = 10.0
    flow_seconds: float = 8.0
    sends: int = 60
    starts: int = 3
    chunks: int = 20_000
    kills: int = 200
    streams_per_kill: int = 3

    def tokens(self, streams: int) -> int:
        """Return how long each of so many streams has to be, in tokens."""
        return round(self.rate * (streams / self.begin_rate + self.flow_seconds))


QUICK = Options(streams=(1, 50), sends=20, starts=1, chunks=5_000, kills=10)
