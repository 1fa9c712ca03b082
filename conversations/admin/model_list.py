"""The list of models, and what is done to many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.utils import timezone

from conversations.models import LanguageModel
from conversations.services.prices import find_prices_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class ModelList(ChangeList):
    """A page of models with their prices, which are found in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        prices = find_prices_of(models=rows, at=timezone.now())
        for row in rows:
            row.prices_now = prices[row.pk]
        self.result_list = rows


def set_enabled(
    request: HttpRequest, queryset: QuerySet[LanguageModel], *, enabled: bool
) -> None:
    """Enable or disable models, and say how many."""
    # One that is disabled stays the default by name, and comes back with it.
    models = LanguageModel.objects.filter(pk__in=queryset.values("pk"))
    count = models.update(enabled=enabled)
    word = "enabled" if enabled else "disabled"
    models_named = "1 model is" if count == 1 else f"{count:,} models are"
    messages.success(request, f"{models_named} {word} now.")
