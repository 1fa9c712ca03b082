"""What a model reads, costs and can do, in few words. Unknown is never zero."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conversations.wire import Abilities, Prices

CENT = Decimal("0.01")


def name_window(tokens: int | None) -> str:
    """Return a window as people say it: "128k", "1.1M", "window unknown"."""
    if tokens is None:
        return "window unknown"
    if tokens >= 999_500:
        return f"{tokens / 1_000_000:.1f}".removesuffix(".0") + "M"
    return f"{tokens / 1000:.0f}k" if tokens >= 1000 else str(tokens)


def name_prices(prices: Prices | None) -> str:
    """Return what reading and writing cost: "$2 / $10 per million", "free"."""
    rates = (prices.base.input, prices.base.output) if prices else (None, None)
    if prices is None or rates == (None, None):
        return "price unknown"
    if not any(rates) and None not in rates and not prices.tiers:
        return "free"
    from_ = "from " if prices.tiers else ""
    return f"{from_}{name_rate(rates[0])} / {name_rate(rates[1])} per million"


def name_abilities(abilities: Abilities) -> list[str]:
    """Return the words for what a model is known to be able to do."""
    words = {
        "reasoning": abilities.reasoning,
        "images": abilities.vision,
        "tools": abilities.tools,
    }
    return [word for word, has_it in words.items() if has_it]


def name_rate(rate: Decimal | None) -> str:
    """Return US dollars for a million tokens: "$2", "$0.075", "unknown"."""
    if rate is None:
        return "unknown"
    if rate == rate.to_integral_value():
        return f"${rate:,.0f}"
    exact = f"{rate:,f}".rstrip("0")
    return f"${exact}" if rate != rate.quantize(CENT) else f"${rate:,.2f}"
