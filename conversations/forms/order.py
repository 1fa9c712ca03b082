from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from conversations.forms.fields import CleanLineField, choice
from conversations.services.folders import list_folders

if TYPE_CHECKING:
    from django.http import QueryDict

    from conversations.models import User

DEEDS = ("pin", "unpin", "archive", "unarchive", "unread", "read", "move")


class PlaceForm(forms.Form):
    """What somebody does with a conversation in their own lists."""

    do = forms.ChoiceField(choices=[(one, one) for one in DEEDS])
    new_folder = CleanLineField(max_length=80, required=False)

    def __init__(self, data: QueryDict, *, user: User) -> None:
        super().__init__(data)
        # Where it moves to; empty: out of the folder it is in.
        self.fields["folder"] = choice(list_folders(user=user), "This folder")


class FolderForm(forms.Form):
    name = CleanLineField(
        max_length=80, error_messages={"required": "Please give it a name."}
    )
