"""How many tokens a gateway will count, learned from what it has counted so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.wire import Sample

# What a foreign tokenizer makes of a token of ours, before anything is known of it,
# and how many tokens of experience that is worth.
PRIOR_SLOPE = 1.15
PRIOR_TOKENS = 300
# The same of thoughts that go back sealed: gateways count them as they were told, by
# another measure, or not at all.
PRIOR_SEALED = 1.0
# Experience beyond this many tokens fades, for what is spoken of may change.
MOST_TOKENS = 20_000
LEAST_SLOPE, MOST_SLOPE = 0.5, 3.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gateway's tokens for ours: as its last count, and what was seen to change it.

    `slope` is what a token of text adds, `sealed_slope` one of thoughts that go back.
    """

    anchor: Sample | None = None
    slope: float = PRIOR_SLOPE
    sealed_slope: float = PRIOR_SEALED

    def predict(self, estimate: int, sealed: int = 0) -> int:
        """Return what the gateway is likely to count; sizes in tokens.

        `sealed` of the `estimate` are thoughts.
        """
        actual, text, thoughts = self._origin()
        grown = self.slope * (estimate - sealed - text)
        return max(0, actual + ceil(grown + self.sealed_slope * (sealed - thoughts)))

    @property
    def hidden(self) -> int:
        """What the gateway adds to every request, in its tokens."""
        return self.predict(0)

    def most(self, predicted: int) -> int:
        """Return the largest estimate, of text alone, for which `predicted` is enough.

        It may be below 0: a gateway can add more than that by itself.
        """
        actual, text, thoughts = self._origin()
        room = predicted - actual + self.sealed_slope * thoughts
        most = text + floor(room / self.slope)
        # Floating numbers may round up what just does not fit.
        return most - 1 if self.predict(most) > predicted else most

    def in_proportion(self) -> Gauge:
        """Return a gauge for which as much of the last count as may be is text."""
        actual, text, thoughts = self._origin()
        slope = (actual - self.sealed_slope * thoughts) / max(1, text)
        return replace(self, slope=min(MOST_SLOPE, max(LEAST_SLOPE, slope)))

    def _origin(self) -> tuple[int, int, int]:
        if self.anchor is None:
            return 0, 0, 0
        return self.anchor.actual, self.anchor.text, self.anchor.sealed


def gauge(samples: Sequence[Sample]) -> Gauge:
    """Return the gauge that `samples`, oldest first, have taught.

    What a gateway adds unseen is in the last count; the slopes are learned from the
    differences alone, so that it is not mistaken for a larger tokenizer. A count that
    no tokenizer can come to is not believed: some gateways report a part only.
    """
    samples = [one for one in samples if one.actual >= LEAST_SLOPE * one.text]
    if not samples:
        return Gauge()
    learned = _Slopes()
    for one, other in pairwise(samples):
        learned.hear(
            other.text - one.text,
            other.sealed - one.sealed,
            other.actual - one.actual,
        )
    return Gauge(samples[-1], learned.text, learned.sealed)


class _Slopes:
    """Both slopes at once: least squares, where a longer change may be off by more.

    The weights are tokens of experience with text, with thoughts, and with both going
    the same way, which tells less of either.
    """

    def __init__(self) -> None:
        self.text, self.sealed = PRIOR_SLOPE, PRIOR_SEALED
        self._weights = (0.0, 0.0, 0.0)

    def hear(self, text: int, sealed: int, counted: int) -> None:
        """Learn what a change of so many tokens of ours has changed in its count."""
        change = abs(text) + abs(sealed)
        if not change:
            return
        of_text, of_both, of_sealed = self._weights
        of_text += text * text / change
        of_both += text * sealed / change
        of_sealed += sealed * sealed / change
        wrong = (counted - self.text * text - self.sealed * sealed) / change
        self._weights = _fade(of_text, of_both, of_sealed)
        # What is believed at first never fades: where both always changed alike, that
        # alone tells them apart.
        of_text, of_sealed = of_text + PRIOR_TOKENS, of_sealed + PRIOR_TOKENS
        wrong /= of_text * of_sealed - of_both * of_both
        learned = self.text + wrong * (of_sealed * text - of_both * sealed)
        self.text = min(MOST_SLOPE, max(LEAST_SLOPE, learned))
        learned = self.sealed + wrong * (of_text * sealed - of_both * text)
        self.sealed = min(MOST_SLOPE, max(0.0, learned))


def _fade(
    of_text: float, of_both: float, of_sealed: float
) -> tuple[float, float, float]:
    text = min(1.0, MOST_TOKENS / max(1.0, of_text))
    sealed = min(1.0, MOST_TOKENS / max(1.0, of_sealed))
    return of_text * text, of_both * sqrt(text * sealed), of_sealed * sealed
