from __future__ import annotations

from django.conf import settings
from django.db import models

from conversations.models.teams import Membership, Team


class OneTimeLink(models.Model):
    """A link that lets somebody in once. Only the hash of its token is kept."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        PASSWORD = "password", "New password"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    # An invitation: to this team in this role; without a team, to the server alone.
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="links"
    )
    role = models.CharField(
        max_length=8, choices=Membership.Role.choices, default=Membership.Role.MEMBER
    )
    # Whom it was made for; empty is whoever has the link.
    address = models.EmailField(blank=True)
    # Whose password may be set anew.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    # It has expired since then; for a while that can be undone.
    withdrawn_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
