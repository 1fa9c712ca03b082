"""Fields that text and choices enter through, cleaned and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from conversations.text import clean_line, clean_text

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    _Row = TypeVar("_Row", bound=Model)

NO_OR_YES = [("0", "No"), ("1", "Yes")]


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


class IdsField(forms.Field):
    """Any number of ids; what is none of them is refused in words."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, invalid: str) -> None:
        super().__init__(required=False, error_messages={"invalid": invalid})

    def to_python(self, value: object) -> tuple[UUID, ...]:
        given = value if isinstance(value, (list, tuple)) else filter(None, [value])
        try:
            return tuple(dict.fromkeys(UUID(str(each)) for each in given))
        except ValueError:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid"
            ) from None


def no_or_yes() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(choices=NO_OR_YES, coerce=_is_yes)


def _is_yes(value: str) -> bool:
    return value == "1"


def choice(
    rows: QuerySet[_Row], name: str, *, required: bool = False, empty: str = ""
) -> forms.ModelChoiceField[_Row]:
    gone = f"{name} cannot be used any more. Please choose another."
    messages = {"invalid_choice": gone, "required": "Please choose a model."}
    return forms.ModelChoiceField(
        rows, required=required, empty_label=empty, error_messages=messages
    )
