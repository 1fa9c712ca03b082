"""The prices of a model: rows are added, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models

from conversations.admin import bases
from conversations.admin.bases import TabularInline
from conversations.admin.model_words import UNKNOWN, say_prices, say_rate
from conversations.gateways.prices import RATE_NAMES
from conversations.models import LanguageModel, Price
from conversations.services.prices import read_price
from conversations.wire import Prices, Rates

if TYPE_CHECKING:
    from django.http import HttpRequest

    from conversations.wire import Tier

# US dollars for a million tokens: more is a mistake in the unit.
MOST_DOLLARS = 100_000
SHOWN = {
    "input": "input",
    "cached_input": "cached input",
    "cache_write": "cache write",
    "cache_write_1h": "cache write, 1 h",
    "output": "output",
}


class PriceForm(bases.ModelForm[Price]):
    class Meta:
        model = Price
        fields = ["effective_from", *RATE_NAMES]
        labels = SHOWN

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and all(cleaned.get(name) is None for name in RATE_NAMES):
            raise ValidationError(
                "Enter one price at least. What you leave empty is unknown; 0 is free."
            )
        return cleaned


class PriceInline(TabularInline[Price, LanguageModel]):
    """Saved rows are only read; empty fields of a new one are unknown."""

    model = Price
    form = PriceForm
    fields = ["effective_from", *RATE_NAMES, "source", "tiers_shown"]
    readonly_fields = ["source", "tiers_shown"]
    formfield_overrides = {
        models.DecimalField: {"min_value": 0, "max_value": MOST_DOLLARS}
    }
    empty_value_display = UNKNOWN
    extra = 0
    verbose_name = "price"
    verbose_name_plural = "Prices in US dollars for a million tokens"

    @admin.display(description="long prompts")
    def tiers_shown(self, price: Price) -> str:
        return "; ".join(_say_tier(tier) for tier in read_price(price).tiers) or "–"

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        return False


def _say_tier(tier: Tier) -> str:
    return f"above {tier.above:,}: {say_prices(Prices(tier.rates))}"


def say_pair(rates: Rates) -> str:
    """Return what comes in and what goes out, for a list."""
    return f"{say_rate(rates.input)} / {say_rate(rates.output)}"
