from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from conversations import limits
from conversations.forms.fields import CleanLineField, CleanTextField, no_or_yes
from conversations.models import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.models import Conversation


class SummaryForm(forms.Form):
    """What was said up to the reply `until`, in a person's own words."""

    text = CleanTextField(max_bytes=limits.SUMMARY_BYTES)

    def __init__(
        self, data: Mapping[str, str] | None = None, *, conversation: Conversation
    ) -> None:
        super().__init__(data)
        self.conversation = conversation
        replies = conversation.messages.filter(role=Message.Role.ASSISTANT)
        gone = "What this would sum up is not there any more."
        self.fields["until"] = forms.ModelChoiceField(
            replies.only("pk"), error_messages={"invalid_choice": gone}
        )


class FactForm(forms.Form):
    text = CleanLineField(
        max_length=limits.FACT_CHARACTERS,
        error_messages={
            "required": "Write something first.",
            "max_length": "A fact has at most %(limit_value)d characters.",
        },
    )


class FactChangeForm(FactForm):
    """One of four things to do with a fact; only the first needs text."""

    do = forms.ChoiceField(
        choices=[(name, name) for name in ("edit", "pin", "unpin", "delete")]
    )

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.fields["text"].required = self.data.get("do") == "edit"


class PinForm(forms.Form):
    pinned = no_or_yes()


class SwitchForm(forms.Form):
    on = no_or_yes()
