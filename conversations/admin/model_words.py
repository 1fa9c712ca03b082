"""What is known of a model, from whom, in words. Unknown is said, never shown as zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.defaultfilters import date
from django.utils import timezone

from conversations.context.budget import budget_for
from conversations.gateways.presets import PRESETS, choose_protocol
from conversations.gateways.prices import RATE_NAMES
from conversations.models import Endpoint, LanguageModel, LearnedFact, Price
from conversations.rendering.model_words import name_abilities, name_rate
from conversations.services.learning import read_window
from conversations.services.prices import abilities_of, find_prices, sizes_of
from conversations.wire import ContextSettings, ModelFacts

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from decimal import Decimal

    from conversations.wire import Prices, Rates

UNKNOWN = "unknown"
PROTOCOLS: dict[str, str] = dict(Endpoint.Protocol.choices)
BRIEFLY: dict[str, str] = {**PROTOCOLS, Endpoint.Protocol.CHAT_COMPLETIONS: "Chat"}
RATES = {
    "input": "in",
    "cached_input": "in from a cache",
    "cache_write": "written to a cache",
    "cache_write_1h": "written for an hour",
    "output": "out",
}
PUBLISHED = "as its maker published it in November 2026"


def say_window(model: LanguageModel, facts: Collection[LearnedFact]) -> str:
    """Say which window holds where an admin has entered none, and who says so."""
    learned = read_window(facts)
    sizes = sizes_of(_without_own(model), learned_window=learned)
    if not sizes.is_known:
        return f"{sizes.window:,}, which is assumed: nobody says"
    return f"{sizes.window:,}, {_source(sizes.window, model.listed_window, learned)}"


def say_max_output(model: LanguageModel) -> str:
    """Say how much a model writes at most where an admin has entered nothing."""
    size = sizes_of(_without_own(model)).max_output
    if size is None:
        return f"{UNKNOWN}, the gateway decides"
    return f"{size:,}, {_source(size, model.listed_max_output, None)}"


def say_budget(model: LanguageModel, facts: Collection[LearnedFact]) -> str:
    """Say how large a request may be where an admin has set no bound."""
    sizes = sizes_of(model, learned_window=read_window(facts))
    prices = find_prices(model=model, at=timezone.now())
    dearer = (
        min((tier.above for tier in prices.tiers), default=None) if prices else None
    )
    known = ModelFacts(model.name, sizes.window, sizes.max_output, dearer_above=dearer)
    budget = budget_for(ContextSettings(), known)
    return f"{budget:,}, as its window and its prices suggest"


def say_window_briefly(model: LanguageModel) -> str:
    """Return a model's window for a list."""
    sizes = sizes_of(model)
    return f"{sizes.window:,}" if sizes.is_known else UNKNOWN


def say_protocols(model: LanguageModel, reachable: Collection[str]) -> str:
    """Return the protocols a model is offered on, for a list; the one used is first."""
    listed = model.listed_protocols or reachable
    names = [each for each in reachable if each in listed]
    used = model.protocol if model.protocol in reachable else _choose(model, reachable)
    names.sort(key=lambda name: name != used)
    return ", ".join(BRIEFLY[name] for name in names) or "None"


def say_choice(model: LanguageModel, reachable: Collection[str]) -> str:
    """Say which protocol is used where nobody has chosen one."""
    chosen = _choose(model, reachable)
    if chosen is None:
        return "Chosen by Roundtable"
    return f"Chosen by Roundtable: {PROTOCOLS[chosen]}"


def say_abilities(model: LanguageModel, *, with_efforts: bool = True) -> str:
    """Return what a model can do, as far as anyone says."""
    abilities = abilities_of(model)
    words = name_abilities(abilities)
    if abilities.efforts and with_efforts:
        words.append(f"efforts {', '.join(abilities.efforts)}")
    if words:
        return ", ".join(words)
    known = (abilities.reasoning, abilities.vision, abilities.tools)
    return UNKNOWN if None in known else "text only"


def say_rate(rate: Decimal | None) -> str:
    """Return US dollars for a million tokens: "$0.25", "free", "unknown"."""
    return "free" if rate == 0 else name_rate(rate)


def say_prices(prices: Prices) -> str:
    """Return what is known of prices, with the tiers above which they differ."""
    parts = [_say_rates(prices.base) or UNKNOWN]
    parts += [
        f"above {tier.above:,} tokens {_say_rates(tier.rates)}" for tier in prices.tiers
    ]
    return "; ".join(parts)


def say_price_now(model: LanguageModel) -> str:
    """Return what a model costs now, and who says so."""
    now = timezone.now()
    prices = find_prices(model=model, at=now)
    if prices is None:
        return "Unknown: costs are shown as unknown."
    if PRESETS[model.gateway.preset].free:
        return "Free, as everything at this gateway."
    return f"{say_prices(prices)} ({_say_source(model, now)})"


def _say_source(model: LanguageModel, at: datetime) -> str:
    for source, words in (
        (Price.Source.ADMIN, "entered by an admin, from"),
        (Price.Source.GATEWAY, "listed by the gateway on"),
    ):
        rows = model.prices.filter(source=source, effective_from__lte=at)
        if row := rows.first():
            since = timezone.localtime(row.effective_from)
            return f"{words} {date(since, 'j F Y')}"
    return "the maker's price, November 2026"


def _say_rates(rates: Rates) -> str:
    known = {name: getattr(rates, name) for name in RATE_NAMES}
    return ", ".join(
        f"{say_rate(rate)} {RATES[name]}"
        for name, rate in known.items()
        if rate is not None
    )


def _source(size: int, listed: int | None, learned: int | None) -> str:
    if size == learned:
        return "as it said when it was too much"
    return "as the gateway lists it" if size == listed else PUBLISHED


def _without_own(model: LanguageModel) -> LanguageModel:
    return LanguageModel(
        gateway=model.gateway,
        name=model.name,
        listed_window=model.listed_window,
        listed_max_output=model.listed_max_output,
    )


def _choose(model: LanguageModel, reachable: Collection[str]) -> str | None:
    preset = model.gateway.preset
    return choose_protocol(preset, model.name, model.listed_protocols, reachable)
