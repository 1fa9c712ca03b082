"""What a gateway's cache will serve of the next prompt.

Sources: the caching guides of OpenAI and Anthropic, as of November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conversations.wire import Protocol

if TYPE_CHECKING:
    from conversations.wire import Dialect

# What a prompt ends with for the answer to begin is no part of the next prompt.
PRIMING_TOKENS = 3

# A size that is only expected may be off by so much.
SURELY_BELOW = 0.9

HOUR = 3_600.0
DAY = 24 * HOUR
_LIFETIMES = {"5m": HOUR / 12, "1h": HOUR}

_GPT = re.compile(r"gpt-(\d+)(?:\.(\d+))?(o?)")
# OpenAI's from here on keep what ends at a message; older ones whatever comes first.
_FIRST_MARKED_GPT = (5, 6)
_FIRST_CACHED_GPT = (4, 1)
_OTHER_CACHED = re.compile(r"(?:chatgpt-4o|o[134])(?:-|$)")
_CLAUDE = re.compile(
    r"claude-(?:(\d+)(?:[.-](\d))?-)?(opus|sonnet|haiku|fable|mythos)"
    r"(?:-(\d+)(?:[.-](\d{1,2}))?)?(?!\d)"
)
# The shortest prefix that is kept, in tokens, where it is not the usual one.
_CLAUDE_FLOOR = 1_024
_CLAUDE_FLOORS = {
    ("haiku", 3, 0): 2_048,
    ("haiku", 3, 5): 2_048,
    ("haiku", 4, 5): 4_096,
    ("opus", 4, 5): 4_096,
    ("opus", 4, 6): 4_096,
    ("opus", 4, 7): 2_048,
    ("sonnet", 5, 0): 1_024,
}
_NEW_CLAUDE_FLOOR = 512
_WITH_GPT = frozenset({"openai", "openrouter"})
_WITH_CLAUDE = frozenset({"anthropic", "openrouter", "ezrouter"})


@dataclass(frozen=True, slots=True)
class CacheRule:
    """How a cache keeps what it has read. Sizes in tokens, `lifetime` in seconds.

    Nothing shorter than `floor` is kept. What is kept comes in whole blocks of
    `block` tokens; where marks say how far it goes, to the token. `marks_system` says
    that the system prompt is kept by itself too.
    """

    floor: int
    block: int
    lifetime: float
    marks_system: bool = False


# Nothing is served from a cache, or at least nothing is said of it.
NOTHING = CacheRule(0, 1, 0.0)
# All of a prompt that is known, in blocks.
BLOCKS = CacheRule(1_024, 128, DAY)
# Up to the newest message, marked without being asked for it.
IMPLICIT = CacheRule(1_024, 1, HOUR / 2)


def cache_rule(
    preset: str, protocol: str, model_name: str, dialect: Dialect
) -> CacheRule | None:
    """Return how a gateway caches prompts of a model; None where nobody knows.

    `preset` is one of `presets.PRESETS`; `dialect` says whether prompts are marked.
    """
    if preset == "ollama":
        return NOTHING
    name = model_name.lower().rpartition("/")[2]
    if name.startswith("claude"):
        reads_marks = preset in _WITH_CLAUDE and (
            preset != "ezrouter" or protocol == Protocol.MESSAGES
        )
        if not reads_marks:
            return None
        rule = _claude_rule(name, dialect)
        # Responses have one mark, which stands for the end of the prompt.
        if rule in (None, NOTHING) or protocol == Protocol.RESPONSES:
            return rule
        return replace(rule, marks_system=True)
    return _gpt_rule(name) if preset in _WITH_GPT else None


def predict_cached(
    rule: CacheRule,
    previous_tokens: int,
    seconds_since: float,
    kept_tokens: int | None = None,
) -> int:
    """Return how many tokens of a prompt a cache will serve.

    The prompt begins with the whole previous one, of which the gateway said
    `seconds_since` ago that it had `previous_tokens`. `kept_tokens` is what it said it
    read from and wrote to its cache then, together; None where it does not say.
    """
    if seconds_since >= rule.lifetime:
        return 0
    known = previous_tokens - PRIMING_TOKENS
    if rule.block == 1 and kept_tokens is not None:
        known = kept_tokens
    return 0 if known < rule.floor else known - known % rule.block


def predict_at_roll(
    rule: CacheRule, seconds_since: float, system_tokens: int, opened: int | None
) -> int | None:
    """Return how much is served of a prompt that begins like no other but for its system
    prompt; None where there is no telling.

    It was last sent `seconds_since` ago; up to its end there are about `system_tokens`
    with all that the gateway hides. `opened` is what was served the last time that a
    prompt began anew with it, None where that is not known.
    """
    if seconds_since >= rule.lifetime:
        return 0
    if rule.block > 1:
        # It looks for no marks: whatever else happens to be equal is served too.
        return None
    if not rule.marks_system or system_tokens < rule.floor * SURELY_BELOW:
        return 0
    return opened or None


def _gpt_rule(name: str) -> CacheRule | None:
    if _OTHER_CACHED.match(name):
        return BLOCKS
    found = _GPT.match(name)
    if found is None:
        return None
    version = (int(found[1]), int(found[2] or 0))
    if version >= _FIRST_MARKED_GPT:
        return IMPLICIT
    return BLOCKS if found[3] or version >= _FIRST_CACHED_GPT else NOTHING


def _claude_rule(name: str, dialect: Dialect) -> CacheRule | None:
    if not dialect.cache or "cache_control" in dialect.without:
        return NOTHING
    found = _CLAUDE.match(name)
    if found is None or not (found[1] or found[4]):
        return None
    version = int(found[1] or found[4]), int(found[2] or found[5] or 0)
    floor = _CLAUDE_FLOORS.get((found[3], *version))
    if floor is None:
        floor = _NEW_CLAUDE_FLOOR if version >= (5, 0) else _CLAUDE_FLOOR
    return CacheRule(floor, 1, _LIFETIMES[dialect.cache])
