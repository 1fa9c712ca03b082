"""Prices as gateways list them, per token, turned into ours, per million tokens."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import ROUND_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from conversations.wire import Prices, Rates, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.wire import Json

MILLION = Decimal(1_000_000)
# As finely as they are stored. Rounded up, so that nothing is understated.
PLACE = Decimal("0.000001")
# US dollars for a million tokens; above it is a mistake.
MOST_RATE = Decimal(1_000_000)
MOST_TOKENS = 2**31 - 1
MOST_TIERS = 20

# OpenRouter's names, Opper's too.
_OPENROUTER = {
    "input": "prompt",
    "cached_input": "input_cache_read",
    "cache_write": "input_cache_write",
    "cache_write_1h": "input_cache_write_1h",
    "output": "completion",
}
_LITELLM = {
    "input": "input_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "output": "output_cost_per_token",
}
_LITELLM_TIER = re.compile(r"input_cost_per_token_above_(\d{1,6})k_tokens\Z")
_THRESHOLD = "min_prompt_tokens"
_HOURS = ("utc_start", "utc_end")


def read_prices(places: list[Json]) -> Prices | None:
    """Return the prices that one of `places` lists; None where none speaks of any.

    Unknown rates are None: -1 stands for one that is found out with the answer.
    """
    for place in places:
        pricing = place.get("pricing")
        if isinstance(pricing, dict):
            return _read_openrouter(pricing)
        if _LITELLM["input"] in place:
            return _read_litellm(place)
    return None


def _read_openrouter(pricing: Json) -> Prices:
    tiers: dict[int, Tier] = {}
    overrides = pricing.get("overrides")
    for override in overrides[:MOST_TIERS] if isinstance(overrides, list) else []:
        above = _read_threshold(override)
        if above is not None:
            # Of two for one size the later counts.
            tiers[above] = Tier(above, _read_rates(override, _OPENROUTER))
    return Prices(_read_rates(pricing, _OPENROUTER), _in_order(tiers))


def _read_litellm(place: Json) -> Prices | None:
    base = _read_rates(place, _LITELLM)
    if not base.input and not base.output:
        # It writes 0 where it does not know.
        return Prices(Rates())
    tiers: dict[int, Tier] = {}
    for name in place:
        found = _LITELLM_TIER.match(name)
        if found and len(tiers) < MOST_TIERS:
            above = int(found[1]) * 1_000
            suffix = name.removeprefix(_LITELLM["input"])
            names = {ours: theirs + suffix for ours, theirs in _LITELLM.items()}
            tiers[above] = Tier(above, _read_rates(place, names))
    return Prices(base, _in_order(tiers))


def _in_order(tiers: Mapping[int, Tier]) -> tuple[Tier, ...]:
    return tuple(tiers[above] for above in sorted(tiers))


def _read_threshold(override: object) -> int | None:
    """Return above how many tokens a price holds, None where that is not its condition.

    Prices by the hour of the day are left out: such gateways report the cost.
    """
    if not isinstance(override, dict) or any(override.get(name) for name in _HOURS):
        return None
    value = override.get(_THRESHOLD)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST_TOKENS else None


def _read_rates(place: Json, names: Mapping[str, str]) -> Rates:
    rates = Rates(**{ours: _rate(place.get(theirs)) for ours, theirs in names.items()})
    # Nobody is known to take what is written for nothing, or what is read again where
    # the first time costs something: 0 is no price for it.
    return replace(
        rates,
        cached_input=rates.cached_input
        if not rates.input
        else rates.cached_input or None,
        cache_write=rates.cache_write or None,
        cache_write_1h=rates.cache_write_1h or None,
    )


def _rate(value: object) -> Decimal | None:
    """Return US dollars for a million tokens from those for one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        rate = Decimal(str(value).strip()) * MILLION
    except InvalidOperation:
        return None
    if not rate.is_finite() or not 0 <= rate <= MOST_RATE:
        return None
    return rate.quantize(PLACE, ROUND_UP)
