from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from conversations import limits
from conversations.forms.fields import CleanLineField, choice
from conversations.forms.messages import MessageForm
from conversations.services.gateways import list_models_for
from conversations.services.prompts import list_prompts
from conversations.services.teams import list_full_teams

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.models import User


class ModelForm(forms.Form):
    """Which of the models a person can choose is to answer, and how hard it thinks."""

    # Any word: the service knows which the model has.
    effort = CleanLineField(required=False)

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        user: User,
        required: bool = True,
    ) -> None:
        super().__init__(data)
        models = list_models_for(user)
        self.fields["model"] = choice(models, "This model", required=required)


class FirstChoiceForm(ModelForm):
    """What a conversation begins with: all may be left to the defaults."""

    def __init__(self, data: Mapping[str, str] | None = None, *, user: User) -> None:
        super().__init__(data, user=user, required=False)
        self.fields["prompt"] = choice(list_prompts(), "This system prompt")
        self.fields["team"] = choice(list_full_teams(user=user), "This team")


class NewConversationForm(FirstChoiceForm, MessageForm):
    """A first message, and what its conversation begins with."""


class RenameForm(forms.Form):
    title = CleanLineField(
        max_length=limits.TITLE_CHARACTERS,
        error_messages={
            "required": "A title needs at least one letter.",
            "max_length": "A title has at most %(limit_value)d characters.",
        },
    )
