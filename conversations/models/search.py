"""What is searched: words of titles and messages, beside an index of each database."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from conversations.models.conversations import Conversation
from conversations.models.messages import Message


class SearchEntry(models.Model):
    """The words of one message, or of a title where there is no message.

    The database keeps its index of them; ids grow with the time of noting.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    message = models.OneToOneField(
        Message, models.CASCADE, null=True, related_name="search_entry"
    )
    created_at = models.DateTimeField()
    # Noted long after that: a title renamed, a copy in a fork, an answer continued.
    is_late = models.BooleanField(db_default=False)
    # Folded, each once. Empty on PostgreSQL, which keeps them as a vector.
    words = models.TextField(blank=True)

    class Meta:
        indexes = [
            # What a person sees of few conversations, newest first.
            models.Index(fields=["conversation", "id"], name="search_of_conversation"),
            # From which entry on a date begins.
            models.Index(
                fields=["created_at"],
                condition=models.Q(is_late=False),
                name="search_by_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} of {self.conversation_id}"


class Unindexed(models.Model):
    """What was written since it was read for the search; triggers add it."""

    # No keys: what is gone is simply not found.
    conversation_id = models.UUIDField(null=True)
    message_id = models.UUIDField(null=True, db_index=True)
    noted_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.pk)
