"""What well-known models read and write at most, in tokens: a starter table.

As their makers published them in November 2026. An admin's own figure, and a
gateway's list, come first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    window: int
    max_output: int | None


KNOWN = {
    "gpt-6-astra": Sizes(922_000, 128_000),
    "gpt-6.1-sol": Sizes(922_000, 128_000),
    "gpt-6-sol": Sizes(922_000, 128_000),
    "gpt-6-luna": Sizes(922_000, 128_000),
    "gpt-5.6-luna": Sizes(922_000, 128_000),
    "gpt-5.5": Sizes(1_050_000, 128_000),
    "gpt-5-mini": Sizes(272_000, 128_000),
    "gpt-4.1": Sizes(1_047_576, 32_768),
    "gpt-4o": Sizes(128_000, 16_384),
    "gpt-4o-mini": Sizes(128_000, 16_384),
    "claude-fable-5-1": Sizes(1_000_000, 128_000),
    "claude-opus-5-5": Sizes(1_000_000, 128_000),
    "claude-opus-4-7": Sizes(1_000_000, 128_000),
    "claude-sonnet-5-5": Sizes(1_000_000, 128_000),
    "claude-sonnet-4-6": Sizes(1_000_000, 128_000),
    "claude-haiku-5-5": Sizes(1_000_000, 128_000),
    "claude-haiku-4-5": Sizes(200_000, 64_000),
    "gemini-3.1-pro-preview": Sizes(1_048_576, 65_536),
    "gemini-3.8-flash": Sizes(1_048_576, 65_536),
    "gemini-2.5-flash": Sizes(1_048_576, 65_536),
    "deepseek-v4-pro": Sizes(1_000_000, 393_216),
    "deepseek-v4-flash": Sizes(1_000_000, 393_216),
    "kimi-k2.6": Sizes(262_144, 262_144),
    "glm-5.1": Sizes(200_000, 128_000),
    "grok-4.7": Sizes(500_000, 500_000),
    "mistral-large-4": Sizes(1_048_576, None),
}

_DATE = re.compile(r"-(latest|\d{8}|\d{4}-\d{2}-\d{2})\Z")


def lookup(name: str) -> Sizes | None:
    """Return the sizes of a model by its exact name, else without provider and date."""
    short = name.rsplit("/", 1)[-1]
    for candidate in (name, short, _DATE.sub("", short)):
        if candidate in KNOWN:
            return KNOWN[candidate]
    return None
