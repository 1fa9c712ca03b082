from __future__ import annotations

from django.conf import settings
from django.db import models

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
    # How it ended, in the gateway's own (scrubbed) words.
    raw_reason = models.CharField(max_length=100, blank=True)
    error_kind = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    first_delta_at = models.DateTimeField(null=True)
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
            # The queue and the reaper look only at what has not ended.
            models.Index(
                fields=["state"],
                condition=models.Q(state__in=[State.QUEUED, State.RUNNING]),
                name="generation_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}, attempt {self.attempt}"


class Delta(models.Model):
    """A piece of a running answer. Folded into the message when it ends."""

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="deltas")
    offset = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "offset"], name="one_delta_an_offset"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.generation_id} at {self.offset}"
