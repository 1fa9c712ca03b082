"""What a request costs that is only foreseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.context.parts import PRIMING_TOKENS
from conversations.gateways.caching import HOUR
from conversations.gateways.prices import cost_of, highest_cost
from conversations.services.requests import MOST_ANSWER_TOKENS, TOKENIZER_RATIO
from conversations.wire import Usage

if TYPE_CHECKING:
    from decimal import Decimal

    from conversations.services.contexts import Chosen
    from conversations.services.meter.foreseeing import Foresight


def expect_cost(
    chosen: Chosen, seen: Foresight, cached: int | None, answer: int = 0
) -> Decimal | None:
    """Return what a request costs, in US dollars, if its cache serves so much of it.

    `cached` and `answer` are tokens; None where no price is known.
    """
    if chosen.prices is None:
        return None
    written = _written(seen, cached or 0)
    is_long = seen.rule is not None and seen.rule.lifetime >= HOUR
    usage = Usage(
        input_tokens=seen.tokens,
        cached_input_tokens=cached,
        cache_write_tokens=0 if is_long else written,
        cache_write_1h_tokens=written if is_long else 0,
        output_tokens=answer,
    )
    return cost_of(usage, chosen.prices)


def _written(seen: Foresight, cached: int) -> int:
    """Return what goes into a cache that keeps just what is marked: it is paid for."""
    rule, marked = seen.rule, seen.tokens - PRIMING_TOKENS
    keeps = rule is not None and rule.block == 1 and rule.lifetime > 0
    return max(0, marked - cached) if keeps and rule and marked >= rule.floor else 0


def expect_highest(chosen: Chosen, seen: Foresight) -> Decimal | None:
    """Return what is likely to be reserved for a turn, in US dollars; None is unknown."""
    if chosen.prices is None:
        return None
    facts = chosen.facts
    asked = max(seen.tokens, int(seen.estimate * TOKENIZER_RATIO))
    written = facts.max_output or min(facts.window, MOST_ANSWER_TOKENS)
    return highest_cost(min(asked, facts.window), written, chosen.prices)
