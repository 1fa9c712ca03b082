from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import TextChoices
from django.utils import timezone

from conversations.models.teams import Team

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from conversations.models.users import User


class Gateway(models.Model):
    """A server we call. Its key is encrypted here, or named by `key_variable`."""

    class Preset(TextChoices):
        DEMO = "demo", "Demo"
        EZROUTER = "ezrouter", "EZRouter"
        OPENROUTER = "openrouter", "OpenRouter"
        OPPER = "opper", "Opper"
        OPENAI = "openai", "OpenAI"
        ANTHROPIC = "anthropic", "Anthropic"
        OLLAMA = "ollama", "Ollama"
        COMPATIBLE = "compatible", "OpenAI-compatible"

    name = models.CharField(max_length=80, unique=True)
    preset = models.CharField(
        max_length=16, choices=Preset.choices, default=Preset.COMPATIBLE
    )
    enabled = models.BooleanField(default=True)
    key_encrypted = models.BinaryField(null=True, editable=False)
    key_last_four = models.CharField(max_length=4, blank=True, editable=False)
    key_variable = models.CharField(max_length=40, blank=True, editable=False)
    # Disabled for want of that variable, not by a person: it is enabled with it.
    waits_for_key = models.BooleanField(default=False, editable=False)
    synced_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_demo(self) -> bool:
        return self.preset == self.Preset.DEMO


class Endpoint(models.Model):
    """A gateway's address for one protocol: base URL and auth belong here."""

    class Protocol(TextChoices):
        CHAT_COMPLETIONS = "chat_completions", "Chat completions"
        RESPONSES = "responses", "Responses"
        MESSAGES = "messages", "Messages"

    class Auth(TextChoices):
        BEARER = "bearer", "Authorization: Bearer"
        X_API_KEY = "x-api-key", "x-api-key"

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="endpoints")
    protocol = models.CharField(
        max_length=24, choices=Protocol.choices, default=Protocol.CHAT_COMPLETIONS
    )
    # Not a URLField: a gateway's host may be a bare name, such as http://ollama.
    base_url = models.CharField(max_length=500)
    auth = models.CharField(max_length=16, choices=Auth.choices, default=Auth.BEARER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "protocol"], name="one_endpoint_a_protocol"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway.name}, {self.get_protocol_display()}"


class LearnedFact(models.Model):
    """What an endpoint has taught us of a model, by refusing a request.

    A `rejects` names a parameter that is sent no more; a `window` is in tokens.
    """

    class Kind(TextChoices):
        REJECTS = "rejects", "Does not take the parameter"
        WINDOW = "window", "Reads at most (tokens)"

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="facts")
    model_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=80)
    learned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "model_name", "kind", "value"], name="one_fact"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_name}: {self.get_kind_display()} {self.value}"


class LanguageModelQuerySet(models.QuerySet["LanguageModel"]):
    def usable(self) -> Self:
        """Models that can be asked at all."""
        return self.filter(enabled=True, gateway__enabled=True)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Usable models that `user` may choose: those of no team or of theirs."""
        if not user.is_active:
            return self.none()
        mine = models.Q(teams=None) | models.Q(teams__memberships__user=user.pk)
        return self.usable().filter(mine).distinct()


class LanguageModel(models.Model):
    """A model a gateway serves. Sizes in tokens; unknown is null, never zero.

    `window` and `max_output` are an admin's own figures and come first; what the
    gateway lists stands beside them.
    """

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="models")
    name = models.CharField("name at the gateway", max_length=200)
    label = models.CharField("name people see", max_length=80, blank=True)
    window = models.PositiveIntegerField(null=True, blank=True)
    max_output = models.PositiveIntegerField(null=True, blank=True)
    listed_window = models.PositiveIntegerField(null=True, editable=False)
    listed_max_output = models.PositiveIntegerField(null=True, editable=False)
    # How much of the window a request may use; empty is what suits the model.
    context_cap = models.PositiveIntegerField(
        "most tokens of a request",
        null=True,
        blank=True,
        validators=[MinValueValidator(1_000)],
        help_text="Empty: as its window and its prices suggest.",
    )
    context_keep = models.PositiveSmallIntegerField(
        "kept at a roll",
        null=True,
        blank=True,
        validators=[MinValueValidator(30), MaxValueValidator(80)],
        help_text="Percent of that which stays when the oldest turns leave. Less is "
        "cheaper, more remembers longer. Empty: 45.",
    )
    context_turns = models.PositiveSmallIntegerField(
        "only the last turns",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="A simple mode: just so many turns are sent, whatever they cost. "
        "Nothing of them stays in a gateway's cache. Empty: all that fit.",
    )
    # Empty: the one the gateway's preset prefers for it.
    protocol = models.CharField(
        max_length=24, choices=Endpoint.Protocol.choices, blank=True
    )
    # The protocols its gateway lists for it; [] where it does not say.
    listed_protocols = models.JSONField(default=list, editable=False)
    # The fields of `wire.Abilities` that its gateway lists.
    abilities = models.JSONField(default=dict, editable=False)
    listed_at = models.DateTimeField(null=True, editable=False)
    enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    # Nobody named: everyone sees it.
    teams = models.ManyToManyField(Team, blank=True, related_name="models")

    objects = LanguageModelQuerySet.as_manager()

    class Meta:
        ordering = ["gateway__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "name"], name="one_model_name"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="one_default_model",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """What people see; a demo says so wherever its name appears."""
        title = self.label or self.name
        says_so = not self.gateway.is_demo or "demo" in title.lower()
        return title if says_so else f"{title} (demo)"


class Price(models.Model):
    """What a model costs from a moment on: US dollars for a million tokens.

    Unknown is null, never zero. Rows are added, not changed: what was paid before
    was paid at the price of its time. `tiers` are objects with `above` (tokens of the
    prompt) and the same five names, numbers as strings.
    """

    class Source(TextChoices):
        ADMIN = "admin", "Entered by an admin"
        GATEWAY = "gateway", "Listed by the gateway"

    model = models.ForeignKey(LanguageModel, models.CASCADE, related_name="prices")
    effective_from = models.DateTimeField(default=timezone.now)
    source = models.CharField(
        max_length=8, choices=Source.choices, default=Source.ADMIN, editable=False
    )
    input = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    cached_input = models.DecimalField(
        max_digits=14, decimal_places=6, null=True, blank=True
    )
    cache_write = models.DecimalField(
        max_digits=14, decimal_places=6, null=True, blank=True
    )
    cache_write_1h = models.DecimalField(
        max_digits=14, decimal_places=6, null=True, blank=True
    )
    output = models.DecimalField(max_digits=14, decimal_places=6, null=True, blank=True)
    tiers = models.JSONField(default=list, blank=True, editable=False)

    class Meta:
        ordering = ["-effective_from", "-pk"]
        indexes = [
            models.Index(fields=["model", "-effective_from"], name="price_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.model}, from {self.effective_from:%Y-%m-%d}"
