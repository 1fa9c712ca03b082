from __future__ import annotations

from django import forms


class ThemeForm(forms.Form):
    """How pages look: empty is as the person's machine has it."""

    theme = forms.ChoiceField(
        choices=[("", "As your system"), ("light", "Light"), ("dark", "Dark")],
        required=False,
    )
