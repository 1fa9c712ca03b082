"""What an answer took: tokens, money and seconds, from its rows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from conversations.models import Endpoint, UsageRecord
from conversations.rendering.figures import Figures, name_cost, name_seconds
from conversations.wire import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from conversations.models import Generation

COST_SOURCES: dict[str, str] = {
    UsageRecord.CostSource.REPORTED: "as the gateway reported it",
    UsageRecord.CostSource.COMPUTED: "computed from the model’s prices",
}


def measure(generation: Generation, earlier: Sequence[Generation]) -> Figures | None:
    """Return what the newest attempt took, and what all of them cost together.

    None where nothing is known: nothing was asked of a model.
    """
    usage = _usage(generation)
    began = generation.first_delta_at
    if usage is None and began is None:
        return None
    return Figures(
        model_name=answered_by(generation),
        gateway=_gateway(generation),
        end=State(generation.state).value.replace("_", " "),
        raw_end=generation.raw_reason,
        effort=generation.effort,
        input_tokens=usage.input_tokens if usage else None,
        cached_tokens=usage.cached_input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        reasoning_tokens=usage.reasoning_tokens if usage else None,
        estimated=bool(usage and usage.estimated),
        cost=name_cost_of(usage) if usage else "",
        cost_source=COST_SOURCES.get(usage.cost_source, "") if usage else "",
        total_cost=_total([*earlier, generation]) if earlier else "",
        first_word=_time(generation, began),
        whole_time=_time(generation, began and generation.ended_at),
    )


def answered_by(generation: Generation) -> str:
    """Return the name of the model that answered where it is not the one asked."""
    asked = generation.model.name if generation.model else generation.model_title
    echoed = generation.echoed_model
    return "" if echoed.casefold() == asked.casefold() else echoed


def _gateway(generation: Generation) -> str:
    """Name the gateway that was asked, and the protocol it was asked by."""
    if generation.model is None:
        return ""
    names = dict(Endpoint.Protocol.choices)
    protocol = names.get(generation.protocol, "")
    gateway = generation.model.gateway.name
    return f"{gateway}, {protocol}" if protocol else gateway


def is_another_model(generation: Generation) -> bool:
    """Tell whether another model answered, and not a version of the one asked."""
    asked = generation.model.name if generation.model else generation.model_title
    first, second = _bare(asked), _bare(generation.echoed_model)
    return bool(second) and first not in second and second not in first


def _bare(name: str) -> str:
    """Return a model's name without its maker, tag and case."""
    return name.casefold().rpartition("/")[2].partition(":")[0]


def _usage(generation: Generation) -> UsageRecord | None:
    return getattr(generation, "usage", None)


def name_cost_of(usage: UsageRecord) -> str:
    """Return what a request cost in words; "cost unknown" where nobody said."""
    # Reported money is money, whoever counted the tokens.
    reported = usage.cost_source == UsageRecord.CostSource.REPORTED
    if usage.cost_source == UsageRecord.CostSource.FREE:
        return name_cost(Decimal(0))
    return name_cost(usage.cost, estimated=usage.estimated and not reported)


def _total(attempts: Sequence[Generation]) -> str:
    """Name what all attempts cost, as far as it is known; "" where it is not."""
    usages = [usage for one in attempts if (usage := _usage(one))]
    costs = [usage.cost for usage in usages if usage.cost is not None]
    if len(usages) < 2 or not any(costs):
        return ""
    total = name_cost(sum(costs, Decimal(0)))
    return total if len(costs) == len(usages) else f"at least {total}"


def _time(generation: Generation, until: datetime | None) -> str:
    since = generation.started_at
    return name_seconds((until - since).total_seconds() if since and until else None)
