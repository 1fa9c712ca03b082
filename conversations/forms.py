"""What people may send us, cleaned and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.core.exceptions import ValidationError

from conversations import limits
from conversations.models import User
from conversations.services.gateways import list_models
from conversations.services.prompts import list_prompts
from conversations.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from django.db.models import Model, QuerySet

    _Row = TypeVar("_Row", bound=Model)
    SetUpBase = UserCreationForm[User]
else:
    SetUpBase = UserCreationForm

PASSWORD_CHARACTERS = 4096


class CleanTextField(forms.CharField):
    """Text of several lines, bounded in bytes as UTF-8."""

    def __init__(self, *, max_bytes: int, required: bool = True) -> None:
        self.max_bytes = max_bytes
        super().__init__(
            strip=False,
            required=required,
            widget=forms.Textarea,
            error_messages={"required": "Write something first."},
        )

    def to_python(self, value: object) -> str:
        return clean_text(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value.strip())
        size = len(value.encode())
        if size > self.max_bytes:
            raise ValidationError(
                f"This is {size:,} bytes long, and {self.max_bytes:,} fit. "
                "Please shorten it.",
                code="too_long",
            )


class CleanLineField(forms.CharField):
    """Text on one line."""

    def to_python(self, value: object) -> str:
        return clean_line(super().to_python(value) or "")


class MessageForm(forms.Form):
    content = CleanTextField(max_bytes=limits.MESSAGE_BYTES)
    client_id = forms.UUIDField(
        error_messages={
            "required": "Please load this page anew and send your message once more.",
            "invalid": "Please load this page anew and send your message once more.",
        }
    )


class NewConversationForm(MessageForm):
    """A first message, and who is to answer it: both may be left to the defaults."""

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.fields["model"] = _choice(list_models(), "This model")
        self.fields["prompt"] = _choice(list_prompts(), "This system prompt")

    @classmethod
    def empty(cls) -> Self:
        return cls()


def _choice(rows: QuerySet[_Row], name: str) -> forms.ModelChoiceField[_Row]:
    gone = f"{name} cannot be used any more. Please choose another."
    return forms.ModelChoiceField(
        rows, required=False, error_messages={"invalid_choice": gone}
    )


class RenameForm(forms.Form):
    title = CleanLineField(
        max_length=limits.TITLE_CHARACTERS,
        error_messages={
            "required": "A title needs at least one letter.",
            "max_length": "A title has at most %(limit_value)d characters.",
        },
    )


class SetUpForm(SetUpBase):
    """The first admin's name and password, by Django's own rules."""

    class Meta(UserCreationForm.Meta):
        model = User

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        for name in ("password1", "password2"):
            field = self.fields[name]
            field.validators.append(_refuse_endless_password)
        self.fields["password2"].label = "Password, once more"
        self.fields["password2"].help_text = ""


def _refuse_endless_password(value: str) -> None:
    if len(value) > PASSWORD_CHARACTERS:
        raise ValidationError(
            f"A password has at most {PASSWORD_CHARACTERS:,} characters."
        )
