from __future__ import annotations

from django.conf import settings
from django.db import models

from conversations.models.contexts import Epoch
from conversations.models.conversations import Conversation
from conversations.models.gateways import LanguageModel
from conversations.models.messages import Message
from conversations.models.prompts import PromptRevision
from conversations.wire import State


class Generation(models.Model):
    """One attempt at a reply, with its own request, usage and end state.

    The row is the job: whoever moves it from queued to running does the work.
    """

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="generations"
    )
    message = models.ForeignKey(Message, models.CASCADE, related_name="generations")
    attempt = models.PositiveIntegerField()
    state = models.CharField(
        max_length=12,
        choices=[(state.value, state.value) for state in State],
        default=State.QUEUED.value,
    )
    # Where in the message this attempt's text begins (characters).
    start = models.PositiveIntegerField(default=0)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    model = models.ForeignKey(LanguageModel, models.SET_NULL, null=True)
    model_title = models.CharField(max_length=100, blank=True)
    revision = models.ForeignKey(PromptRevision, models.SET_NULL, null=True)
    lease_until = models.DateTimeField(null=True)
    # What was sent: the manifest's items, and the SHA-256 of the request's body.
    manifest = models.JSONField(null=True)
    request_sha256 = models.CharField(max_length=64, blank=True)
    protocol = models.CharField(max_length=24, blank=True)
    effort = models.CharField(max_length=16, blank=True)
    epoch = models.ForeignKey(
        Epoch, models.SET_NULL, null=True, related_name="generations"
    )
    # The prompt's tokens: by our count (`sealed` of them thoughts that went back), as the
    # gateway was expected to count them, and how many of them its cache was expected to
    # serve (null: no telling).
    estimate = models.PositiveIntegerField(null=True)
    sealed = models.PositiveIntegerField(default=0)
    predicted = models.PositiveIntegerField(null=True)
    predicted_cached = models.PositiveIntegerField(null=True)
    # Whether the gateway found it too long and it was asked again with less.
    trimmed = models.BooleanField(default=False)
    # How often it was asked; and while it waits to be asked again, until when and why.
    tries = models.PositiveSmallIntegerField(default=1)
    retry_at = models.DateTimeField(null=True)
    # US dollars held back for it until it ends.
    reserved = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    # What came beside the text. `items` are JSON as text: a database's own JSON
    # type would change their order, and cannot keep a NUL.
    reasoning = models.TextField(blank=True)
    items = models.TextField(blank=True)
    # What the items take beside the text when they are sent back.
    items_tokens = models.PositiveIntegerField(default=0)
    # When the gateway refused to take them back; since then they are sent as text.
    items_refused_at = models.DateTimeField(null=True)
    citations = models.JSONField(default=list)
    echoed_model = models.CharField(max_length=200, blank=True)
    answer_id = models.CharField(max_length=200, blank=True)
    # How it ended, in the gateway's own (scrubbed) words.
    raw_reason = models.CharField(max_length=100, blank=True)
    error_kind = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    # The first delta of any kind, and the first of the text itself.
    first_delta_at = models.DateTimeField(null=True)
    first_text_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "attempt"], name="one_generation_an_attempt"
            ),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(state=State.RUNNING),
                name="one_running_a_conversation",
            ),
        ]
        indexes = [
            # The queue looks only at what waits. SQLite takes an index with a condition
            # only where a query names that very condition, so it covers no other state.
            models.Index(
                fields=["conversation"],
                condition=models.Q(state=State.QUEUED),
                name="generation_queued",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}, attempt {self.attempt}"


class Delta(models.Model):
    """A piece of a running answer, or of its reasoning. Folded when it ends."""

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="deltas")
    is_reasoning = models.BooleanField(default=False)
    offset = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "is_reasoning", "offset"],
                name="one_delta_an_offset",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} at {self.offset}"
