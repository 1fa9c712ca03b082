"""What gateways keep of prompts and what they charge: the test gateway's own truth."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from conversations.wire import Prices, Rates, Usage
from tests.gateway.caching import POLICIES, Policy, Prompt, PromptCache, VirtualClock
from tests.gateway.counting import Counted
from tests.gateway.economy import MILLION, cost


@dataclass(frozen=True, slots=True)
class Cache:
    """A way to keep prompts; `marks` is the lifetime that a request marks, if any."""

    policy: Policy
    marks: str = ""


CACHES = {
    "none": Cache(POLICIES["none"]),
    "automatic": Cache(POLICIES["automatic"]),
    "implicit": Cache(POLICIES["implicit"]),
    "5m": Cache(POLICIES["breakpoint"], "5m"),
    "1h": Cache(POLICIES["breakpoint"], "1h"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How a maker's prices relate: to read from its cache, to write into it."""

    name: str
    cache: str
    read: float = 1.0
    write: float = 1.0

    def cost(self, usage: Usage) -> float:
        """Return a prompt's cost in tokens at the full price of input."""
        base, write = MILLION, Decimal(str(self.write)) * MILLION
        read = Decimal(str(self.read)) * MILLION
        rates = Rates(
            input=base, cached_input=read, cache_write=write, cache_write_1h=write
        )
        return float(cost(usage, Prices(rates)))


SHAPES = (
    Shape("no cache", "none"),
    Shape("0.5×", "automatic", 0.5),
    Shape("0.25×", "automatic", 0.25),
    Shape("0.1×", "automatic", 0.1),
    Shape("0.02×", "automatic", 0.02),
    Shape("1.25 / 0.1×", "implicit", 0.1, 1.25),
    Shape("1.25 / 0.05×", "implicit", 0.05, 1.25),
    Shape("Claude, 5 min", "5m", 0.1, 1.25),
    Shape("Claude, 1 h", "1h", 0.1, 2.0),
)


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """What a gateway counts that we do not see."""

    hidden: int = 0
    ratio: float = 1.0


class Gateway:
    """One gateway of each kind, all asked the same, on one clock."""

    def __init__(self, caches: Sequence[str], tokenizer: Tokenizer) -> None:
        self.clock = VirtualClock()
        self._tokenizer = tokenizer
        self._caches = {
            name: PromptCache(CACHES[name].policy, self.clock) for name in caches
        }

    def ask(self, blocks: list[array[int]], names: Sequence[str]) -> dict[str, Usage]:
        """Read a prompt of these blocks; `names` are theirs, whatever else is equal.

        The first is the system prompt: it and the newest are marked.
        """
        prefixes = _prefixes(names)
        return {name: self._take(name, blocks, prefixes) for name in self._caches}

    def _take(
        self, name: str, blocks: list[array[int]], prefixes: Sequence[str]
    ) -> Usage:
        prompt = self._prompt(blocks, prefixes, CACHES[name].marks)
        taken = self._caches[name].take(prompt)
        return Usage(prompt.total, taken.cached, taken.written, taken.written_long, 0)

    def _prompt(
        self, blocks: list[array[int]], prefixes: Sequence[str], lifetime: str
    ) -> Prompt:
        marks = {0: lifetime, len(blocks) - 1: lifetime} if lifetime else {}
        tokenizer = self._tokenizer
        counted = Counted(blocks)
        return Prompt("", counted, prefixes, marks, tokenizer.hidden, tokenizer.ratio)


def _prefixes(names: Sequence[str]) -> list[str]:
    """Name what comes before each block, and all of them."""
    digest = hashlib.sha256()
    found = [digest.hexdigest()]
    for name in names:
        digest.update(f"{name}\0".encode())
        found.append(digest.hexdigest())
    return found
