from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from conversations.models.conversations import Conversation
from conversations.models.messages import Message


class File(models.Model):
    """What somebody added, checked and made anew, and the text that was read from it.

    Copies of an attachment share it. Both are large, and read when they are asked for.
    """

    # Before the bytes: SQLite reads a row from its beginning.
    text = models.TextField(blank=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"File {self.pk}"


class Attachment(models.Model):
    """A file of a message, or of a draft as long as `message` is empty.

    Sizes are in bytes and pixels; `text_size` is that of the text read from it.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", "Image"
        PDF = "pdf", "PDF"
        TEXT = "text", "Text"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="attachments",
    )
    # Empty: it belongs to the draft of the owner's next conversation.
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, related_name="attachments"
    )
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, related_name="attachments"
    )
    file = models.ForeignKey(File, models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    # As the person called it; the stored bytes have no name.
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    text_size = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    pages = models.PositiveIntegerField(null=True)
    # Whether the file had more text, or pages, than were read.
    is_cut = models.BooleanField(default=False)
    # What it takes in a request, by our count; a model may count it otherwise.
    tokens = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [
            # Drafts: those of a person, and those nobody sent, to be cleared away.
            models.Index(
                fields=["owner", "conversation"],
                condition=models.Q(message__isnull=True),
                name="attachment_draft",
            ),
        ]

    def __str__(self) -> str:
        return self.name
