"""Money: the limits, what is spent in each month, and every request that was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin, messages
from django.db import models
from django.db.models import Case, F, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.admin.bases import ModelAdmin, OneRowAdmin
from conversations.models import Spending, SpendingLimits, UsageRecord
from conversations.services.gateways import find_default_model, list_models
from conversations.services.months import month_at
from conversations.services.prices import find_prices_of
from conversations.services.spending import format_dollars

if TYPE_CHECKING:
    from decimal import Decimal

    from django.db.models import QuerySet
    from django.http import HttpRequest

Row = TypeVar("Row", bound=models.Model)

UNKNOWN = "unknown"
NOBODY = "–"


@admin.register(SpendingLimits)
class SpendingLimitsAdmin(OneRowAdmin[SpendingLimits]):
    fields = ["each_person", "everyone", "allows_unknown"]
    formfield_overrides = {models.DecimalField: {"min_value": 0}}

    def save_model(
        self, request: HttpRequest, obj: SpendingLimits, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        holds = obj.each_person is not None or obj.everyone is not None
        if holds and not obj.allows_unknown and (words := _without_price()):
            messages.warning(request, words)


def _without_price() -> str:
    """Say which models cannot be asked while a limit holds, "" where all can."""
    models = list(list_models())
    prices = find_prices_of(models=models, at=timezone.now())
    unknown = [model for model in models if prices[model.pk] is None]
    if not unknown:
        return ""
    default = find_default_model()
    among = ", the default among them" if default in unknown else ""
    count = f"{len(unknown):,} model{'s have' if len(unknown) > 1 else ' has'}"
    return (
        f"{count} no known price{among}, and cannot be asked while a limit holds. "
        "Enter prices on their pages, or allow models whose price is unknown."
    )


class ReadingAdmin(ModelAdmin[Row]):
    """Rows that only the server writes."""

    actions = None
    list_display_links = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Row | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Row | None = None
    ) -> bool:
        return False


@admin.register(Spending)
class SpendingAdmin(ReadingAdmin[Spending]):
    list_display = [
        "month_name",
        "person",
        "spent_dollars",
        "limit",
        "reserved_dollars",
    ]
    list_filter = ["month"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    ordering = ["-month", F("user").asc(nulls_first=True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Spending]:
        """With the limit that holds now, which says nothing of earlier months."""
        limits = SpendingLimits.objects.all()
        each = Subquery(limits.values("each_person")[:1])
        everyone = Subquery(limits.values("everyone")[:1])
        this_month = month_at(timezone.now())
        limit = Case(
            When(month__lt=this_month, then=None),
            When(user=None, then=everyone),
            default=Coalesce("user__monthly_limit", each),
        )
        return super().get_queryset(request).annotate(limit_now=limit)

    @admin.display(description="month", ordering="month")
    def month_name(self, row: Spending) -> str:
        return f"{row.month:%B %Y}"

    @admin.display(description="person", ordering="user__username")
    def person(self, row: Spending) -> str:
        return row.user.name if row.user else "Everyone"

    @admin.display(description="spent", ordering="spent")
    def spent_dollars(self, row: Spending) -> str:
        return format_dollars(row.spent)

    @admin.display(description="limit now")
    def limit(self, row: Spending) -> str:
        limit: Decimal | None = getattr(row, "limit_now", None)
        return NOBODY if limit is None else format_dollars(limit)

    @admin.display(description="set aside", ordering="reserved")
    def reserved_dollars(self, row: Spending) -> str:
        return format_dollars(row.reserved)


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadingAdmin[UsageRecord]):
    list_display = [
        "created_at",
        "person",
        "model_title",
        "purpose",
        "input",
        "cached",
        "output",
        "dollars",
        "cost_source",
    ]
    list_filter = [
        "purpose",
        ("model", admin.RelatedOnlyFieldListFilter),
        ("user", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["user"]
    date_hierarchy = "created_at"
    ordering = ["-pk"]

    @admin.display(description="person")
    def person(self, row: UsageRecord) -> str:
        return row.user.name if row.user else NOBODY

    @admin.display(description="in")
    def input(self, row: UsageRecord) -> str:
        return _tokens(row.input_tokens, estimated=row.estimated)

    @admin.display(description="cached")
    def cached(self, row: UsageRecord) -> str:
        return _tokens(row.cached_input_tokens, estimated=row.estimated)

    @admin.display(description="out")
    def output(self, row: UsageRecord) -> str:
        return _tokens(row.output_tokens, estimated=row.estimated)

    @admin.display(description="cost", ordering="cost")
    def dollars(self, row: UsageRecord) -> str:
        return UNKNOWN if row.cost is None else f"${row.cost.normalize():f}"


def _tokens(count: int | None, *, estimated: bool) -> str:
    if count is None:
        return UNKNOWN
    return f"≈ {count:,}" if estimated else f"{count:,}"
