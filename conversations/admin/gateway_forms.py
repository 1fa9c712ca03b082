"""The forms of a gateway and its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from conversations.admin import bases
from conversations.forms import CleanLineField
from conversations.gateways.sizes import lookup
from conversations.models import Gateway, LanguageModel
from conversations.services.catalogs import OPENAI_BASE_URL
from conversations.services.gateways import clean_base_url
from conversations.services.keys import find_problem

if TYPE_CHECKING:
    ModelFormSetBase = forms.BaseInlineFormSet[
        LanguageModel, Gateway, forms.ModelForm[LanguageModel]
    ]
else:
    ModelFormSetBase = forms.BaseInlineFormSet

MOST_TOKENS = 100_000_000


class GatewayForm(bases.ModelForm[Gateway]):
    base_url = CleanLineField(
        label="Base URL",
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"class": "vURLField"}),
        help_text="Where its API begins, such as https://gateway.example/v1. "
        "OpenAI's own address is used where this is empty.",
    )
    key = forms.CharField(
        label="New key",
        required=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "new-password", "class": "vTextField"}
        ),
        help_text="Stored encrypted and never shown again. "
        "Leave it empty to keep the key there is.",
    )
    forget_key = forms.BooleanField(label="Forget the key", required=False)

    class Meta:
        model = Gateway
        fields = ["name", "preset", "enabled"]
        field_classes = {"name": CleanLineField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gateway = self.instance
        endpoint = gateway.endpoints.first() if gateway.pk else None
        self.initial["base_url"] = endpoint.base_url if endpoint else ""
        if gateway.is_demo or gateway.key_variable:
            self._fix(gateway)
        elif isinstance(preset := self.fields.get("preset"), forms.ChoiceField):
            demo = Gateway.Preset.DEMO
            preset.choices = [
                each for each in Gateway.Preset.choices if each[0] != demo
            ]

    def _fix(self, gateway: Gateway) -> None:
        """The environment's key goes to no address that is typed in here."""
        source = "the demo's own" if gateway.is_demo else "from the environment"
        for name in ("preset", "base_url"):
            if name in self.fields:
                self.fields[name].disabled = True
                self.fields[name].help_text = f"This is {source}."

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"]
        if not url and self.cleaned_data.get("preset") == Gateway.Preset.OPENAI:
            return OPENAI_BASE_URL
        try:
            return clean_base_url(url)
        except ValueError:
            raise ValidationError(
                "Please enter an address that begins with http:// or https://, "
                "without a name, password or query in it."
            ) from None

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        if problem := find_problem(key):
            raise ValidationError(problem)
        return key


class ModelForm(bases.ModelForm[LanguageModel]):
    window = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_TOKENS,
        help_text="Tokens it reads at most. Empty: unknown.",
    )
    make_default = forms.BooleanField(
        label="Default",
        required=False,
        help_text="The model of new conversations; there is one.",
    )

    class Meta:
        model = LanguageModel
        fields = ["name", "label", "window", "enabled"]
        field_classes = {"name": CleanLineField, "label": CleanLineField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["make_default"] = self.instance.is_default

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        sizes = None if self.instance.pk else lookup(cleaned.get("name", ""))
        if sizes is not None:
            cleaned["window"] = cleaned.get("window") or sizes.window
            self.instance.max_output = sizes.max_output
        return cleaned


class ModelFormSet(ModelFormSetBase):
    """The models of a gateway. After saving: which was made the default, if any."""

    chosen: LanguageModel | None = None
    unchosen = False

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms]
        chosen = [form for form in kept if _is_newly_chosen(form)]
        if len(chosen) > 1:
            raise ValidationError("Only one model can be the default.")
        for form in chosen:
            self.chosen = form.instance
            if not (form.cleaned_data["enabled"] and self.instance.enabled):
                form.add_error(
                    "make_default", "A model that is disabled cannot be the default."
                )
        self.unchosen = any(
            form.instance.is_default and not form.cleaned_data.get("make_default")
            for form in kept
            if form.is_valid()
        )


def _is_newly_chosen(form: forms.ModelForm[LanguageModel]) -> bool:
    ticked = form.is_valid() and form.cleaned_data.get("make_default")
    return bool(ticked) and not form.instance.is_default
