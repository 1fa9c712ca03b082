"""System prompts: a form over the newest revision; every save makes another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, Subquery

from conversations import limits
from conversations.admin.bases import ModelAdmin, ModelForm, StaffRequest
from conversations.admin.revisions import RevisionPages
from conversations.forms import CleanLineField, CleanTextField
from conversations.models import PromptRevision, SystemPrompt
from conversations.services import prompts

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class PromptForm(ModelForm[SystemPrompt]):
    text = CleanTextField(max_bytes=limits.SYSTEM_PROMPT_BYTES, required=False)
    note = CleanLineField(
        required=False,
        max_length=prompts.NOTE_CHARACTERS,
        help_text="What changed, and why: for those who read the history.",
    )
    make_default = forms.BooleanField(
        label="Default", required=False, help_text="New conversations begin with it."
    )
    archived = forms.BooleanField(
        label="Archived",
        required=False,
        help_text="Nobody can choose it any more; its history stays.",
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = SystemPrompt
        fields = ["name"]
        field_classes = {"name": CleanLineField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = self.instance.newest if self.instance.pk else None
        if newest is not None:
            self.initial.update(text=newest.text, seen=newest.number)
        self.initial["make_default"] = self.instance.is_default
        self.initial["archived"] = self.instance.is_archived
        self.fields["text"].widget.attrs.update(rows=18, cols=80, spellcheck="true")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("make_default") and cleaned.get("archived"):
            self.add_error("archived", "An archived prompt cannot be the default.")
        return cleaned


@admin.register(SystemPrompt)
class SystemPromptAdmin(RevisionPages, ModelAdmin[SystemPrompt]):
    form = PromptForm
    fields = ["name", "text", "note", "make_default", "archived", "seen"]
    list_display = ["name", "is_default", "revision", "saved_by", "saved_at", "shown"]
    list_filter = ["is_archived"]
    search_fields = ["name"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[SystemPrompt]:
        newest = PromptRevision.objects.filter(prompt=OuterRef("pk"))
        newest = newest.order_by("-number")[:1]
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_number=Subquery(newest.values("number")),
                newest_by=Subquery(newest.values("author__username")),
                newest_at=Subquery(newest.values("created_at")),
            )
        )

    @admin.display(description="newest revision", ordering="newest_number")
    def revision(self, prompt: SystemPrompt) -> str:
        number = getattr(prompt, "newest_number", None)
        return f"v{number}" if number else "–"

    @admin.display(description="saved by", ordering="newest_by")
    def saved_by(self, prompt: SystemPrompt) -> str | None:
        return getattr(prompt, "newest_by", None)

    @admin.display(description="saved at", ordering="newest_at")
    def saved_at(self, prompt: SystemPrompt) -> object:
        return getattr(prompt, "newest_at", None)

    @admin.display(description="can be chosen", boolean=True, ordering="is_archived")
    def shown(self, prompt: SystemPrompt) -> bool:
        return not prompt.is_archived

    def has_delete_permission(
        self, request: HttpRequest, obj: SystemPrompt | None = None
    ) -> bool:
        if obj is not None and prompts.is_used(obj):
            return False
        return super().has_delete_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: SystemPrompt, form: PromptForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        cleaned = form.cleaned_data
        revision = None
        if not _is_untouched(obj, cleaned):
            revision = prompts.save_revision(
                prompt=obj,
                text=cleaned["text"],
                note=cleaned["note"],
                author=cast("StaffRequest", request).user,
            )
        _choose(obj, cleaned)
        _say(request, revision, cleaned)


def _is_untouched(prompt: SystemPrompt, cleaned: dict[str, Any]) -> bool:
    """Whether the text is as it was shown, though others may have saved since."""
    shown = prompt.revisions.filter(number=cleaned["seen"] or 0)
    return shown.filter(text=cleaned["text"]).exists()


def _choose(prompt: SystemPrompt, cleaned: dict[str, Any]) -> None:
    prompts.archive_prompt(prompt=prompt, archived=cleaned["archived"])
    if cleaned["make_default"]:
        prompts.choose_default_prompt(prompt=prompt)
    elif prompt.is_default:
        prompts.clear_default_prompt()


def _say(
    request: HttpRequest, revision: PromptRevision | None, cleaned: dict[str, Any]
) -> None:
    seen = cleaned["seen"] or 0
    if revision is None and cleaned["note"]:
        messages.info(request, "The text is as it was, so the note was not needed.")
    if revision is not None and revision.number > seen + 1:
        messages.warning(
            request,
            f"While you were writing, this prompt was saved as v{revision.number - 1}. "
            f"What you wrote is now v{revision.number}; the history shows both.",
        )
    if prompts.looks_like_key(cleaned["text"]):
        messages.warning(
            request,
            "This prompt seems to hold a key. Everyone who may read prompts can read "
            "it, and it is sent to the model. It is better kept elsewhere.",
        )
