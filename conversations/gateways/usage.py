"""Usage as gateways report it: merged, and believed as far as it makes sense."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation

from conversations.wire import Json, Usage

# US dollars for one request; more is nonsense.
MOST_COST = Decimal(1_000)
_COST_LETTERS = 40
_NAMES = [each.name for each in fields(Usage)]


def read_cost(value: object) -> Decimal | None:
    """Return a price in US dollars, None where `value` is none to be believed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        cost = Decimal(str(value)[:_COST_LETTERS])
    except (InvalidOperation, ValueError):
        return None
    return abs(cost) if cost.is_finite() and 0 <= cost <= MOST_COST else None


def read_full_cost(usage: Json) -> Decimal | None:
    """Return what a gateway says it took, and what the maker takes for one's own key."""
    cost = read_cost(usage.get("cost"))
    if cost is None or usage.get("is_byok") is not True:
        return cost
    details = usage.get("cost_details")
    upstream = (
        details.get("upstream_inference_cost") if isinstance(details, dict) else 0
    )
    return cost + (read_cost(upstream) or 0)


def merge_usage(old: Usage | None, new: Usage) -> Usage:
    """Return `new`, and `old` where it says nothing.

    A zero that comes later does not undo a number: some gateways end with one.
    """
    if old is None:
        return new
    kept = {name: getattr(old, name) for name in _NAMES if _lacks(new, old, name)}
    return replace(new, **kept) if kept else new


def _lacks(new: Usage, old: Usage, name: str) -> bool:
    before, after = getattr(old, name), getattr(new, name)
    return before is not None and (after is None or (before > 0 and after == 0))


def check_usage(usage: Usage | None) -> Usage | None:
    """Return `usage` without parts that are larger than what they are part of."""
    if usage is None:
        return None
    inside = [usage.cached_input_tokens, usage.cache_write_tokens]
    inside.append(usage.cache_write_1h_tokens)
    if usage.input_tokens is not None and _sum(inside) > usage.input_tokens:
        usage = replace(
            usage,
            cached_input_tokens=None,
            cache_write_tokens=None,
            cache_write_1h_tokens=None,
        )
    thinking = [usage.reasoning_tokens]
    if usage.output_tokens is not None and _sum(thinking) > usage.output_tokens:
        usage = replace(usage, reasoning_tokens=None)
    return usage


def _sum(counts: list[int | None]) -> int:
    return sum(count or 0 for count in counts)
