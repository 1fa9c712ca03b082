"""The gateways that the test gateway can pass for, one by one or all at once.

A path may begin with a flavour's name, as in /openrouter/api/v1/chat/completions;
otherwise the prefix of the path gives it away.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from conversations.wire import Protocol

CHAT, RESPONSES, MESSAGES = (
    Protocol.CHAT_COMPLETIONS,
    Protocol.RESPONSES,
    Protocol.MESSAGES,
)


@dataclass(frozen=True)
class Flavour:
    """What one gateway does that others do not.

    `prefixes` are the paths of its protocols; `keys` the ways in which a protocol
    takes a key. `also` and `never` are parameters beside the usual ones; others are
    refused unless it `ignores` them. `caches` is how prompts are cached.
    """

    prefixes: dict[Protocol, str]
    style: dict[str, object] = field(default_factory=dict)
    keys: tuple[str, ...] = ("bearer",)
    messages_keys: tuple[str, ...] = ("bearer", "x-api-key")
    catalog: str = "plain"
    also: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    ignores: bool = False
    caches: str = "automatic"
    # Ids of answers must begin with msg_.
    msg_ids: bool = True
    # Chat completions stream although nobody asked.
    always_streams: bool = False
    # The status for a model it does not have.
    unknown_model: int = 404
    # Chat completions take reasoning back.
    replays_thoughts: bool = True


_ONE = {CHAT: "/v1", RESPONSES: "/v1", MESSAGES: "/v1"}
_OPENROUTER_ALSO = frozenset(
    [
        "plugins",
        "session_id",
        "reasoning",
        "provider",
        "models",
        "route",
        "usage",
        "transforms",
        "top_k",
        "min_p",
        "top_a",
        "repetition_penalty",
        "cache_control",
        "include_reasoning",
    ]
)

FLAVOURS: dict[str, Flavour] = {
    "compatible": Flavour(_ONE),
    "openai": Flavour(
        {CHAT: "/v1", RESPONSES: "/v1"},
        {"thoughts": (), "asks_for_usage": True, "done": None},
        catalog="openai",
        replays_thoughts=False,
    ),
    "anthropic": Flavour({MESSAGES: "/v1"}, catalog="anthropic", caches="breakpoint"),
    "ezrouter": Flavour(
        {CHAT: "/v1", MESSAGES: "/anthropic/v1"},
        {
            "thoughts": ("reasoning_content",),
            "envelope": "ezrouter",
            "wording": "ezrouter",
            "headers": {"x-oneapi-request-id": "20261121000000000000000test"},
            "created": 1_626_777_600,
        },
        catalog="ezrouter",
        never=frozenset({"max_completion_tokens"}),
        always_streams=True,
        unknown_model=403,
        replays_thoughts=False,
    ),
    "openrouter": Flavour(
        {CHAT: "/api/v1", RESPONSES: "/api/v1", MESSAGES: "/api/v1"},
        {
            "thoughts": ("reasoning",),
            "envelope": "openrouter",
            "done": True,
            "tells_cost": True,
            "overflows": "openrouter",
            "wording": "openrouter",
            "keep_alive": b": OPENROUTER PROCESSING\n\n",
            "headers": {"x-generation-id": "gen-test"},
        },
        catalog="openrouter",
        also=_OPENROUTER_ALSO,
        msg_ids=False,
    ),
    "opper": Flavour(
        {CHAT: "/v3/compat", RESPONSES: "/v3/compat", MESSAGES: "/v3/compat/v1"},
        messages_keys=("bearer",),
        catalog="opper",
    ),
    "ollama": Flavour(
        _ONE,
        {
            "thoughts": ("reasoning",),
            "asks_for_usage": True,
            "overflows": "shortens",
        },
        catalog="ollama",
        ignores=True,
        caches="none",
    ),
    "lmstudio": Flavour(
        _ONE, {"envelope": "string"}, catalog="lmstudio", ignores=True, caches="none"
    ),
    "llamacpp": Flavour(
        _ONE, {"wording": "llamacpp"}, catalog="llamacpp", ignores=True, caches="none"
    ),
    "vllm": Flavour(
        _ONE, {"wording": "vllm"}, catalog="vllm", ignores=True, caches="none"
    ),
    "litellm": Flavour(
        _ONE,
        {
            "envelope": "litellm",
            "wording": "litellm",
            "usage": "filled",
            "bare_responses": True,
            "sequence": False,
            "done": True,
            "tells_cost": True,
        },
        catalog="litellm",
        also=frozenset({"thinking", "metadata"}),
    ),
}
# Flavours whose paths are theirs alone.
_BY_PREFIX = {
    "/api/v1": "openrouter",
    "/v3/compat/v1": "opper",
    "/v3/compat": "opper",
}
ENDS = {
    "/chat/completions": CHAT,
    "/responses": RESPONSES,
    "/messages": MESSAGES,
}


COUNTS = {"/messages/count_tokens": MESSAGES, "/responses/input_tokens": RESPONSES}


@dataclass(frozen=True)
class Address:
    """Where a request goes: the gateway, the path there, and whose models it lists."""

    flavour: str
    path: str
    catalog: str

    @property
    def protocol(self) -> Protocol | None:
        return next((ENDS[end] for end in ENDS if self.path.endswith(end)), None)

    @property
    def counts(self) -> Protocol | None:
        """The protocol whose prompt is to be counted, if that is what is asked."""
        return next((COUNTS[end] for end in COUNTS if self.path.endswith(end)), None)


def find_address(path: str, flavour: str, catalog: str = "") -> Address:
    """Read a path; `flavour` and `catalog` hold where it does not say."""
    name, _, rest = path.removeprefix("/").partition("/")
    if name == "catalog":
        catalog, _, rest = rest.partition("/")
        return Address(flavour, f"/{rest}", catalog)
    if name in FLAVOURS:
        return Address(name, f"/{rest}", FLAVOURS[name].catalog)
    for prefix, found in _BY_PREFIX.items():
        if path.startswith(f"{prefix}/"):
            return Address(found, path, catalog or FLAVOURS[found].catalog)
    return Address(flavour, path, catalog or FLAVOURS[flavour].catalog)
