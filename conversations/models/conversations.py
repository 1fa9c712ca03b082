from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse

from conversations.models.gateways import LanguageModel
from conversations.models.prompts import SystemPrompt
from conversations.models.teams import Team

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from conversations.models.users import User


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Conversations `user` may read: today, one's own."""
        if not user.is_active:
            return self.none()
        return self.filter(owner_id=user.pk)

    def list_visible_pairs(self, user_ids: Iterable[int]) -> set[tuple[int, uuid.UUID]]:
        """The rule of `visible_to` for many people at once: (person, conversation)."""
        rows = self.filter(owner__in=list(user_ids), owner__is_active=True)
        return set(rows.values_list("owner_id", "pk"))

    def writable_by(self, user: User | AnonymousUser) -> Self:
        """Conversations `user` may take part in."""
        return self.visible_to(user)


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations"
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, related_name="conversations"
    )
    title = models.CharField(max_length=200)
    renamed = models.BooleanField(default=False)
    prompt = models.ForeignKey(SystemPrompt, models.SET_NULL, null=True)
    model = models.ForeignKey(LanguageModel, models.SET_NULL, null=True)
    # Grows with every change; a message carries the version that changed it last.
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    active_at = models.DateTimeField(auto_now_add=True)
    # The first message the model was shown at the newest turn.
    context_first = models.UUIDField(null=True)
    context_dropped = models.PositiveIntegerField(default=0)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes = [
            # The sidebar: one's conversations, newest first.
            models.Index(fields=["owner", "-active_at"], name="conversation_sidebar"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("conversation", args=[self.pk])


class View(models.Model):
    """What one person sees of a conversation: branch, read position, draft."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="views")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="views"
    )
    leaf = models.ForeignKey("Message", models.SET_NULL, null=True, related_name="+")
    read_seq = models.PositiveIntegerField(default=0)
    draft = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user"], name="one_view_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.conversation}"
