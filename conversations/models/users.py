from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

FACES = 8


class User(AbstractUser):
    """A person. `name` is what other people see."""

    monthly_limit = models.DecimalField(
        "monthly limit",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="US dollars a month. Empty: what holds for each person.",
    )

    # What is being written for a new conversation.
    draft = models.TextField(blank=True, editable=False)
    draft_version = models.PositiveIntegerField(default=0, editable=False)
    # Empty: as the person's machine has it.
    theme = models.CharField(
        max_length=5,
        blank=True,
        choices=[("light", "Light"), ("dark", "Dark")],
        editable=False,
    )

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def handle(self) -> str:
        """The user name where others see another name: two people may have that."""
        return "" if self.name == self.username else self.username

    @property
    def face(self) -> int:
        """Which of the colours stands for this person."""
        return self.pk % FACES

    @property
    def initials(self) -> str:
        words = self.name.replace(".", " ").replace("_", " ").split()
        letters = words[0][:2] if len(words) < 2 else words[0][0] + words[1][0]
        return letters.upper()


class SetUp(models.Model):
    """The one-time set-up link. One row; `used_at` closes it for ever."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_set_up"),
        ]

    def __str__(self) -> str:
        return "used" if self.used_at else "open"
