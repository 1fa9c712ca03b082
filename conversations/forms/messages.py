from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms

from conversations import limits
from conversations.forms.fields import CleanTextField, IdsField, choice
from conversations.models import Message
from conversations.services.attachments.writing import Written
from conversations.services.gateways import list_models_for
from conversations.services.prompts import list_prompts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from conversations.models import Attachment, User

# What the column holds.
MOST_VERSIONS = 2**31 - 2
LOAD_ANEW = "Please load this page anew and send your message once more."


class WrittenForm(forms.Form):
    """Words under the page's own id of them; none are needed where there are files."""

    content = CleanTextField(max_bytes=limits.MESSAGE_BYTES, required=False)
    client_id = forms.UUIDField(
        error_messages={"required": LOAD_ANEW, "invalid": LOAD_ANEW}
    )

    def clean(self) -> None:
        found = super().clean() or self.cleaned_data
        has_words = "content" not in found or found["content"].strip()
        if not has_words and not self.file_ids:
            self.add_error("content", "Write something first.")

    @property
    def file_ids(self) -> tuple[UUID, ...]:
        return ()


class KeepForm(forms.Form):
    """Which of its files a message keeps: all, unless its page has shown them."""

    keep = IdsField(invalid=LOAD_ANEW)
    shows_files = forms.BooleanField(required=False)

    def __init__(self, data: Mapping[str, str], *, of: Collection[Attachment]) -> None:
        super().__init__(data)
        self._of = of

    @property
    def kept(self) -> list[Attachment]:
        """Return those of the message's files that are chosen."""
        found = self.cleaned_data
        keep = found.get("keep", ())
        is_all = not found.get("shows_files")
        return [one for one in self._of if is_all or one.pk in keep]


class EditForm(KeepForm, WrittenForm):
    """A message in other words, with files that it has; no others come."""

    @property
    def file_ids(self) -> tuple[UUID, ...]:
        return tuple(one.pk for one in self.kept)

    @property
    def written(self) -> Written:
        found = self.cleaned_data
        return Written(found["content"], found["client_id"], keeps=self.file_ids)


class MessageForm(WrittenForm):
    """A message of words, of files, or of both."""

    attachments = IdsField(invalid=LOAD_ANEW)

    @property
    def file_ids(self) -> tuple[UUID, ...]:
        ids: tuple[UUID, ...] = self.cleaned_data.get("attachments", ())
        return ids

    @property
    def written(self) -> Written:
        found = self.cleaned_data
        return Written(found["content"], found["client_id"], self.file_ids)


class NextMessageForm(MessageForm):
    """A message of a conversation, and the last one of the page it is written on.

    A post asks nothing; what is for people only is always one.
    """

    after = forms.UUIDField(required=False, error_messages={"invalid": LOAD_ANEW})
    post = forms.BooleanField(required=False)
    people_only = forms.BooleanField(required=False)

    @property
    def meant_for(self) -> Message.MeantFor:
        if self.cleaned_data["people_only"]:
            return Message.MeantFor.PEOPLE
        is_post = self.cleaned_data["post"]
        return Message.MeantFor.EVERYONE if is_post else Message.MeantFor.MODEL


class TryCountField(forms.IntegerField):
    """What is no count is as good as none: the answer is asked for all the same."""

    def clean(self, value: object) -> int | None:
        try:
            count: int | None = super().clean(value)
        except forms.ValidationError:
            return None
        return count if count and count > 0 else None


class RetryForm(forms.Form):
    """How many tries the page knows of that asks for another, and of which model."""

    siblings = TryCountField(required=False)

    def __init__(self, data: Mapping[str, str] | None = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["model"] = choice(list_models_for(user), "This model")


class DraftForm(forms.Form):
    """A message while it is written, below the last one of its page."""

    content = CleanTextField(max_bytes=limits.MESSAGE_BYTES, required=False)
    attachments = IdsField(invalid=LOAD_ANEW)
    after = forms.UUIDField(required=False, error_messages={"invalid": LOAD_ANEW})


class KeptDraftForm(forms.Form):
    """A draft to keep, and the version of it that its page has."""

    content = CleanTextField(max_bytes=limits.MESSAGE_BYTES, required=False)
    version = forms.IntegerField(required=False, min_value=0, max_value=MOST_VERSIONS)


class FirstDraftForm(forms.Form):
    """A first message while it is written, and who is to answer it."""

    content = CleanTextField(max_bytes=limits.MESSAGE_BYTES, required=False)
    attachments = IdsField(invalid=LOAD_ANEW)

    def __init__(self, data: Mapping[str, str] | None = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["model"] = choice(list_models_for(user), "This model")
        self.fields["prompt"] = choice(list_prompts(), "This system prompt")
