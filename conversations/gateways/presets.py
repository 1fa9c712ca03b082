"""The gateways we know: where each protocol of theirs is, and how it likes to be asked.

Sources: the documentation of each gateway, as of November 2026.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from conversations.wire import Abilities, Dialect, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

CHAT, RESPONSES, MESSAGES = (
    Protocol.CHAT_COMPLETIONS,
    Protocol.RESPONSES,
    Protocol.MESSAGES,
)
Auth = Literal["bearer", "x-api-key"]


@dataclass(frozen=True, slots=True)
class Surface:
    """One protocol of a gateway: its own base URL, its own way to show the key."""

    base_url: str
    auth: Auth = "bearer"


@dataclass(frozen=True, slots=True)
class Preset:
    """A kind of gateway. `surfaces` are in the order in which they are preferred.

    `key_variable` is the environment variable that holds a key for it. `cloud` ones
    have large windows where nothing is known; `free` ones cost nothing.
    `never_limits` says that it answers 429 to nobody: it queues instead. `dialect` is
    how it is asked before anything is known of a model.
    """

    label: str
    surfaces: dict[Protocol, Surface]
    key_variable: str = ""
    needs_key: bool = True
    cloud: bool = True
    free: bool = False
    never_limits: bool = False
    # Whether the makers' own prices hold here.
    makers_prices: bool = False
    dialect: Dialect = field(default_factory=Dialect)


PRESETS: dict[str, Preset] = {
    "demo": Preset(
        "Demo",
        {CHAT: Surface("http://demo.invalid/v1")},
        needs_key=False,
        cloud=False,
        free=True,
    ),
    "ezrouter": Preset(
        "EZRouter",
        {
            CHAT: Surface("https://www.ezrouter.dev/v1"),
            MESSAGES: Surface("https://www.ezrouter.dev/anthropic/v1"),
        },
        key_variable="EZROUTER_API_KEY",
        never_limits=True,
        dialect=Dialect(without=frozenset({"max_completion_tokens"})),
    ),
    "openrouter": Preset(
        "OpenRouter",
        {
            CHAT: Surface("https://openrouter.ai/api/v1"),
            RESPONSES: Surface("https://openrouter.ai/api/v1"),
            MESSAGES: Surface("https://openrouter.ai/api/v1"),
        },
        key_variable="OPENROUTER_API_KEY",
        dialect=Dialect(
            effort_field="reasoning",
            cache_key="session_id",
            asks_reasoning=True,
            compresses=True,
        ),
    ),
    "opper": Preset(
        "Opper",
        {
            CHAT: Surface("https://api.opper.ai/v3/compat"),
            RESPONSES: Surface("https://api.opper.ai/v3/compat"),
            MESSAGES: Surface("https://api.opper.ai/v3/compat/v1"),
        },
        key_variable="OPPER_API_KEY",
        dialect=Dialect(asks_reasoning=True),
    ),
    "openai": Preset(
        "OpenAI",
        {
            RESPONSES: Surface("https://api.openai.com/v1"),
            CHAT: Surface("https://api.openai.com/v1"),
        },
        key_variable="OPENAI_API_KEY",
        makers_prices=True,
        dialect=Dialect(cache_key="prompt_cache_key", asks_reasoning=True),
    ),
    "anthropic": Preset(
        "Anthropic",
        {MESSAGES: Surface("https://api.anthropic.com/v1", "x-api-key")},
        key_variable="ANTHROPIC_API_KEY",
        makers_prices=True,
    ),
    "ollama": Preset(
        "Ollama",
        {
            CHAT: Surface("http://127.0.0.1:11434/v1"),
            RESPONSES: Surface("http://127.0.0.1:11434/v1"),
            MESSAGES: Surface("http://127.0.0.1:11434/v1"),
        },
        needs_key=False,
        cloud=False,
        free=True,
        dialect=Dialect(alternates=True, without=frozenset({"max_completion_tokens"})),
    ),
    "compatible": Preset(
        "OpenAI-compatible",
        {CHAT: Surface("")},
        needs_key=False,
        cloud=False,
        dialect=Dialect(alternates=True),
    ),
}

_CLAUDE = "claude"


def choose_protocol(
    preset: str, model: str, listed: Collection[str], reachable: Collection[str]
) -> Protocol | None:
    """Return the protocol to speak with a model, None where none is reachable.

    `listed` are those its gateway names for it (none: it does not say); `reachable`
    those that have an endpoint. EZRouter caches Claude's prompts on the messages
    protocol only.
    """
    order = list(PRESETS[preset].surfaces)
    order += [each for each in Protocol if each not in order]
    if preset == "ezrouter" and _CLAUDE in model.lower():
        order = [MESSAGES, CHAT, RESPONSES]
    can = [each for each in order if each in reachable]
    fitting = [each for each in can if each in listed]
    return next(iter(fitting or can), None)


def dialect_for(
    preset: str,
    protocol: str,
    model: str,
    abilities: Abilities,
    rejected: Collection[str] = (),
) -> Dialect:
    """Return how `preset` wants to be asked for `model`, less what it has rejected."""
    dialect = PRESETS[preset].dialect
    asks = dialect.asks_reasoning and abilities.reasoning is True
    dialect = replace(
        dialect,
        asks_reasoning=asks,
        images=abilities.vision is not False,
        files=_takes_files(preset, abilities),
    )
    if protocol == MESSAGES:
        thinking = _thinking(abilities)
        dialect = replace(dialect, cache="1h", thinking=thinking)
    elif preset == "openrouter" and _CLAUDE in model.lower():
        dialect = replace(dialect, cache="1h")
    return replace(dialect, without=dialect.without | frozenset(rejected))


def replays_items(preset: str, protocol: str) -> bool:
    """Tell whether `preset` takes a reply's own items back on `protocol`.

    Chat completions have no place for them, but for OpenRouter's.
    """
    return protocol != CHAT or preset == "openrouter"


def _takes_files(preset: str, abilities: Abilities) -> bool:
    """Tell whether a model is sent PDFs as they are.

    Makers' own gateways let all their models read them that see.
    """
    if abilities.files is None and PRESETS[preset].makers_prices:
        return abilities.vision is True
    return abilities.files is True


def _thinking(abilities: Abilities) -> Literal["", "adaptive", "enabled"]:
    if "adaptive" in abilities.thinking:
        return "adaptive"
    return "enabled" if "enabled" in abilities.thinking else ""
