"""What a model costs, how much it reads and what it can do, from all who say so."""

from __future__ import annotations

from dataclasses import asdict, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from conversations.gateways.catalog.known import Said, Sizes, find_known, resolve_sizes
from conversations.gateways.catalog.listed_abilities import (
    ABILITY_NAMES,
    load_abilities,
)
from conversations.gateways.presets import PRESETS
from conversations.gateways.prices import FREE, RATE_NAMES
from conversations.models import Price
from conversations.wire import Abilities, Prices, Rates, Tier

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from conversations.models import LanguageModel

UNKNOWN = Prices(Rates())


def sizes_of(model: LanguageModel, *, learned_window: int | None = None) -> Sizes:
    """Return a model's sizes in tokens; `learned_window` is what an overflow taught."""
    return resolve_sizes(
        model.gateway.preset,
        own=Said(model.window, model.max_output),
        listed=Said(model.listed_window, model.listed_max_output),
        learned=learned_window,
        known=find_known(model.name),
    )


def abilities_of(model: LanguageModel) -> Abilities:
    """Return what a model can do: as listed, else as known, field by field."""
    listed = load_abilities(model.abilities)
    known = find_known(model.name)
    if known is None:
        return listed
    abilities = known.abilities
    if listed.reasoning is False:
        # Its maker lets it think; this gateway does not.
        abilities = replace(abilities, efforts=(), thinking=())
    silent: dict[str, Any] = {
        name: getattr(abilities, name)
        for name in ABILITY_NAMES
        if getattr(listed, name) in (None, ())
    }
    return replace(listed, **silent)


def fit_effort(*, model: LanguageModel | None, effort: str) -> str:
    """Return `effort` where the model has it, else "", which is its default."""
    known = abilities_of(model).efforts if model else ()
    return effort if effort in known else ""


def find_prices(*, model: LanguageModel, at: datetime) -> Prices | None:
    """Return what a model cost at a moment, None where nobody knows."""
    return find_prices_of(models=[model], at=at)[model.pk]


def find_prices_of(
    *, models: Collection[LanguageModel], at: datetime
) -> dict[int, Prices | None]:
    """Return what each model, by its key, cost at a moment. One query for all.

    What an admin entered comes before what the gateway lists, and that before the
    maker's prices, which hold at the maker's own gateway only.
    """
    newest = _newest(models, at)
    return {model.pk: _prices(model, newest) for model in models}


def set_listed_prices(
    *, prices: Mapping[int, Prices], at: datetime | None = None
) -> int:
    """Record what a gateway lists, by its models' keys; return how many changed.

    A row is added only where the newest differs: what was paid stays as it was paid.
    """
    at = at or timezone.now()
    newest = _newest_listed(prices)
    rows = [
        _row(pk, each, at)
        for pk, each in prices.items()
        if newest.get(pk, UNKNOWN) != each
    ]
    Price.objects.bulk_create(rows)
    return len(rows)


def read_price(row: Price) -> Prices:
    """Return the prices that a row keeps."""
    tiers = (Tier(int(tier["above"]), _read_rates(tier)) for tier in row.tiers)
    return Prices(Rates(*(getattr(row, name) for name in RATE_NAMES)), tuple(tiers))


def _newest(
    models: Collection[LanguageModel], at: datetime
) -> dict[tuple[int, str], Price]:
    priced = [model.pk for model in models if not _is_free(model)]
    if not priced:
        return {}
    rows = Price.objects.filter(model__in=priced, effective_from__lte=at)
    # Of several for one key the last stays.
    by_age = sorted(rows, key=lambda row: (row.effective_from, row.pk))
    return {(row.model_id, row.source): row for row in by_age}


def _newest_listed(models: Collection[int]) -> dict[int, Prices]:
    rows = Price.objects.filter(model__in=list(models), source=Price.Source.GATEWAY)
    newest = {row.model_id: row for row in rows.order_by("effective_from", "pk")}
    return {pk: read_price(row) for pk, row in newest.items()}


def _prices(
    model: LanguageModel, newest: Mapping[tuple[int, str], Price]
) -> Prices | None:
    if _is_free(model):
        return FREE
    for source in (Price.Source.ADMIN, Price.Source.GATEWAY):
        if row := newest.get((model.pk, source)):
            return read_price(row)
    known = find_known(model.name)
    if known is None or not PRESETS[model.gateway.preset].makers_prices:
        return None
    return known.prices


def _is_free(model: LanguageModel) -> bool:
    return PRESETS[model.gateway.preset].free


def _row(model_id: int, prices: Prices, at: datetime) -> Price:
    return Price(
        model_id=model_id,
        effective_from=at,
        source=Price.Source.GATEWAY,
        tiers=[{"above": tier.above, **_write(tier.rates)} for tier in prices.tiers],
        **asdict(prices.base),
    )


def _write(rates: Rates) -> dict[str, str]:
    known = {name: getattr(rates, name) for name in RATE_NAMES}
    return {name: f"{rate:f}" for name, rate in known.items() if rate is not None}


def _read_rates(row: Mapping[str, str]) -> Rates:
    return Rates(*(Decimal(row[name]) if name in row else None for name in RATE_NAMES))
