"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes of a run; times in seconds, rates in tokens a second."""

    streams: tuple[int, ...] = (1, 50, 200)
    tokens: int = 150
    rate: int = 30
    spread: float = 2.0
    sends: int = 60
    starts: int = 3
    chunks: int = 20_000
    kills: int = 200
    streams_per_kill: int = 3


QUICK = Options(streams=(1, 50), sends=20, starts=1, chunks=5_000, kills=10)
