"""How large a request was: as we counted it, as expected, as its gateway counted it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conversations.models import Generation
    from conversations.services.inspection.items import Row

PERCENT = 100
# What of the budget each kind of line takes, in the order in which it is drawn.
BANDS = {
    "system": "System prompt",
    "memory": "Notes",
    "turns": "Turns",
    "new": "New",
    "more": "Beyond our estimate",
    "free": "Free",
}


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the budget, in tokens; `start` and `width` are percent of the bar."""

    kind: str
    name: str
    tokens: int
    start: str
    width: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """Tokens of one request. Unknown is None: `counted` where the gateway did not say.

    `estimate` is our own count, `predicted` what the gateway was expected to count.
    `around` is what the format adds to the lines.
    """

    estimate: int
    predicted: int | None
    counted: int | None
    budget: int
    around: int
    bands: tuple[Band, ...]

    @property
    def best(self) -> int:
        """What is known best."""
        return _best(self.estimate, self.predicted, self.counted)

    @property
    def percent(self) -> int | None:
        return round(PERCENT * self.best / self.budget) if self.budget else None


def measure_request(*, generation: Generation, rows: Sequence[Row]) -> Sizes | None:
    """Return the sizes of a request, in tokens; None where none was planned."""
    manifest = generation.manifest
    if not manifest:
        return None
    estimate, budget = manifest["tokens"], manifest["budget"]
    predicted, counted = _predicted(generation), count_of(generation)
    sent = sum(row.tokens or 0 for row in rows if row.is_sent)
    best = _best(estimate, predicted, counted)
    tokens = _by_band(rows) | {
        "more": max(best - estimate, 0),
        "free": max(budget - best, 0),
    }
    return Sizes(
        estimate,
        predicted,
        counted,
        budget,
        around=max(estimate - sent, 0),
        bands=_bands(tokens, scale=min(best / estimate, 1) if estimate else 1),
    )


def count_of(generation: Generation) -> int | None:
    """Return how many tokens a gateway says it read, None where it did not say."""
    usage = getattr(generation, "usage", None)
    if usage is None or usage.input_tokens is None:
        return None
    ours = (generation.estimate, generation.predicted)
    manifest = (generation.manifest or {}).get("tokens")
    # Where one number was missing it is our own count that stands in its place; who
    # tells of a cache has counted.
    is_partial = usage.estimated and usage.cached_input_tokens is None
    is_ours = is_partial and usage.input_tokens in (*ours, manifest)
    return None if is_ours else usage.input_tokens


def size_of(generation: Generation) -> int:
    """Return the tokens of a request as they are known best, 0 where none was planned."""
    estimate = (generation.manifest or {}).get("tokens", 0)
    return _best(estimate, _predicted(generation), count_of(generation))


def _predicted(generation: Generation) -> int | None:
    return generation.predicted or (generation.manifest or {}).get("predicted")


def _best(estimate: int, predicted: int | None, counted: int | None) -> int:
    return next((each for each in (counted, predicted) if each is not None), estimate)


def _by_band(rows: Sequence[Row]) -> dict[str, int]:
    tokens = dict.fromkeys(BANDS, 0)
    for row in rows:
        if row.is_sent:
            tokens[row.kind if row.kind in BANDS else "new"] += row.tokens or 0
    return tokens


def _bands(tokens: dict[str, int], *, scale: float) -> tuple[Band, ...]:
    """Lay the bands side by side; ours are drawn smaller where fewer were counted."""
    drawn = {
        kind: size * (1 if kind in {"more", "free"} else scale)
        for kind, size in tokens.items()
    }
    whole, start, bands = sum(drawn.values()) or 1, 0.0, []
    for kind, name in BANDS.items():
        width = PERCENT * drawn[kind] / whole
        if tokens[kind]:
            band = Band(kind, name, tokens[kind], f"{start:.2f}%", f"{width:.2f}%")
            bands.append(band)
        start += width
    return tuple(bands)
