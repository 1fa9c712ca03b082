"""What an answer took, in the words of its foot. Unknown is never shown as zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

LEAST = Decimal("0.0001")
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Figures:
    """Tokens of one answer, and in words what it cost and how long it took."""

    # What the model that answered calls itself, where we call it otherwise.
    model_name: str = ""
    gateway: str = ""
    # How it ended, in our word and, where that is another, in the gateway's.
    end: str = ""
    raw_end: str = ""
    effort: str = ""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    # Whether we counted for ourselves.
    estimated: bool = False
    cost: str = ""
    # Who says so.
    cost_source: str = ""
    # Of all attempts, where there was more than one.
    total_cost: str = ""
    first_word: str = ""
    whole_time: str = ""

    @property
    def cached_percent(self) -> int | None:
        if not self.input_tokens or self.cached_tokens is None:
            return None
        return min(100, round(100 * self.cached_tokens / self.input_tokens))


def name_cost(cost: Decimal | None, *, estimated: bool = False) -> str:
    """Return US dollars as people read them: "$0.0042", "free", "cost unknown"."""
    if cost is None:
        return "cost unknown"
    if cost == 0:
        return "free"
    about = "≈ " if estimated else ""
    return f"{about}< ${LEAST}" if cost < LEAST else f"{about}${_amount(cost)}"


def name_expected_cost(cost: Decimal) -> str:
    """Return US dollars no finer than they can be known before: two digits of them."""
    if LEAST <= cost < 1:
        cost = cost.quantize(Decimal(1).scaleb(cost.adjusted() - 1))
    return name_cost(cost)


def name_seconds(seconds: float | None) -> str:
    """Return a time as people read it; "" where it is not known."""
    if seconds is None:
        return ""
    return "< 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"


def _amount(cost: Decimal) -> str:
    if cost >= 1:
        return f"{cost:,.2f}"
    whole = f"{cost.quantize(LEAST)}".rstrip("0")
    return whole if len(whole) >= len("0.00") else f"{cost.quantize(CENT)}"
