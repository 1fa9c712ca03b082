from __future__ import annotations

from django.conf import settings
from django.db import models


class SystemPrompt(models.Model):
    """A named system prompt. Its text is in its revisions, which never change."""

    name = models.CharField(max_length=80, unique=True)
    is_default = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_system_prompt",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def newest(self) -> PromptRevision | None:
        return self.revisions.order_by("-number").first()


class PromptRevision(models.Model):
    """What a system prompt said from one save to the next. Immutable."""

    prompt = models.ForeignKey(SystemPrompt, models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    tokens = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "number"], name="one_revision_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prompt.name} v{self.number}"
