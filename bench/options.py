"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """Sizes of a run; times in seconds, rates in tokens a second."""

    streams: tuple[int, ...] = (1, 50, 200)
    # How many watch one stream.
    viewers: tuple[int, ...] = (1, 10, 100, 500)
    rate: int = 30
    # New streams a second, and how long all of them flow once the last has begun.
    begin_rate: float = 10.0
    flow_seconds: float = 8.0
    sends: int = 60
    starts: int = 3
    chunks: int = 20_000
    kills: int = 200
    streams_per_kill: int = 3
    # Rounds of pages, and answers that are rendered.
    pages: int = 5
    # How many messages are searched.
    messages: int = 1_000_000
    # Messages scrolled through, messages of one's own, tokens of an answer, in a browser.
    scrolled: int = 1_000
    own_words: int = 15
    answer: int = 7_000
    # Simulated conversations, and whether their picture is drawn anew.
    talks: int = 8
    plot: bool = False

    def tokens(self, streams: int) -> int:
        """Return how long each of so many streams has to be, in tokens."""
        return round(self.rate * (streams / self.begin_rate + self.flow_seconds))


QUICK = Options(
    streams=(1, 50),
    viewers=(1, 10, 100),
    sends=20,
    starts=1,
    chunks=5_000,
    kills=10,
    pages=2,
    messages=50_000,
    scrolled=300,
    own_words=5,
    answer=700,
    talks=2,
)
