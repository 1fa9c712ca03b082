"""A gateway's list of models, asked for and kept: sizes, abilities, protocols, prices."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from conversations.context.tokens import count
from conversations.gateways.base import ErrorKind, GatewayError, Gateways
from conversations.gateways.catalog.known import find_known
from conversations.live.hub import get_hub
from conversations.models import Gateway, LanguageModel
from conversations.services.errors import RefusedError
from conversations.services.gateways import choose_default_model, list_models, reach
from conversations.services.prices import set_listed_prices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from conversations.gateways.catalog.rows import ModelListing

LIST_SECONDS = 30.0
MOST_MODELS = 1_000
# So many rows are written in some milliseconds, and others may write in between.
ROWS_AT_ONCE = 100
# What a list decides. An admin's own figures, labels and choices are not among it.
LISTED_FIELDS = [
    "listed_window",
    "listed_max_output",
    "listed_protocols",
    "abilities",
    "listed_at",
]


class Synced(NamedTuple):
    """What came of asking for a list: so many models, of them new; and missing ones."""

    listed: int
    new: int
    missing: int


async def sync_models(gateway: Gateway) -> Synced:
    """Ask a gateway for its models and keep what it lists.

    New models are added; those that are listed no more stay, with the time they were
    last listed. The least dear becomes the default where there is none but the demo.
    Raises `GatewayError` and `RefusedError`, and changes nothing then.
    """
    run = get_hub().readers.run
    reached = await run(reach, LanguageModel(gateway=gateway))
    gateways = Gateways(count)
    try:
        async with asyncio.timeout(LIST_SECONDS):
            listings = await gateways.list_models(reached.route)
    except TimeoutError:
        detail = f"No list after {LIST_SECONDS:g} s."
        raise GatewayError(ErrorKind.TIMEOUT, detail) from None
    finally:
        await gateways.aclose()
    return await run(keep_models, gateway, listings[:MOST_MODELS])


def keep_models(gateway: Gateway, listings: list[ModelListing]) -> Synced:
    """Write what a gateway lists, in several short transactions. May be repeated."""
    now = timezone.now()
    before = set(gateway.models.values_list("name", flat=True))
    for chunk in _chunks(listings):
        _write([_row(gateway, listing, now) for listing in chunk])
    keys = dict(gateway.models.values_list("name", "pk"))
    for chunk in _chunks(listings):
        prices = {keys[each.name]: each.prices for each in chunk if each.name in keys}
        known = {pk: each for pk, each in prices.items() if each is not None}
        set_listed_prices(prices=known, at=now)
    Gateway.objects.filter(pk=gateway.pk).update(synced_at=now)
    gateway.synced_at = now
    if listings and has_only_demo():
        favourite = _favourite(listings)
        choose_if_usable(gateway.models.select_related("gateway").get(name=favourite))
    names = {listing.name for listing in listings}
    return Synced(len(names), len(names - before), _count_missing(gateway, now))


def is_missing(model: LanguageModel) -> bool:
    """Tell whether a model was listed by its gateway once and is no longer."""
    listed_at, synced_at = model.listed_at, model.gateway.synced_at
    return listed_at is not None and synced_at is not None and listed_at < synced_at


def has_only_demo() -> bool:
    """Tell whether nobody has chosen a default other than a demo."""
    chosen = list_models().filter(is_default=True).first()
    return chosen is None or chosen.gateway.is_demo


def choose_if_usable(model: LanguageModel) -> None:
    """Make a model the default, unless it or its gateway is disabled."""
    try:
        choose_default_model(model=model)
    except RefusedError:
        return


def _write(rows: list[LanguageModel]) -> None:
    LanguageModel.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["gateway", "name"],
        update_fields=LISTED_FIELDS,
    )


def _row(gateway: Gateway, listing: ModelListing, now: datetime) -> LanguageModel:
    abilities = asdict(listing.abilities).items()
    return LanguageModel(
        gateway=gateway,
        name=listing.name,
        label=listing.label,
        listed_window=listing.window,
        listed_max_output=listing.max_output,
        listed_protocols=[str(each) for each in listing.protocols],
        abilities={name: value for name, value in abilities if value not in (None, ())},
        listed_at=now,
    )


def _count_missing(gateway: Gateway, now: datetime) -> int:
    return gateway.models.filter(listed_at__lt=now).count()


def _favourite(listings: list[ModelListing]) -> str:
    """Return the least dear of the well-known models, else the first one listed.

    Nobody should find out by a bill which model was chosen for them.
    """
    priced = [
        (known.prices.base.output, -position, listing.name)
        for position, listing in enumerate(listings)
        if (known := find_known(listing.name)) and known.prices.base.output is not None
    ]
    return min(priced)[2] if priced else listings[0].name


def _chunks(listings: list[ModelListing]) -> Iterator[list[ModelListing]]:
    for start in range(0, len(listings), ROWS_AT_ONCE):
        yield listings[start : start + ROWS_AT_ONCE]
