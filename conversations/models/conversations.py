from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q
from django.urls import reverse

from conversations.models.gateways import LanguageModel
from conversations.models.prompts import SystemPrompt
from conversations.models.teams import Membership, Team

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from conversations.models.users import User


class Access(models.TextChoices):
    """What somebody else may do in a conversation."""

    READ = "read", "Read"
    WRITE = "write", "Take part"


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Conversations `user` may read: those of `shared_with`.

        And where the operator lets admins read, all of them for an admin.
        """
        if user.is_active and user.is_superuser and settings.ADMINS_MAY_READ:
            return self.filter(deleted_at=None)
        return self.shared_with(user)

    def shared_with(self, user: User | AnonymousUser) -> Self:
        """One's own conversations, and those that were shared with one."""
        return self._of(user)

    def writable_by(self, user: User | AnonymousUser) -> Self:
        """Conversations `user` may take part in."""
        return self._of(user, team_access=Access.WRITE, access=Access.WRITE)

    def owned_by(self, user: User | AnonymousUser) -> Self:
        """Conversations `user` may share and delete."""
        if not user.is_active:
            return self.none()
        return self.filter(owner_id=user.pk, deleted_at=None)

    def list_visible_pairs(self, user_ids: Iterable[int]) -> set[tuple[int, uuid.UUID]]:
        """The rule of `visible_to` for many people at once: (person, conversation)."""
        people = get_user_model().objects.filter(pk__in=list(user_ids), is_active=True)
        here = self.filter(deleted_at=None)
        ways = (
            here.filter(owner__in=people).values_list("owner", "pk"),
            here.filter(
                team__memberships__in=Membership.objects.full().filter(user__in=people)
            ).values_list("team__memberships__user", "pk"),
            here.filter(shares__user__in=people).values_list("shares__user", "pk"),
        )
        pairs = {pair for way in ways for pair in way}
        if settings.ADMINS_MAY_READ:
            admins = people.filter(is_superuser=True).values_list("pk", flat=True)
            everywhere = list(here.values_list("pk", flat=True))
            pairs |= {(admin, pk) for admin in admins for pk in everywhere}
        return pairs

    def _of(
        self,
        user: User | AnonymousUser,
        *,
        team_access: str | None = None,
        access: str | None = None,
    ) -> Self:
        if not user.is_active:
            return self.none()
        teams = Membership.objects.full().filter(user=user.pk).values("team")
        shares = Share.objects.filter(user=user.pk)
        by_team = Q(team__in=teams)
        if team_access is not None:
            by_team &= Q(team_access=team_access)
        if access is not None:
            shares = shares.filter(access=access)
        by_share = Q(pk__in=shares.values("conversation"))
        return self.filter(Q(owner_id=user.pk) | by_team | by_share, deleted_at=None)


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations"
    )
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, related_name="conversations"
    )
    # What the team that it is shared with may do.
    team_access = models.CharField(
        max_length=5, choices=Access.choices, default=Access.WRITE
    )
    # Grows with every change of who may see it and how; pages compare it with theirs.
    sharing_version = models.PositiveIntegerField(default=0)
    # Whether the model sees who wrote a message, from the next one on.
    names_authors = models.BooleanField(default=False)
    # Whether the model is only asked by a message that names it.
    asks_when_named = models.BooleanField(default=False)
    title = models.CharField(max_length=200)
    renamed = models.BooleanField(default=False)
    prompt = models.ForeignKey(SystemPrompt, models.SET_NULL, null=True)
    model = models.ForeignKey(LanguageModel, models.SET_NULL, null=True)
    # How hard the model thinks, in its own words; empty is its default.
    effort = models.CharField(max_length=16, blank=True)
    # Grows with every change; a message carries the version that changed it last.
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    active_at = models.DateTimeField(auto_now_add=True)
    # Whether what leaves the context may be summarised.
    summarises = models.BooleanField(default=True)
    # When a person asked for a new epoch: those before it are not gone on with.
    roll_asked_at = models.DateTimeField(null=True)
    # Gone for everyone since then; while it can be undone, its rows are kept.
    deleted_at = models.DateTimeField(null=True)
    # The message of another conversation whose branch was copied here.
    forked_from = models.ForeignKey(
        "Message", models.SET_NULL, null=True, related_name="+"
    )

    objects = ConversationQuerySet.as_manager()

    class Meta:
        indexes = [
            # The sidebar: one's conversations, newest first.
            models.Index(fields=["owner", "-active_at"], name="conversation_sidebar"),
            # A team's page: its conversations, newest first.
            models.Index(fields=["team", "-active_at"], name="conversation_of_team"),
            models.Index(
                fields=["deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="conversation_deleted",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("conversation", args=[self.pk])

    @property
    def choice(self) -> str:
        """The model and effort of the next turn; pages compare it with theirs."""
        return f"{self.model_id or ''} {self.effort}".strip()


class Share(models.Model):
    """A conversation shared with one person."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="shares"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="shares"
    )
    access = models.CharField(max_length=5, choices=Access.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user"], name="one_share_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id} with {self.user}"


class Opening(models.Model):
    """An admin has read a conversation that was not shared with them."""

    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="openings"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # As it was: it is to be known also when the account is gone.
    name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} in {self.conversation_id}"

    @property
    def lasted(self) -> bool:
        """Whether it was more than a glance."""
        return self.last_at - self.created_at >= timedelta(minutes=1)


class Folder(models.Model):
    """Conversations that one person keeps together; others do not see it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="folders"
    )
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    # Gone since then; while it can be undone, what was in it stays marked.
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                condition=Q(deleted_at=None),
                name="one_folder_a_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class View(models.Model):
    """What one person sees of a conversation: branch, read position, draft, place."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="views")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="views"
    )
    leaf = models.ForeignKey("Message", models.SET_NULL, null=True, related_name="+")
    read_seq = models.PositiveIntegerField(default=0)
    draft = models.TextField(blank=True)
    # Grows with every change of the draft; a page compares it with its own.
    draft_version = models.PositiveIntegerField(default=0)
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True, related_name="views")
    pinned_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    # Unread by hand: until it is opened again.
    kept_unread = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user"], name="one_view_a_person"
            ),
        ]
        indexes = [
            # Lists: what a person has put somewhere; few of all views.
            models.Index(
                fields=["user"],
                condition=Q(pinned_at__isnull=False),
                name="view_pinned",
            ),
            models.Index(
                fields=["user", "archived_at"],
                condition=Q(archived_at__isnull=False),
                name="view_archived",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.conversation}"
