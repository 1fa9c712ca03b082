from __future__ import annotations

from django.db import models
from django.db.models import TextChoices


class Gateway(models.Model):
    """A server we call. Its key is encrypted here, or named by `key_variable`."""

    class Preset(TextChoices):
        DEMO = "demo", "Demo"
        OPENAI = "openai", "OpenAI"
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

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="endpoints")
    protocol = models.CharField(
        max_length=24, choices=Protocol.choices, default=Protocol.CHAT_COMPLETIONS
    )
    # Not a URLField: a gateway's host may be a bare name, such as http://ollama.
    base_url = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "protocol"], name="one_endpoint_a_protocol"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway.name}, {self.get_protocol_display()}"


class LanguageModel(models.Model):
    """A model a gateway serves. Sizes in tokens; unknown is null, never zero."""

    gateway = models.ForeignKey(Gateway, models.CASCADE, related_name="models")
    name = models.CharField("name at the gateway", max_length=200)
    label = models.CharField("name people see", max_length=80, blank=True)
    window = models.PositiveIntegerField(null=True, blank=True)
    max_output = models.PositiveIntegerField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)

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
