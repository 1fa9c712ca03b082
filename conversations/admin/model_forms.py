"""The form of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from conversations.admin import bases
from conversations.admin.model_words import (
    say_budget,
    say_choice,
    say_max_output,
    say_window,
)
from conversations.forms import CleanLineField
from conversations.models import Endpoint, Gateway, LanguageModel, LearnedFact

if TYPE_CHECKING:
    from django.db.models import QuerySet

    FactFieldBase = forms.ModelMultipleChoiceField[LearnedFact]
else:
    FactFieldBase = forms.ModelMultipleChoiceField

MOST_TOKENS = 100_000_000
PROTOCOL_LABELS: dict[str, str] = dict(Endpoint.Protocol.choices)


class FactField(FactFieldBase):
    """What an endpoint has taught us, to be ticked and forgotten."""

    def label_from_instance(self, obj: LearnedFact) -> str:
        said = {
            LearnedFact.Kind.REJECTS: f"does not take the parameter {obj.value}",
            LearnedFact.Kind.WINDOW: f"reads at most {obj.value} tokens",
        }
        where = obj.endpoint.get_protocol_display()
        return (
            f"{where}: {said[LearnedFact.Kind(obj.kind)]} ({obj.learned_at:%Y-%m-%d})"
        )


class ModelForm(bases.ModelForm[LanguageModel]):
    window = forms.IntegerField(
        label="Window", required=False, min_value=1, max_value=MOST_TOKENS
    )
    max_output = forms.IntegerField(
        label="Most output", required=False, min_value=1, max_value=MOST_TOKENS
    )
    make_default = forms.BooleanField(
        label="Default",
        required=False,
        help_text="The model of new conversations; there is one.",
    )
    forget = FactField(
        label="Forget",
        queryset=LearnedFact.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it has refused is not sent to it any more. Tick what no longer "
        "holds.",
    )

    class Meta:
        model = LanguageModel
        fields = [
            "gateway",
            "name",
            "label",
            "enabled",
            "teams",
            "protocol",
            "context_cap",
            "context_keep",
            "context_turns",
        ]
        field_classes = {"name": CleanLineField, "label": CleanLineField}
        help_texts = {
            "teams": "Nobody chosen: everyone sees it.",
            "name": "As the gateway calls it in its own list.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        model = self.instance
        self.initial["make_default"] = model.is_default
        if model.pk:
            self._tell(model)
        elif "gateway" in self.fields:
            field = self.fields["gateway"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = Gateway.objects.exclude(preset=Gateway.Preset.DEMO)

    def _tell(self, model: LanguageModel) -> None:
        """Say beside each field what holds while it is empty, and who says so."""
        facts = find_facts(model)
        hints = {
            "window": say_window(model, facts),
            "max_output": say_max_output(model),
            "context_cap": say_budget(model, facts),
        }
        for name in hints.keys() & self.fields.keys():
            field = self.fields[name]
            field.help_text = f"Tokens. While it is empty: {hints[name]}."
            field.widget.attrs["placeholder"] = hints[name].partition(", ")[0]
        if isinstance(forget := self.fields.get("forget"), FactField):
            forget.queryset = facts
        protocol = self.fields.get("protocol")
        if isinstance(protocol, forms.ChoiceField):
            reachable = [each.protocol for each in model.gateway.endpoints.all()]
            chosen = [(name, PROTOCOL_LABELS[name]) for name in reachable]
            protocol.choices = [("", say_choice(model, reachable)), *chosen]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.chosen and not self._can_be_default(cleaned):
            raise ValidationError(
                {"make_default": "A model that is disabled cannot be the default."}
            )
        return cleaned

    @property
    def chosen(self) -> bool:
        """Whether it is made the default now."""
        return bool(self.cleaned_data.get("make_default")) and not self.was_default

    @property
    def unchosen(self) -> bool:
        """Whether it is to be the default no longer."""
        return self.was_default and not self.cleaned_data.get("make_default")

    @property
    def was_default(self) -> bool:
        return bool(self.initial.get("make_default"))

    def _can_be_default(self, cleaned: dict[str, Any]) -> bool:
        gateway = cleaned.get("gateway") or (self.instance.pk and self.instance.gateway)
        return bool(cleaned.get("enabled") and gateway and gateway.enabled)


def find_facts(model: LanguageModel) -> QuerySet[LearnedFact]:
    """Return what the gateway's endpoints have taught us of a model."""
    facts = LearnedFact.objects.filter(
        endpoint__gateway=model.gateway_id, model_name=model.name
    )
    return facts.select_related("endpoint").order_by("pk")
