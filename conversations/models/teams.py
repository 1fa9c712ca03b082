from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models


class Team(models.Model):
    """People who work together. Two teams may have one name: nobody is told of others."""

    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    # What a conversation of the team begins with; empty is what holds for everyone.
    model = models.ForeignKey(
        "LanguageModel", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    prompt = models.ForeignKey(
        "SystemPrompt", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="teams"
    )

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def full(self) -> Self:
        """Those that open what is shared with a team: a guest's does not."""
        return self.exclude(role=Membership.Role.GUEST)


class Membership(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        MEMBER = "member", "Member"
        GUEST = "guest", "Guest"

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class Departure(models.Model):
    """What ended when somebody left a team: kept for as long as that can be undone."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="departures")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="departures"
    )
    # Whoever took them out; they themselves where they left.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    role = models.CharField(max_length=8, choices=Membership.Role.choices)
    joined_at = models.DateTimeField()
    # Single shares that ended with it: conversation, person, access.
    shares = models.JSONField(default=list)
    left_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_departure"),
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.team}"
