"""What a cache will serve, foretold from the answer before."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.gateways.base import request_bytes
from conversations.gateways.caching import (
    BLOCKS,
    IMPLICIT,
    NOTHING,
    CacheRule,
    cache_rule,
    predict_at_roll,
    predict_cached,
)
from conversations.gateways.presets import dialect_for
from conversations.wire import (
    Abilities,
    Dialect,
    Protocol,
    Request,
    RequestMessage,
    Usage,
)
from tests.gateway.asked import Asked
from tests.gateway.caching import Policy
from tests.gateway.economy import Economy

CHAT, RESPONSES, MESSAGES = (
    Protocol.CHAT_COMPLETIONS,
    Protocol.RESPONSES,
    Protocol.MESSAGES,
)
DAY = 86_400.0
MINUTES = 60.0
TURNS = 30
# The gateways' own semantics: who is asked, for which model, and what it does.
CACHES = {
    "blocks": ("openai", RESPONSES, "gpt-5.5", Policy("automatic", lifetime=DAY)),
    "implicit": (
        "openai",
        CHAT,
        "gpt-6-sol",
        Policy("breakpoint", lookback=None, implicit="30m"),
    ),
    "marks": ("anthropic", MESSAGES, "claude-sonnet-4-6", Policy("breakpoint")),
    "small marks": (
        "openrouter",
        CHAT,
        "anthropic/claude-opus-5.5",
        Policy("breakpoint", floor=512),
    ),
    "none": ("ollama", CHAT, "llama4", Policy("none")),
}


class Talk:
    """A conversation that only grows, with a gateway that keeps what it reads."""

    def __init__(self, cache: str, ratio: float = 1.0, hidden: int = 0) -> None:
        self.preset, self.protocol, self.model, policy = CACHES[cache]
        self.economy = Economy(policy, ratio=ratio, hidden=hidden)
        self.dialect = dialect_for(self.preset, self.protocol, self.model, Abilities())
        self.messages: list[RequestMessage] = [RequestMessage("system", "Be kind.")]

    @property
    def rule(self) -> CacheRule:
        rule = cache_rule(self.preset, self.protocol, self.model, self.dialect)
        assert rule is not None
        return rule

    def ask(self, text: str) -> Usage:
        """Ask, and be answered; return what the gateway says it took."""
        self._say("user", text)
        request = Request(
            self.model, tuple(self.messages), conversation="c", dialect=self.dialect
        )
        body = json.loads(request_bytes(self.protocol, request))
        usage = self.economy.charge(Asked(self.protocol, self.model, body), "none")
        self._say("assistant", f"Yes: {text[::-1]}")
        return usage

    def _say(self, role: Literal["user", "assistant"], text: str) -> None:
        number = len(self.messages)
        self.messages.append(RequestMessage(role, f"{number} {text}", str(number)))


def kept(usage: Usage) -> int:
    counts = (
        usage.cached_input_tokens,
        usage.cache_write_tokens,
        usage.cache_write_1h_tokens,
    )
    return sum(each or 0 for each in counts)


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("hidden", [0, 23_000])
def test_what_a_cache_serves_is_foretold_to_the_token(cache: str, hidden: int) -> None:
    talk = Talk(cache, hidden=hidden)
    before = talk.ask("Hello")
    served = []
    for turn in range(1, TURNS):
        talk.economy.clock.advance(turn * MINUTES)
        foretold = predict_cached(
            talk.rule, before.input_tokens or 0, seconds_since=turn * MINUTES
        )
        before = talk.ask("word " * (turn * 17 % 90))
        served.append(before.cached_input_tokens)
        assert served[-1] == foretold

    assert (0 in served) is (hidden == 0 or cache == "none")
    assert any(served) is (cache != "none")


@given(
    st.sampled_from(["implicit", "marks", "small marks"]),
    st.floats(0.6, 2),
    st.lists(st.integers(1, 900), min_size=2, max_size=8),
)
def test_a_gateway_that_tells_what_it_keeps_is_taken_at_its_word(
    cache: str, ratio: float, sizes: list[int]
) -> None:
    talk = Talk(cache, ratio)
    before = talk.ask("Hello")
    for size in sizes:
        foretold = predict_cached(
            talk.rule, before.input_tokens or 0, 0, kept_tokens=kept(before)
        )
        before = talk.ask("word " * size)
        assert before.cached_input_tokens == foretold


@given(st.floats(0.6, 2), st.lists(st.integers(1, 900), min_size=2, max_size=8))
def test_another_tokenizer_is_wrong_by_one_block_at_most(
    ratio: float, sizes: list[int]
) -> None:
    talk = Talk("blocks", ratio)
    before = talk.ask("Hello")
    for size in sizes:
        foretold = predict_cached(talk.rule, before.input_tokens or 0, 0)
        before = talk.ask("word " * size)
        cached = before.cached_input_tokens or 0
        assert abs(cached - foretold) in (0, 128, 1_024)


@pytest.mark.parametrize(
    ("rule", "seconds"), [(IMPLICIT, 1_800), (CacheRule(512, 1, 300), 300)]
)
def test_what_is_not_read_in_time_is_forgotten(rule: CacheRule, seconds: int) -> None:
    assert predict_cached(rule, 5_003, seconds - 1) == 5_000
    assert predict_cached(rule, 5_003, seconds) == 0
    assert predict_cached(rule, 5_003, seconds, kept_tokens=5_000) == 0


@pytest.mark.parametrize(
    ("previous", "cached"), [(0, 0), (1_026, 0), (1_027, 1_024), (1_200, 1_152)]
)
def test_blocks_are_whole_and_none_is_alone(previous: int, cached: int) -> None:
    assert predict_cached(BLOCKS, previous, 0) == cached


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        ("gpt-3.5-turbo", NOTHING),
        ("gpt-4", NOTHING),
        ("gpt-4o-mini", BLOCKS),
        ("gpt-4.1", BLOCKS),
        ("o3", BLOCKS),
        ("gpt-5", BLOCKS),
        ("gpt-5.5", BLOCKS),
        ("gpt-5.6-luna", IMPLICIT),
        ("gpt-6.1-sol", IMPLICIT),
        ("gpt-oss-120b", None),
        ("text-embedding-3", None),
    ],
)
def test_models_of_openai_keep_blocks_until_they_keep_messages(
    model: str, rule: CacheRule | None
) -> None:
    assert cache_rule("openai", RESPONSES, model, Dialect()) == rule
    assert cache_rule("openrouter", CHAT, f"openai/{model}", Dialect()) == rule


@pytest.mark.parametrize(
    ("model", "floor"),
    [
        ("claude-3-haiku-20240307", 2_048),
        ("claude-3-7-sonnet-latest", 1_024),
        ("claude-sonnet-4-20250514", 1_024),
        ("claude-opus-4-6", 4_096),
        ("anthropic/claude-opus-4.7:beta", 2_048),
        ("claude-opus-4-8", 1_024),
        ("claude-haiku-4-5-20251001", 4_096),
        ("claude-sonnet-5", 1_024),
        ("claude-sonnet-5-5", 512),
        ("claude-opus-5", 512),
        ("claude-fable-5-1", 512),
    ],
)
def test_each_claude_has_a_least_size(model: str, floor: int) -> None:
    for lifetime, seconds in (("5m", 300.0), ("1h", 3_600.0)):
        dialect = Dialect(cache=lifetime)  # type: ignore[arg-type]
        rule = cache_rule("openrouter", MESSAGES, model, dialect)
        assert rule == CacheRule(floor, 1, seconds, marks_system=True)


def test_claude_keeps_nothing_that_is_not_marked() -> None:
    refused = Dialect(cache="1h", without=frozenset({"cache_control"}))

    for dialect in (Dialect(), refused):
        rule = cache_rule("anthropic", MESSAGES, "claude-opus-5", dialect)
        assert rule == NOTHING


@pytest.mark.parametrize(
    ("preset", "protocol", "model"),
    [
        ("compatible", CHAT, "gpt-5.5"),
        ("opper", MESSAGES, "claude-opus-5"),
        ("ezrouter", CHAT, "claude-opus-4-7"),
        ("ezrouter", CHAT, "deepseek-v4-flash"),
        ("openrouter", CHAT, "google/gemini-3.8-flash"),
        ("anthropic", MESSAGES, "claude-instant"),
        ("anthropic", MESSAGES, "claude-opus-latest"),
        ("demo", CHAT, "demo"),
    ],
)
def test_where_nobody_knows_nothing_is_foretold(
    preset: str, protocol: Protocol, model: str
) -> None:
    assert cache_rule(preset, protocol, model, Dialect(cache="1h")) is None


MARKS = CacheRule(1_024, 1, 3_600.0, marks_system=True)


@pytest.mark.parametrize(
    ("rule", "seconds", "system", "opened", "served"),
    [
        (MARKS, 60, 3_000, 3_012, 3_012),
        (MARKS, 60, 3_000, None, None),
        # It may have been forgotten by then.
        (MARKS, 60, 3_000, 0, None),
        (MARKS, 60, 1_000, None, None),
        (MARKS, 60, 900, None, 0),
        (MARKS, 3_600, 3_000, 3_012, 0),
        (IMPLICIT, 60, 3_000, None, 0),
        (BLOCKS, 60, 3_000, 3_012, None),
        (NOTHING, 60, 3_000, None, 0),
    ],
)
def test_after_a_roll_no_more_than_the_system_prompt_is_left(
    rule: CacheRule,
    seconds: float,
    system: int,
    opened: int | None,
    served: int | None,
) -> None:
    assert predict_at_roll(rule, seconds, system, opened) == served


@pytest.mark.parametrize(
    ("preset", "protocol", "marks_system"),
    [
        ("anthropic", MESSAGES, True),
        ("openrouter", CHAT, True),
        ("openrouter", RESPONSES, False),
    ],
)
def test_a_system_prompt_is_kept_by_itself_where_it_has_a_mark_of_its_own(
    preset: str, protocol: Protocol, marks_system: bool
) -> None:
    name = "claude-sonnet-4-6"
    dialect = dialect_for(preset, protocol, name, Abilities())

    rule = cache_rule(preset, protocol, name, dialect)

    assert rule is not None
    assert rule.marks_system is marks_system
