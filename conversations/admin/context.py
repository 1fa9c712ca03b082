"""Context: who writes summaries and finds facts, and when a price is worth a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.admin import bases
from conversations.admin.bases import OneRowAdmin
from conversations.admin.prices import say_pair
from conversations.models import ContextPolicy, LanguageModel
from conversations.services.gateways import list_models
from conversations.services.memory.policy import find_summary_model
from conversations.services.prices import find_prices, find_prices_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from conversations.wire import Prices

    ModelFieldBase = forms.ModelChoiceField[LanguageModel]
else:
    ModelFieldBase = forms.ModelChoiceField

WRITTEN = (
    "Long conversations do not fit a request for ever. What leaves them can be "
    "summarised, and searched for facts, in the background after an answer. It counts "
    "towards the limit of the person who asked, on a line of its own."
)
MISSING = "{model} cannot be asked just now, so nothing is summarised."
UNPRICED = (
    "What {model} costs is unknown: while a limit on spending holds, nothing is "
    "summarised unless models without a price are allowed."
)


class SummaryModelField(ModelFieldBase):
    """The models that can be asked, each with its price: a cheap one will do."""

    prices: dict[int, Prices | None]

    def label_from_instance(self, obj: LanguageModel) -> str:
        prices = self.prices.get(obj.pk)
        price = say_pair(prices.base) if prices else "price unknown"
        return f"{obj.title} · {obj.gateway} · {price}"


class ContextForm(bases.ModelForm[ContextPolicy]):
    class Meta:
        model = ContextPolicy
        fields = ["summary_model", "extracts_facts", "warn_above"]
        field_classes = {"summary_model": SummaryModelField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("summary_model")
        if isinstance(field, SummaryModelField):
            usable = Q(pk__in=list_models().values("pk"))
            chosen = Q(pk=self.instance.summary_model_id)
            found = LanguageModel.objects.filter(usable | chosen)
            field.queryset = found.select_related("gateway")
            field.empty_label = "None: nothing is summarised"
            if isinstance(field.widget, RelatedFieldWidgetWrapper):
                # It is chosen here, and changed on its own page.
                field.widget = field.widget.widget
            field.prices = find_prices_of(
                models=list(field.queryset), at=timezone.now()
            )


@admin.register(ContextPolicy)
class ContextPolicyAdmin(OneRowAdmin[ContextPolicy]):
    form = ContextForm
    formfield_overrides = {models.DecimalField: {"min_value": 0}}
    fieldsets = [
        (
            "What leaves the context",
            {"fields": ["summary_model", "extracts_facts"], "description": WRITTEN},
        ),
        ("Before sending", {"fields": ["warn_above"]}),
    ]

    def save_model(
        self, request: HttpRequest, obj: ContextPolicy, form: Any, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        model = obj.summary_model
        if model is None:
            return
        if find_summary_model(policy=obj) is None:
            messages.warning(request, MISSING.format(model=model.title))
        elif find_prices(model=model, at=timezone.now()) is None:
            messages.warning(request, UNPRICED.format(model=model.title))
