"""What a request costs, in US dollars, by what it used and the rates that held."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

from conversations.wire import Prices, Rates, Usage

MILLION = Decimal(1_000_000)
ZERO = Decimal(0)
RATE_NAMES = tuple(field.name for field in fields(Rates))
FREE = Prices(Rates(ZERO, ZERO, ZERO, ZERO, ZERO))


def cost_of(usage: Usage, prices: Prices) -> Decimal | None:
    """Return what `usage` costs, in US dollars; None where that cannot be known.

    A prompt above a tier's threshold is paid at that tier, all of it. Cached and
    written tokens whose rate is unknown are paid as input, so that nothing is
    understated. What the gateway itself says it took is not looked at.
    """
    rates = rates_for(usage.input_tokens or 0, prices)
    cached = usage.cached_input_tokens or 0
    written, written_1h = (
        usage.cache_write_tokens or 0,
        usage.cache_write_1h_tokens or 0,
    )
    fresh = usage.input_tokens
    if fresh is not None:
        fresh = max(fresh - cached - written - written_1h, 0)
    write = _first(rates.cache_write, rates.input)
    return _sum(
        _cost(fresh, rates.input),
        _cost(cached, _first(rates.cached_input, rates.input)),
        _cost(written, write),
        _cost(written_1h, _first(rates.cache_write_1h, write)),
        _cost(usage.output_tokens, rates.output),
    )


def highest_cost(
    input_tokens: int, output_tokens: int, prices: Prices
) -> Decimal | None:
    """Return what a request of at most so many tokens costs at most, in US dollars.

    None where a rate that is needed is unknown. Every input token counts at the
    dearest rate of input, of a cache read or of a write, in the dearest tier within
    reach.
    """
    thresholds = [0, *(tier.above + 1 for tier in prices.tiers)]
    within = [count for count in thresholds if count <= max(input_tokens, 0)]
    costs = [
        _highest(input_tokens, output_tokens, rates_for(count, prices))
        for count in within or [0]
    ]
    known = [cost for cost in costs if cost is not None]
    return max(known) if known and len(known) == len(costs) else None


def rates_for(input_tokens: int, prices: Prices) -> Rates:
    """Return the rates of a prompt of `input_tokens`; a tier holds strictly above."""
    rates = prices.base
    for tier in sorted(prices.tiers, key=lambda tier: tier.above):
        if input_tokens > tier.above:
            rates = overlay(tier.rates, rates)
    return rates


def overlay(upper: Rates, lower: Rates) -> Rates:
    """Return the rates of `upper`, and where it has none those of `lower`."""
    pairs = ((getattr(upper, name), getattr(lower, name)) for name in RATE_NAMES)
    return Rates(*(_first(*pair) for pair in pairs))


def _highest(input_tokens: int, output_tokens: int, rates: Rates) -> Decimal | None:
    # Reading from a cache is cheaper than not, but for lists with a mistake in them.
    further = (rates.cached_input, rates.cache_write, rates.cache_write_1h)
    dearest = rates.input
    if dearest is not None:
        dearest = max(dearest, *(rate for rate in further if rate is not None), ZERO)
    return _sum(_cost(input_tokens, dearest), _cost(output_tokens, rates.output))


def _cost(tokens: int | None, rate: Decimal | None) -> Decimal | None:
    if tokens == 0 or rate == 0:
        return ZERO
    if tokens is None or rate is None:
        return None
    return tokens * rate / MILLION


def _first(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return second if first is None else first


def _sum(*costs: Decimal | None) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, ZERO) if len(known) == len(costs) else None
