"""What a request truly takes: tokens, what of them was cached, and the money."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from conversations.wire import Prices, Rates, Usage
from tests.gateway.caching import POLICIES, Policy, Prompt, PromptCache, VirtualClock
from tests.gateway.counting import count_prompt, count_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.gateway.asked import Asked

MILLION = Decimal(1_000_000)


@dataclass
class Economy:
    """How a gateway counts and charges.

    `cache` is one of the three semantics, "" for the flavour's own. Its tokenizer
    makes `ratio` times as many tokens as ours, and it puts `hidden` ones before every
    prompt. Of sealed thoughts that are given back it counts the share `replayed`,
    whatever can be read of them. Without `prices` nothing costs anything; `prices_of` are those of models
    that have their own, by name.
    """

    cache: str | Policy = ""
    prices: Prices | None = None
    ratio: float = 1.0
    hidden: int = 0
    replayed: float = 1.0
    prices_of: dict[str, Prices] = field(default_factory=dict)
    clock: VirtualClock = field(default_factory=VirtualClock)
    _caches: dict[Policy, PromptCache] = field(default_factory=dict, repr=False)
    # What was thought, in tokens, by its seal.
    _thoughts: dict[str, int] = field(default_factory=dict, repr=False)

    def count(self, asked: Asked) -> int:
        """Return the tokens of a prompt."""
        return self._prompt(asked).total

    def count_text(self, text: str) -> int:
        return round(count_text(text) * self.ratio)

    def think(self, text: str, sealed: Sequence[str]) -> int:
        """Return the tokens of a thought, and remember them by its seals."""
        self._thoughts |= dict.fromkeys(sealed, count_text(text))
        return self.count_text(text)

    def charge(self, asked: Asked, caches: str) -> Usage:
        """Return what reading a prompt takes, and remember that it was read."""
        prompt = self._prompt(asked)
        named = self.cache or caches
        policy = named if isinstance(named, Policy) else POLICIES[named]
        cache = self._caches.setdefault(policy, PromptCache(policy, self.clock))
        taken = cache.take(prompt)
        writes = policy.kind == "breakpoint"
        return Usage(
            input_tokens=prompt.total,
            cached_input_tokens=taken.cached,
            cache_write_tokens=taken.written if writes else None,
            cache_write_1h_tokens=taken.written_long if writes else None,
        )

    def price(self, usage: Usage, model: str) -> Usage:
        """Return `usage` with what it costs, where there are prices."""
        prices = self.prices_of.get(model, self.prices)
        return usage if prices is None else replace(usage, cost=cost(usage, prices))

    def clear(self) -> None:
        """Forget every prompt."""
        self._caches.clear()

    def _prompt(self, asked: Asked) -> Prompt:
        blocks = asked.blocks
        marks = {
            number: each.marker for number, each in enumerate(blocks) if each.marker
        }
        whole = asked.body.get("cache_control")
        if isinstance(whole, dict) and blocks:
            marks[len(blocks) - 1] = str(whole.get("ttl", "5m"))
        scope = f"{asked.model}\0{asked.cache_key}"
        thoughts = {
            seal: round(tokens * self.replayed)
            for seal, tokens in self._thoughts.items()
        }
        counted = count_prompt(asked, thoughts)
        return Prompt(scope, counted, asked.prefixes, marks, self.hidden, self.ratio)


def cost(usage: Usage, prices: Prices) -> Decimal:
    """Return the price of a request in US dollars; what has no rate is paid in full."""
    rates = _rates(usage.input_tokens or 0, prices)
    read = usage.cached_input_tokens or 0
    short, long = usage.cache_write_tokens or 0, usage.cache_write_1h_tokens or 0
    plain = rates.input or Decimal(0)
    write = plain if rates.cache_write is None else rates.cache_write
    write_long = write if rates.cache_write_1h is None else rates.cache_write_1h
    cached = plain if rates.cached_input is None else rates.cached_input
    total = ((usage.input_tokens or 0) - read - short - long) * plain
    total += read * cached + short * write + long * write_long
    total += (usage.output_tokens or 0) * (rates.output or Decimal(0))
    return total / MILLION


def _rates(prompt: int, prices: Prices) -> Rates:
    above = [tier for tier in prices.tiers if prompt > tier.above]
    return max(above, key=lambda tier: tier.above).rates if above else prices.base
