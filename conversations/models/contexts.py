"""What is sent of a conversation: epochs, and what is remembered of turns that left."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from conversations.models.conversations import Conversation
from conversations.models.gateways import LanguageModel
from conversations.models.messages import Message
from conversations.models.prompts import PromptRevision
from conversations.wire import RollReason


class Summary(models.Model):
    """What was said up to the reply `until`, in short. Rows are added, never changed.

    The newest of a place holds; an edit, and going back to an earlier one, adds a row.
    """

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="summaries"
    )
    until = models.ForeignKey(Message, models.CASCADE, related_name="summaries")
    text = models.TextField()
    tokens = models.PositiveIntegerField()
    # Nobody: a model wrote it.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    is_written = models.BooleanField(default=False)
    model_title = models.CharField(max_length=100, blank=True)
    usage = models.OneToOneField(
        "UsageRecord", models.SET_NULL, null=True, related_name="summary"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "summaries"

    def __str__(self) -> str:
        return f"{self.conversation_id} until {self.until_id}"


class KnownManager(models.Manager["Fact"]):
    """Facts that are there: what was deleted is left out, also as a relation."""

    def get_queryset(self) -> models.QuerySet[Fact]:
        return super().get_queryset().filter(deleted_at=None)


class Fact(models.Model):
    """Something short worth remembering in a conversation, and where it was said."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="facts")
    text = models.CharField(max_length=500)
    tokens = models.PositiveIntegerField()
    source = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="facts"
    )
    pinned = models.BooleanField(default=False)
    # Nobody: a model found it.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Gone since then; kept while that can be undone.
    deleted_at = models.DateTimeField(null=True)

    objects = KnownManager()
    # With what was deleted and may come back.
    everything = models.Manager["Fact"]()

    class Meta:
        ordering = ["-pinned", "pk"]
        indexes = [
            models.Index(
                name="fact_deleted",
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Epoch(models.Model):
    """A stretch of turns whose context only grows. Immutable: requests are rebuilt."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="epochs"
    )
    # The reply it began with.
    message = models.ForeignKey(Message, models.CASCADE, related_name="epochs")
    reason = models.CharField(
        max_length=12, choices=[(reason.value, reason.value) for reason in RollReason]
    )
    model_name = models.CharField(max_length=200)
    endpoint = models.CharField(max_length=600)
    revision = models.ForeignKey(PromptRevision, models.SET_NULL, null=True)
    prompt_ref = models.CharField(max_length=20, blank=True)
    first_message = models.UUIDField(null=True)
    # Files of messages before this one are not sent as they are; empty: all are.
    files_since = models.UUIDField(null=True)
    turns_before = models.PositiveIntegerField(default=0)
    turns_summarised = models.PositiveIntegerField(default=0)
    # What stands for the turns that left, as it is sent.
    memory = models.TextField(blank=True)
    memory_tokens = models.PositiveIntegerField(default=0)
    # The manifest's lines of the memory.
    noted = models.JSONField(default=list)
    summary = models.ForeignKey(Summary, models.SET_NULL, null=True)
    # How large the request would have been without the roll, in tokens.
    predicted_before = models.PositiveIntegerField(null=True)
    # When facts were looked for in what left, and what that took.
    facts_read_at = models.DateTimeField(null=True)
    facts_usage = models.OneToOneField(
        "UsageRecord", models.SET_NULL, null=True, related_name="epoch"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.conversation_id}: {self.reason}"


class ContextPolicy(models.Model):
    """What admins decide for all contexts. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    summary_model = models.ForeignKey(
        LanguageModel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Writes summaries of what leaves the context, and finds facts in it. "
        "A cheap one will do. Empty: nothing is summarised.",
    )
    extracts_facts = models.BooleanField(
        "look for facts worth remembering",
        default=True,
        help_text="In what leaves the context, by the same model.",
    )
    warn_above = models.DecimalField(
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="US dollars. People are warned before a turn that is expected to "
        "cost more. Empty: no warning.",
    )

    class Meta:
        verbose_name = "context"
        verbose_name_plural = "context"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_context_policy"),
        ]

    def __str__(self) -> str:
        return "Context"
