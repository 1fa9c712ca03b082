from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from conversations.forms.fields import CleanLineField
from conversations.models import Access
from conversations.services.sharing import list_sharable_teams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.models import Conversation

NOBODY = "none"
SAY_WHAT = "Please choose what they may do: read, or take part."


class TeamShareForm(forms.Form):
    """Which team sees a conversation, if any, and what it may do there."""

    access = forms.ChoiceField(
        choices=Access.choices,
        error_messages={"required": SAY_WHAT, "invalid_choice": SAY_WHAT},
    )

    def __init__(
        self, data: Mapping[str, str] | None = None, *, conversation: Conversation
    ) -> None:
        super().__init__(data)
        gone = "You are not in this team any more. Please choose another."
        self.fields["team"] = forms.ModelChoiceField(
            list_sharable_teams(conversation=conversation),
            required=False,
            error_messages={"invalid_choice": gone},
        )


class PersonShareForm(forms.Form):
    """What one person may do in a conversation, or nothing more."""

    access = forms.ChoiceField(
        choices=[*Access.choices, (NOBODY, "Nothing")],
        error_messages={"required": SAY_WHAT, "invalid_choice": SAY_WHAT},
    )

    def clean_access(self) -> str | None:
        access: str = self.cleaned_data["access"]
        return None if access == NOBODY else access


class TalkForm(forms.Form):
    """What the model sees of people, and when it is asked: what is not said is no."""

    names_authors = forms.BooleanField(required=False)
    asks_when_named = forms.BooleanField(required=False)


class PersonSearchForm(forms.Form):
    """Part of a name."""

    q = CleanLineField(required=False, max_length=150)
