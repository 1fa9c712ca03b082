from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from conversations.models.conversations import Conversation


class ThereManager(models.Manager["Message"]):
    """Messages that are there: what was deleted is left out, also as a relation."""

    def get_queryset(self) -> models.QuerySet[Message]:
        return super().get_queryset().filter(removed_at=None)


class Message(models.Model):
    """One message of a branch. Once a model was asked, it is never edited in place."""

    class Role(models.TextChoices):
        USER = "user", "User"
        ASSISTANT = "assistant", "Assistant"
        TOOL = "tool", "Tool"

    class MeantFor(models.TextChoices):
        """Who is to read what a person wrote."""

        MODEL = "model", "The model is asked"
        EVERYONE = "everyone", "People now, the model with the next question"
        PEOPLE = "people", "People only"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="children"
    )
    # The newest reply above it on its branch, however many people wrote between.
    previous_reply = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="+"
    )
    seq = models.PositiveIntegerField()
    role = models.CharField(max_length=9, choices=Role.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    content = models.TextField(blank=True)
    meant_for = models.CharField(
        max_length=8, choices=MeantFor.choices, default=MeantFor.MODEL
    )
    # The author's name as the model sees it, fixed when it was written; empty: not at all.
    sent_as = models.CharField(max_length=80, blank=True)
    tokens = models.PositiveIntegerField(null=True)
    # The number of the newest generation of this reply; 0 for what people write.
    attempt = models.PositiveIntegerField(default=0)
    # The conversation's version when this message changed last.
    changed = models.PositiveIntegerField()
    client_id = models.UUIDField(null=True)
    # Pinned into the context: it stays when its turn leaves.
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # Of a branch that was deleted: gone for everyone since then, kept while that can be
    # undone. All below it are marked with it.
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ThereManager()
    # With what was deleted and may come back.
    everything = models.Manager["Message"]()

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
            models.Index(
                fields=["conversation"],
                condition=models.Q(pinned_at__isnull=False),
                name="message_pinned",
            ),
            models.Index(
                fields=["removed_at"],
                condition=models.Q(removed_at__isnull=False),
                name="message_removed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"

    @property
    def is_post(self) -> bool:
        """Whether a person wrote it without asking the model."""
        return self.meant_for != self.MeantFor.MODEL

    @property
    def is_for_people(self) -> bool:
        """Whether the model never sees it."""
        return self.meant_for == self.MeantFor.PEOPLE


class Mention(models.Model):
    """A message names a person."""

    # That of the message: lists count by it what is new to a person.
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="mentions"
    )
    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mentions"
    )
    # Whether the message has been on the person's screen.
    is_read = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "user"], name="one_mention_a_person"
            ),
        ]
        indexes = [
            models.Index(
                fields=["user", "conversation"],
                condition=models.Q(is_read=False),
                name="mention_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.message_id}"
