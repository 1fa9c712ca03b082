"""Models: who sees them, how much they read, what they cost. There may be hundreds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.utils import timezone

from conversations.admin.bases import ModelAdmin
from conversations.admin.model_filters import ListedFilter, TeamFilter
from conversations.admin.model_forms import ModelForm, find_facts
from conversations.admin.model_list import ModelList, set_enabled
from conversations.admin.model_words import (
    UNKNOWN,
    say_abilities,
    say_price_now,
    say_protocols,
    say_window_briefly,
)
from conversations.admin.prices import PriceInline, say_pair
from conversations.gateways.presets import PRESETS
from conversations.models import LanguageModel, Price
from conversations.services import gateways
from conversations.services.syncing import is_missing

if TYPE_CHECKING:
    from django.contrib.admin.options import InlineModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from conversations.wire import Prices

    Inlines = list[type[InlineModelAdmin[Any, Any]]]

PRICES = (
    "What was paid stays as it was paid: a new price holds from its moment on, and past "
    "costs are never rewritten."
)

CONTEXT_FIELDS = ["context_cap", "context_keep", "context_turns"]
CONTEXT = (
    "How much of a conversation is sent with each message. Requests grow until they are "
    "full; then the oldest turns leave, so that what stays can be read from a cache."
)


@admin.register(LanguageModel)
class LanguageModelAdmin(ModelAdmin[LanguageModel]):
    form = ModelForm
    list_display = [
        "name",
        "gateway",
        "enabled",
        "default",
        "window_shown",
        "price",
        "protocols",
        "able_to",
        "seen_by",
        "last_listed",
    ]
    list_filter = ["gateway", "enabled", "is_default", TeamFilter, ListedFilter]
    list_select_related = ["gateway"]
    list_per_page = 100
    search_fields = ["name", "label"]
    filter_horizontal = ["teams"]
    readonly_fields = [
        "abilities_shown",
        "last_listed",
        "price_now",
    ]
    actions = ["enable", "disable"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LanguageModel]:
        models = super().get_queryset(request).select_related("gateway")
        return models.prefetch_related("gateway__endpoints", "teams")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ModelList

    def get_fieldsets(
        self, request: HttpRequest, obj: LanguageModel | None = None
    ) -> Any:
        own = {"fields": ["gateway", "name", "label", "enabled", "make_default"]}
        teams = {"fields": ["teams"]}
        if obj is None:
            return [(None, own), ("Who sees it", teams)]
        learned = {"fields": ["forget"]}
        return [
            (None, own),
            ("Who sees it", teams),
            ("Sizes", {"fields": ["window", "max_output"]}),
            ("Context", {"fields": CONTEXT_FIELDS, "description": CONTEXT}),
            (
                "What it is and how it is asked",
                {"fields": ["abilities_shown", "protocol", "last_listed"]},
            ),
            *([("What it has taught us", learned)] if find_facts(obj) else []),
            ("Price", {"fields": ["price_now"], "description": PRICES}),
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: LanguageModel | None = None
    ) -> list[str]:
        """A model stays at its gateway, and one that is listed keeps its name."""
        fixed = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            fixed.append("gateway")
            if obj.listed_at is not None or obj.gateway.is_demo:
                fixed.append("name")
        return fixed

    def get_inlines(self, request: HttpRequest, obj: LanguageModel | None) -> Inlines:
        is_paid = obj is not None and not PRESETS[obj.gateway.preset].free
        return [PriceInline] if is_paid else []

    def has_delete_permission(
        self, request: HttpRequest, obj: LanguageModel | None = None
    ) -> bool:
        is_demo = obj is not None and obj.gateway.is_demo
        return not is_demo and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Name the models; their prices are only counted."""
        may_go = all(self.has_delete_permission(request, each) for each in objs)
        missing = set() if may_go else {self.opts.verbose_name}
        counts = {
            "models": len(objs),
            "prices": Price.objects.filter(model__in=objs).count(),
        }
        return [str(each) for each in objs], counts, missing, []

    def save_model(
        self, request: HttpRequest, obj: LanguageModel, form: ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if form.chosen:
            gateways.choose_default_model(model=obj)
        elif form.unchosen:
            gateways.clear_default_model()
        if facts := form.cleaned_data.get("forget"):
            facts.delete()

    @admin.action(description="Enable the selected models", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[LanguageModel]) -> None:
        set_enabled(request, queryset, enabled=True)

    @admin.action(description="Disable the selected models", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[LanguageModel]) -> None:
        set_enabled(request, queryset, enabled=False)

    @admin.display(description="default", ordering="-is_default", empty_value="")
    def default(self, model: LanguageModel) -> str:
        return "Default" if model.is_default else ""

    @admin.display(description="window")
    def window_shown(self, model: LanguageModel) -> str:
        return say_window_briefly(model)

    @admin.display(description="$ in / out")
    def price(self, model: LanguageModel) -> str:
        prices: Prices | None = getattr(model, "prices_now", None)
        return UNKNOWN if prices is None else say_pair(prices.base)

    @admin.display(description="price now")
    def price_now(self, model: LanguageModel) -> str:
        return say_price_now(model)

    @admin.display(description="protocols")
    def protocols(self, model: LanguageModel) -> str:
        reachable = [each.protocol for each in model.gateway.endpoints.all()]
        return say_protocols(model, reachable)

    @admin.display(description="abilities")
    def able_to(self, model: LanguageModel) -> str:
        return say_abilities(model, with_efforts=False)

    @admin.display(description="abilities")
    def abilities_shown(self, model: LanguageModel) -> str:
        return say_abilities(model)

    @admin.display(description="who sees it")
    def seen_by(self, model: LanguageModel) -> str:
        return ", ".join(team.name for team in model.teams.all()) or "Everyone"

    @admin.display(description="last listed", ordering="listed_at")
    def last_listed(self, model: LanguageModel) -> str:
        if model.listed_at is None:
            return "Never: added by name"
        day = f"{timezone.localtime(model.listed_at):%Y-%m-%d}"
        return f"{day}, no longer listed" if is_missing(model) else day
