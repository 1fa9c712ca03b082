"""What the cache gave for a request, what it cost, and what it would have cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.gateways.prices import cost_of
from conversations.rendering.figures import name_cost
from conversations.services.measures import COST_SOURCES, name_cost_of
from conversations.services.prices import find_prices
from conversations.services.spending import find_answering_model
from conversations.wire import Usage

if TYPE_CHECKING:
    from conversations.models import Generation, UsageRecord


@dataclass(frozen=True, slots=True)
class CacheAndCost:
    """Tokens from and into the gateway's cache, and money in words; unknown is None.

    `cost` is all of it, `without_cache` the same request read afresh, "" where that
    is unknown or no different. `is_over` says that the answer has ended.
    """

    predicted: int | None
    read: int | None = None
    written: int | None = None
    written_long: int | None = None
    cost: str = ""
    cost_source: str = ""
    without_cache: str = ""
    is_over: bool = False

    @property
    def is_less(self) -> bool:
        """Whether the cache gave less than was expected of it."""
        known = self.predicted is not None and self.read is not None
        return known and (self.read or 0) < (self.predicted or 0)


def read_costs(*, generation: Generation) -> CacheAndCost:
    """Return what a request's cache and money are known to be."""
    is_over = generation.ended_at is not None
    usage: UsageRecord | None = getattr(generation, "usage", None)
    if usage is None:
        return CacheAndCost(generation.predicted_cached, is_over=is_over)
    return CacheAndCost(
        predicted=generation.predicted_cached,
        read=usage.cached_input_tokens,
        written=usage.cache_write_tokens,
        written_long=usage.cache_write_1h_tokens,
        cost=name_cost_of(usage),
        cost_source=COST_SOURCES.get(usage.cost_source, ""),
        without_cache=_without_cache(generation, usage),
        is_over=is_over,
    )


def _without_cache(generation: Generation, usage: UsageRecord) -> str:
    """Name what reading all of it afresh would have cost, by the prices of the time."""
    cached = (
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.cache_write_1h_tokens,
    )
    at = generation.started_at or generation.created_at
    name = generation.echoed_model
    model = find_answering_model(model=generation.model, name=name, at=at)
    if not any(cached) or model is None:
        return ""
    prices = find_prices(model=model, at=at)
    taken = Usage(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
    cost = cost_of(taken, prices) if prices else None
    with_cache = replace(
        taken,
        cached_input_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
    )
    is_same = cost is None or prices is None or cost == cost_of(with_cache, prices)
    return "" if is_same else name_cost(cost, estimated=usage.estimated)
