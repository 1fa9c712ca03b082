"""What a request took, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request. `input_tokens` includes cached and written ones.

    `cache_write_tokens` are kept for minutes, `cache_write_1h_tokens` for an hour or
    longer. `output_tokens` includes `reasoning_tokens`. `cost` is what the gateway
    says it took, in US dollars.
    """

    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices in US dollars for a million tokens. None is unknown, never free."""

    input: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    output: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """Rates for the whole of a request whose prompt is above so many tokens."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Prices:
    """What a model costs; a tier's unknown rates are those below it."""

    base: Rates
    tiers: tuple[Tier, ...] = ()
