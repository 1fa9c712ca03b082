from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from conversations import limits

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

NOTHING = "Choose a file first."


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """As many files as a message takes; each is looked at by itself later."""

    widget = SeveralFiles

    def clean(
        self, value: list[UploadedFile[Any]], initial: object = None
    ) -> list[UploadedFile[Any]]:
        if not value:
            raise forms.ValidationError(NOTHING, code="required")
        if len(value) > limits.FILES_PER_MESSAGE:
            raise forms.ValidationError(
                f"These are {len(value)} files, and a message takes "
                f"{limits.FILES_PER_MESSAGE}. Choose fewer of them.",
                code="too_many",
            )
        return value


class FilesForm(forms.Form):
    file = FilesField()
