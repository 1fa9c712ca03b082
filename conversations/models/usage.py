from __future__ import annotations

from django.db import models

from conversations.models.generations import Generation


class UsageRecord(models.Model):
    """The tokens of one request. Unknown is null, never zero."""

    generation = models.OneToOneField(Generation, models.CASCADE, related_name="usage")
    input_tokens = models.PositiveIntegerField(null=True)
    cached_input_tokens = models.PositiveIntegerField(null=True)
    cache_write_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    # True where the gateway reported nothing and we counted for ourselves.
    estimated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.input_tokens} in, {self.output_tokens} out"
