"""Which of hundreds of models are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.admin import SimpleListFilter
from django.db.models import F, Q

from conversations.models import LanguageModel, Team

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest

    Models = QuerySet[LanguageModel]
    Admin = ModelAdmin[LanguageModel]

NO_LONGER = Q(listed_at__lt=F("gateway__synced_at"))
EVERYONE = "everyone"


class ListedFilter(SimpleListFilter):
    """Whether the gateway lists a model still."""

    title = "listed"
    parameter_name = "listed"

    def lookups(
        self, request: HttpRequest, model_admin: Admin
    ) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no-longer", "No longer"), ("never", "Never")]

    def queryset(self, request: HttpRequest, queryset: Models) -> Models:
        match self.value():
            case "yes":
                return queryset.filter(listed_at__isnull=False).exclude(NO_LONGER)
            case "no-longer":
                return queryset.filter(NO_LONGER)
            case "never":
                return queryset.filter(listed_at=None)
        return queryset


class TeamFilter(SimpleListFilter):
    """Who sees a model."""

    title = "who sees it"
    parameter_name = "team"

    def lookups(
        self, request: HttpRequest, model_admin: Admin
    ) -> list[tuple[str, str]]:
        teams = Team.objects.order_by("name").values_list("pk", "name")
        return [(EVERYONE, "Everyone"), *((str(pk), name) for pk, name in teams)]

    def queryset(self, request: HttpRequest, queryset: Models) -> Models:
        value = self.value() or ""
        if value == EVERYONE:
            return queryset.filter(teams=None)
        if value.isdecimal() and len(value) <= 9:
            return queryset.filter(teams=int(value))
        return queryset
