from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from conversations.models.conversations import Conversation


class Message(models.Model):
    """One message of a branch. A user message is never edited in place."""

    class Role(models.TextChoices):
        USER = "user", "User"
        ASSISTANT = "assistant", "Assistant"
        TOOL = "tool", "Tool"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="children"
    )
    seq = models.PositiveIntegerField()
    role = models.CharField(max_length=9, choices=Role.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    content = models.TextField(blank=True)
    tokens = models.PositiveIntegerField(null=True)
    # The number of the newest generation of this reply; 0 for what people write.
    attempt = models.PositiveIntegerField(default=0)
    # The conversation's version when this message changed last.
    changed = models.PositiveIntegerField()
    client_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "seq"], name="one_message_a_seq"
            ),
            models.UniqueConstraint(
                fields=["conversation", "client_id"], name="one_message_a_client_id"
            ),
        ]
        indexes = [
            # Catch-up: what changed after the version a page has seen.
            models.Index(fields=["conversation", "changed"], name="message_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"
