from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.forms import UserCreationForm
from django.core.exceptions import ValidationError

from conversations.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.forms import BaseForm

    SetUpBase = UserCreationForm[User]
else:
    SetUpBase = UserCreationForm

PASSWORD_CHARACTERS = 4096


class SetUpForm(SetUpBase):
    """The first admin's name and password, by Django's own rules."""

    class Meta(UserCreationForm.Meta):
        model = User

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        bound_passwords(self, "password1", "password2")


def bound_passwords(form: BaseForm, first: str, again: str) -> None:
    """Refuse passwords that would take long to hash; ask for the same once more."""
    for name in (first, again):
        form.fields[name].validators.append(_refuse_endless_password)
    form.fields[again].label = "Password, once more"
    form.fields[again].help_text = ""


def _refuse_endless_password(value: str) -> None:
    if len(value) > PASSWORD_CHARACTERS:
        raise ValidationError(
            f"A password has at most {PASSWORD_CHARACTERS:,} characters."
        )
