"""The model menu: what one can choose, and what helps to choose."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from conversations.rendering.model_words import (
    name_abilities,
    name_prices,
    name_window,
)
from conversations.services.gateways import list_models_for
from conversations.services.prices import (
    abilities_of,
    find_prices_of,
    fit_effort,
    sizes_of,
)
from conversations.services.syncing import is_missing

if TYPE_CHECKING:
    from conversations.models import Conversation, LanguageModel, User
    from conversations.wire import Prices

MISSING = "no longer listed"


@dataclass(frozen=True, slots=True)
class Row:
    """A model to choose. `name` is the gateway's, where people see another."""

    pk: int
    title: str
    name: str
    facts: str
    is_missing: bool
    efforts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """Rows by gateway; the gateway and the model of now come first."""

    groups: list[tuple[str, list[Row]]]
    efforts: list[str]
    current: LanguageModel | None
    effort: str


def read_menu(
    user: User, *, current: LanguageModel | None = None, effort: str = ""
) -> Menu:
    """Return every model that a person can choose, in two queries."""
    models = sorted(list_models_for(user), key=lambda model: _place(model, current))
    prices = find_prices_of(models=models, at=timezone.now())
    groups = [
        (name, [_row(model, prices[model.pk]) for model in group])
        for name, group in groupby(models, lambda model: model.gateway.name)
    ]
    rows = [row for _, group in groups for row in group]
    efforts = list(dict.fromkeys(effort for row in rows for effort in row.efforts))
    return Menu(groups, efforts, current, effort)


def read_choice(
    model: LanguageModel | None, effort: str, conversation: Conversation | None = None
) -> dict[str, object]:
    """Return what the composer shows of the model that answers next."""
    of = {"conversation": str(conversation.pk)} if conversation else {}
    if model and not conversation:
        of = {"model": str(model.pk)}
    return {
        "model": model,
        "gone": _gone(model, conversation),
        "efforts": abilities_of(model).efforts if model else (),
        "effort": fit_effort(model=model, effort=effort),
        "models_url": f"{reverse('models')}?{urlencode(of)}",
    }


def _gone(model: LanguageModel | None, conversation: Conversation | None) -> str:
    """Name the model a conversation was held with, where it can be asked no more."""
    held = conversation.model if conversation else None
    return held.title if held is not None and held != model else ""


def _place(model: LanguageModel, current: LanguageModel | None) -> tuple[object, ...]:
    here = current is not None and model.gateway_id == current.gateway_id
    now = current is not None and model.pk == current.pk
    return (not here, model.gateway.name, not now, model.title.lower())


def _row(model: LanguageModel, prices: Prices | None) -> Row:
    sizes, abilities = sizes_of(model), abilities_of(model)
    facts = [
        name_window(sizes.window if sizes.is_known else None),
        name_prices(prices),
        *name_abilities(abilities),
    ]
    missing = is_missing(model)
    return Row(
        model.pk,
        model.title,
        "" if model.title.lower() == model.name.lower() else model.name,
        " · ".join([*facts, MISSING] if missing else facts),
        missing,
        abilities.efforts,
    )
