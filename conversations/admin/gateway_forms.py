"""The forms of a gateway: one to add it by preset and key, one to change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from conversations.admin import bases
from conversations.forms import CleanLineField
from conversations.gateways.presets import PRESETS, Preset, Surface
from conversations.models import Endpoint, Gateway
from conversations.services.gateways import clean_base_url
from conversations.services.keys import find_problem
from conversations.wire import Protocol

COMPATIBLE, OLLAMA = Gateway.Preset.COMPATIBLE, Gateway.Preset.OLLAMA
OLLAMA_URL = PRESETS[OLLAMA].surfaces[Protocol.CHAT_COMPLETIONS].base_url
# Those whose addresses are the admin's own.
WITH_ADDRESS = (COMPATIBLE, OLLAMA)
PRESET_CHOICES = [
    each for each in Gateway.Preset.choices if each[0] != Gateway.Preset.DEMO
]


class BaseUrlField(CleanLineField):
    """Where an API begins, without a slash at its end."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.URLInput(attrs={"class": "vURLField"})
        super().__init__(required=False, max_length=500, widget=widget, **kwargs)

    def clean(self, value: object) -> str:
        url: str = super().clean(value)
        try:
            return clean_base_url(url) if url else ""
        except ValueError:
            raise ValidationError(
                "Please enter an address that begins with http:// or https://, "
                "without a name, password or query in it."
            ) from None


class KeyField(forms.CharField):
    """A key: it goes in and is never sent back."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(
            attrs={"autocomplete": "new-password", "class": "vTextField"}
        )
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> str:
        key: str = super().clean(value)
        if problem := find_problem(key):
            raise ValidationError(problem)
        return key


class NewGatewayForm(bases.ModelForm[Gateway]):
    """A preset knows every address; only what runs elsewhere has one of its own."""

    base_url = BaseUrlField(
        label="Base URL",
        help_text="For OpenAI-compatible servers: where their API begins, such as "
        f"https://gateway.example/v1. For Ollama it is {OLLAMA_URL} if you leave it "
        "empty. The others have addresses of their own.",
    )
    key = KeyField(
        help_text="Stored encrypted and never shown again. Servers of your own may "
        "need none."
    )

    class Meta:
        model = Gateway
        fields = ["preset", "name"]
        field_classes = {"name": CleanLineField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, preset = self.fields["name"], self.fields["preset"]
        name.required = False
        name.help_text = "If you leave it empty, it is called as above."
        assert isinstance(preset, forms.ChoiceField)
        preset.choices = PRESET_CHOICES
        preset.label = "Gateway"
        self.initial["preset"] = PRESET_CHOICES[0][0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (name := cleaned.get("preset")) is None:
            return cleaned
        preset = PRESETS[name]
        cleaned["name"] = cleaned.get("name") or _unused_name(preset.label)
        if "base_url" in cleaned:
            cleaned["surfaces"] = _surfaces(preset, cleaned["base_url"])
            self._check_address(name, preset, cleaned["base_url"])
        if preset.needs_key and cleaned.get("key") == "":
            self.add_error("key", f"{preset.label} answers nobody without a key.")
        return cleaned

    def _check_address(self, name: str, preset: Preset, base_url: str) -> None:
        if name == COMPATIBLE and not base_url:
            self.add_error("base_url", "Please say where this server's API begins.")
        if name not in WITH_ADDRESS and base_url:
            self.add_error(
                "base_url",
                f"{preset.label} has addresses of its own: leave this empty, or choose "
                "“OpenAI-compatible” for a server at this one.",
            )


class GatewayForm(bases.ModelForm[Gateway]):
    """A gateway as it is, with an address for each protocol."""

    chat_completions_url = BaseUrlField(label="Chat completions")
    responses_url = BaseUrlField(label="Responses")
    messages_url = BaseUrlField(label="Messages")
    chat_completions_auth = forms.ChoiceField(
        label="Key sent as", choices=Endpoint.Auth.choices, required=False
    )
    responses_auth = forms.ChoiceField(
        label="Key sent as", choices=Endpoint.Auth.choices, required=False
    )
    messages_auth = forms.ChoiceField(
        label="Key sent as", choices=Endpoint.Auth.choices, required=False
    )
    key = KeyField(
        label="New key",
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
        for endpoint in gateway.endpoints.all():
            self.initial[f"{endpoint.protocol}_url"] = endpoint.base_url
            self.initial[f"{endpoint.protocol}_auth"] = endpoint.auth
        preset = self.fields.get("preset")
        if gateway.is_demo or gateway.key_variable:
            self._fix()
        elif isinstance(preset, forms.ChoiceField):
            preset.choices = PRESET_CHOICES
            preset.help_text = (
                "How it likes to be asked. Its addresses stay as they are."
            )

    def _fix(self) -> None:
        """The environment's key goes to no address that is typed in here."""
        for protocol in Protocol:
            for name in (f"{protocol}_url", f"{protocol}_auth"):
                if name in self.fields:
                    self.fields[name].disabled = True
        if "preset" in self.fields:
            self.fields["preset"].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        urls = {each: cleaned.get(f"{each}_url") for each in Protocol}
        if None in urls.values():
            # One of them is none.
            return cleaned
        cleaned["surfaces"] = {
            protocol: Surface(url, cleaned.get(f"{protocol}_auth") or "bearer")
            for protocol, url in urls.items()
            if url
        }
        if not cleaned["surfaces"]:
            self.add_error(
                "chat_completions_url", "A gateway has an address for one at least."
            )
        return cleaned


def _surfaces(preset: Preset, base_url: str) -> dict[Protocol, Surface]:
    if not base_url:
        return dict(preset.surfaces)
    return {
        protocol: replace(surface, base_url=base_url)
        for protocol, surface in preset.surfaces.items()
    }


def _unused_name(label: str) -> str:
    names = Gateway.objects.filter(name__startswith=label)
    taken = {name.casefold() for name in names.values_list("name", flat=True)}
    name, number = label, 1
    while name.casefold() in taken:
        number += 1
        name = f"{label} {number}"
    return name
