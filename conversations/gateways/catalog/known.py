"""What is known of well-known models, as their makers published it in November 2026.

An admin's own figures, and what a gateway lists, come first.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from conversations.gateways.catalog.listed_abilities import load_abilities
from conversations.gateways.presets import PRESETS
from conversations.wire import Abilities, Prices, Rates, Tier

MODELS_FILE = Path(__file__).with_name("known_models.json")
# Tokens of a window of which nobody knows anything.
UNKNOWN_WINDOW = 8_192
UNKNOWN_CLOUD_WINDOW = 16_384
# Its own default where memory is scarce; beyond it, it cuts without a word.
UNKNOWN_OLLAMA_WINDOW = 4_096

_DATE = re.compile(r"-(latest|\d{8}|\d{4}-\d{2}-\d{2})\Z")
_DOT = re.compile(r"(?<=\d)\.(?=\d)")


@dataclass(frozen=True, slots=True)
class Known:
    """A well-known model. Sizes in tokens, None where its maker is silent."""

    window: int
    max_output: int | None
    prices: Prices
    abilities: Abilities


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a model reads and writes at most, in tokens.

    `is_known` is False where `window` is only what we dare to assume.
    """

    window: int
    max_output: int | None = None
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a model's sizes, in tokens; None where it is silent."""

    window: int | None = None
    max_output: int | None = None


def find_known(name: str) -> Known | None:
    """Return what is known of a model by its exact name, else by what it stands for.

    That is the name without its provider, `:variant` and date.
    """
    models = _load()
    short = name.rsplit("/", 1)[-1]
    plain = short.partition(":")[0].lower()
    candidates = [name, short, plain, _DATE.sub("", plain)]
    if plain.startswith("claude"):
        # Some gateways write Claude's versions with a dot.
        candidates += [_DOT.sub("-", candidate) for candidate in candidates[2:]]
    return next((models[each] for each in candidates if each in models), None)


def resolve_sizes(
    preset: str, *, own: Said, listed: Said, learned: int | None, known: Known | None
) -> Sizes:
    """Return the sizes of a model by the first source that speaks.

    These are an admin's `own` figures, what its gateway lists, what an overflow has
    taught (a smaller window than the listed one holds), what is known of the model,
    and last an assumption that is safe with `preset`.
    """
    published = _published(preset, known)
    live = [size for size in (listed.window, learned) if size]
    window = own.window or min(live, default=None) or published.window
    most = own.max_output or listed.max_output or published.max_output
    if window is None:
        return Sizes(_assumed(preset), most, is_known=False)
    return Sizes(window, most)


def _published(preset: str, known: Known | None) -> Said:
    # How much of a model Ollama loads is decided by its owner and not by the maker.
    if known is None or preset == "ollama":
        return Said()
    return Said(known.window, known.max_output)


def _assumed(preset: str) -> int:
    if preset == "ollama":
        return UNKNOWN_OLLAMA_WINDOW
    return UNKNOWN_CLOUD_WINDOW if PRESETS[preset].cloud else UNKNOWN_WINDOW


@cache
def _load() -> dict[str, Known]:
    rows = json.loads(MODELS_FILE.read_text())["models"]
    return {name: _read(row) for name, row in rows.items()}


def _read(row: dict[str, Any]) -> Known:
    tiers = (Tier(tier.pop("above"), _rates(tier)) for tier in row.get("tiers", ()))
    return Known(
        window=row["window"],
        max_output=row["max_output"],
        prices=Prices(_rates(row["rates"]), tuple(tiers)),
        abilities=load_abilities(row["abilities"]),
    )


def _rates(row: dict[str, str]) -> Rates:
    return Rates(**{name: Decimal(value) for name, value in row.items()})
