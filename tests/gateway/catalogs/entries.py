"""The models that the test gateway lists: its scenarios, and some with real names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.gateway.scenarios import SCENARIOS

WINDOW, MOST = 32_000, 4_096


@dataclass(frozen=True)
class Entry:
    """A model as its gateway knows it. Prices in US dollars for a token, as text.

    `above` is where a tier begins, whose prices are doubled. `loaded` is how much of
    its window a server on one's own machine has loaded.
    """

    name: str
    window: int | None = WINDOW
    most: int | None = MOST
    prices: tuple[str, str] | None = ("0.000001", "0.000004")
    cached: str = ""
    above: int | None = None
    thinking: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()
    vision: bool = False
    output: str = "text"
    loaded: int | None = None
    endpoints: tuple[str, ...] = ("openai",)


# A model with a real name → the scenario that answers for it.
REAL = {
    "gpt-4o": "ok:40@40",
    "gpt-5-mini": "reasoning-summary:20@20",
    "gpt-6-sol": "reasoning-encrypted:30@30",
    "claude-sonnet-4-6": "thinking:20@20",
    "claude-opus-5-5": "thinking-omitted:30@30",
    "claude-haiku-4-5": "ok:40@40",
    "deepseek-v4-flash": "reasoning-content+reasoning:20@20",
}
_EFFORTS = ("low", "medium", "high")
_BOTH = ("anthropic", "openai")
_NAMED = {
    "gpt-4o": Entry("gpt-4o", 128_000, 16_384, vision=True),
    "gpt-5-mini": Entry("gpt-5-mini", 272_000, 128_000, efforts=_EFFORTS),
    "gpt-6-sol": Entry(
        "gpt-6-sol",
        922_000,
        128_000,
        ("0.000002", "0.00001"),
        "0.0000002",
        above=272_000,
        efforts=_EFFORTS,
        vision=True,
    ),
    "claude-sonnet-4-6": Entry(
        "claude-sonnet-4-6",
        1_000_000,
        128_000,
        ("0.000003", "0.000015"),
        "0.0000003",
        thinking=("adaptive", "enabled"),
        efforts=_EFFORTS,
        vision=True,
        endpoints=_BOTH,
    ),
    "claude-opus-5-5": Entry(
        "claude-opus-5-5",
        1_000_000,
        128_000,
        ("0.000004", "0.00002"),
        "0.0000002",
        thinking=("adaptive",),
        efforts=(*_EFFORTS, "max"),
        vision=True,
        endpoints=_BOTH,
    ),
    "claude-haiku-4-5": Entry(
        "claude-haiku-4-5", 200_000, 64_000, thinking=("enabled",), endpoints=_BOTH
    ),
    "deepseek-v4-flash": Entry("deepseek-v4-flash", 1_000_000, 393_216),
}


def scenario_entries() -> list[Entry]:
    """Return an entry for each scenario, under the name that calls it."""
    return [Entry(name, endpoints=_BOTH) for name in SCENARIOS if name != "finish-"]


def named_entries(*beginnings: str) -> list[Entry]:
    """Return the models with real names that begin so; all without `beginnings`."""
    wanted = beginnings or ("",)
    return [each for name, each in _NAMED.items() if name.startswith(wanted)]


def odd_entries() -> list[Entry]:
    """Return what makes lists hard: prices that are none, windows that are none."""
    return [
        Entry("ok:1", prices=("-1", "-1")),
        Entry("ok:2", prices=("0", "0")),
        Entry("ok:3", window=None, most=None, prices=None),
        Entry("paint", output="image"),
    ]


def loaded(entry: Entry) -> Entry:
    """Return an entry of which a server on one's own machine has loaded a part."""
    return replace(entry, loaded=8_192) if entry.name == "ok" else entry
