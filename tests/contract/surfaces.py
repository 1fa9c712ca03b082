"""Every surface there is: a protocol of a gateway, with its address and its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from conversations.gateways.presets import PRESETS
from conversations.models import Endpoint, Gateway, LanguageModel
from conversations.services.keys import set_key
from conversations.wire import Protocol

if TYPE_CHECKING:
    from tests.gateway import TestGateway

CHAT, RESPONSES, MESSAGES = (
    Protocol.CHAT_COMPLETIONS,
    Protocol.RESPONSES,
    Protocol.MESSAGES,
)
KEY = "sk-contract-0123456789abcdef"
MODEL = "acme/thinker-1"
# They are reached by the preset for all that speak like OpenAI.
COMPATIBLE = ("compatible", "litellm", "vllm", "llamacpp", "lmstudio")
# They speak of their own what no preset of ours says.
WITH_KEY = ("litellm",)
# It cuts what is too long, and says nothing.
SILENT = ("ollama",)


@dataclass(frozen=True)
class Surface:
    """`kind` is the gateway that the test gateway passes for."""

    kind: str
    protocol: Protocol

    def __str__(self) -> str:
        return f"{self.kind}-{self.protocol}"

    @property
    def preset(self) -> str:
        return "compatible" if self.kind in COMPATIBLE else self.kind

    @property
    def has_key(self) -> bool:
        return PRESETS[self.preset].needs_key or self.kind in WITH_KEY

    @property
    def key_header(self) -> str:
        return "x-api-key" if self.kind == "anthropic" else "authorization"

    @property
    def takes_thoughts_back(self) -> bool:
        """Whether what was thought may be sent again."""
        return self.protocol != CHAT or self.kind == "openrouter"

    @property
    def thoughts(self) -> str:
        """What the test gateway does where this surface thinks aloud."""
        return "thinking" if self.shows_thoughts else "reasoning"

    @property
    def other_thoughts(self) -> str:
        """What it does where it thinks in another way: in secret, or unsigned."""
        return "redacted" if self.takes_thoughts_back else "reasoning"

    @property
    def shows_thoughts(self) -> bool:
        """OpenAI's chat completions keep them to themselves."""
        return (self.kind, self.protocol) != ("openai", CHAT)


PRESET_SURFACES = [
    Surface(name, protocol)
    for name, preset in PRESETS.items()
    if name not in ("demo", "compatible")
    for protocol in preset.surfaces
]
SURFACES = [
    *PRESET_SURFACES,
    *(Surface(kind, protocol) for kind in COMPATIBLE for protocol in Protocol),
]


def make_surface(
    surface: Surface, gateway: TestGateway, *, name: str = MODEL
) -> LanguageModel:
    """Add a gateway as an admin does, and a model that is reached on this surface.

    Every protocol of the gateway gets its address, so that the model's own choice is
    what decides.
    """
    row = Gateway.objects.create(name=str(surface), preset=surface.preset)
    known = PRESETS[surface.preset].surfaces
    for protocol in {*known, surface.protocol}:
        Endpoint.objects.create(
            gateway=row,
            protocol=protocol,
            base_url=gateway.url_for(surface.kind, protocol),
            auth=known[protocol].auth if protocol in known else "bearer",
        )
    if surface.has_key:
        set_key(gateway=row, key=KEY)
    gateway.state.auth = "flavour" if surface.has_key else ""
    gateway.state.key = KEY if surface.has_key else ""
    return LanguageModel.objects.create(
        gateway=row,
        name=name,
        protocol=surface.protocol,
        listed_window=8_000,
        abilities={
            "reasoning": True,
            "efforts": ["low", "high"],
            "thinking": ["adaptive"],
        },
    )


def address_path(preset: str, protocol: Protocol) -> str:
    """Return the path that a preset's real address has."""
    return urlsplit(PRESETS[preset].surfaces[protocol].base_url).path
