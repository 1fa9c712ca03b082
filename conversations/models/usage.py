from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from conversations.models.gateways import LanguageModel
from conversations.models.generations import Generation


class UsageRecord(models.Model):
    """The tokens and the cost of one request. Unknown is null, never zero.

    It outlives what it was spent on: a deleted conversation was paid for too.
    """

    class Purpose(models.TextChoices):
        ANSWER = "answer", "Answer"
        TEST = "test", "Connection test"
        SUMMARY = "summary", "Summary"
        FACTS = "facts", "Facts"

    class CostSource(models.TextChoices):
        UNKNOWN = "", "Unknown"
        REPORTED = "reported", "Reported by the gateway"
        COMPUTED = "computed", "Computed from prices"
        FREE = "free", "Free"

    generation = models.OneToOneField(
        Generation, models.SET_NULL, null=True, related_name="usage"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    model = models.ForeignKey(LanguageModel, models.SET_NULL, null=True)
    model_title = models.CharField(max_length=100, blank=True)
    purpose = models.CharField(
        max_length=8, choices=Purpose.choices, default=Purpose.ANSWER
    )
    input_tokens = models.PositiveIntegerField(null=True)
    cached_input_tokens = models.PositiveIntegerField(null=True)
    cache_write_tokens = models.PositiveIntegerField(null=True)
    cache_write_1h_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    # True where the gateway reported nothing and we counted for ourselves.
    estimated = models.BooleanField(default=False)
    # US dollars.
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    cost_source = models.CharField(
        max_length=8, choices=CostSource.choices, default=CostSource.UNKNOWN, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-created_at"], name="usage_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.input_tokens} in, {self.output_tokens} out"


class Spending(models.Model):
    """What a person, or with no person everyone, has spent in a month (UTC).

    US dollars. `reserved` is what running requests may still cost at most.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="spending"
    )
    # Its first day.
    month = models.DateField()
    spent = models.DecimalField(max_digits=16, decimal_places=8, default=0)
    reserved = models.DecimalField(max_digits=16, decimal_places=8, default=0)

    class Meta:
        verbose_name_plural = "spending"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "month"], name="one_month_a_person"
            ),
            models.UniqueConstraint(
                fields=["month"], condition=Q(user=None), name="one_month_of_everyone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or 'Everyone'}, {self.month:%B %Y}"


class SpendingLimits(models.Model):
    """What may be spent in a month, in US dollars. One row; null is no limit."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    everyone = models.DecimalField(
        "everyone together",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="US dollars a month. Empty: no limit.",
    )
    each_person = models.DecimalField(
        "each person",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="US dollars a month, unless a person has a limit of their own.",
    )
    allows_unknown = models.BooleanField(
        "allow models whose price is unknown",
        default=False,
        help_text="What they cost cannot be counted. Without this they are refused "
        "while a limit holds.",
    )

    class Meta:
        verbose_name_plural = "spending limits"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="one_spending_limits"),
        ]

    def __str__(self) -> str:
        return "Spending limits"
