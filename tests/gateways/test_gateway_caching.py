"""The test gateway's caches: what was read is found again, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.wire import Json, Protocol
from tests.gateway.asked import Asked
from tests.gateway.caching import POLICIES, Policy
from tests.gateway.counting import PRIMING, count_prompt
from tests.gateway.economy import Economy

if TYPE_CHECKING:
    from conversations.wire import Usage

CHAT, MESSAGES = Protocol.CHAT_COMPLETIONS, Protocol.MESSAGES
# About 2 tokens each.
WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliet"
LONG = " ".join([WORDS] * 120)


def marked(text: str, lifetime: str = "") -> Json:
    control: Json = {"type": "ephemeral"}
    if lifetime:
        control["ttl"] = lifetime
    return {"type": "text", "text": text, "cache_control": control}


def conversation(*texts: str, model: str = "ok", **more: Any) -> Asked:
    """Return a chat completion of these turns, the user's first."""
    rows = [
        {"role": "assistant" if number % 2 else "user", "content": text}
        for number, text in enumerate(texts)
    ]
    return Asked(CHAT, model, {"model": model, "messages": rows, **more})


def marked_conversation(*texts: str, lifetime: str = "", system: str = "") -> Asked:
    """Return messages whose newest one is marked, and the system prompt."""
    rows: list[Json] = [
        {
            "role": "assistant" if number % 2 else "user",
            "content": [{"type": "text", "text": text}],
        }
        for number, text in enumerate(texts)
    ]
    rows[-1]["content"] = [marked(texts[-1], lifetime)]
    body: Json = {"model": "ok", "messages": rows}
    if system:
        body["system"] = [marked(system, lifetime)]
    return Asked(MESSAGES, "ok", body)


def charge(economy: Economy, asked: Asked) -> Usage:
    return economy.charge(asked, "automatic")


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.sampled_from(["automatic", "breakpoint", "implicit", "none"]),
    st.floats(0.5, 3),
    st.integers(0, 3_000),
)
@settings(max_examples=60, deadline=None)
def test_no_more_is_cached_or_written_than_there_is(
    sizes: list[int], cache: str, ratio: float, hidden: int
):
    economy = Economy(cache=cache, ratio=ratio, hidden=hidden)
    texts: list[str] = []
    before = 0
    for number, size in enumerate(sizes):
        texts += [f"{number} " + "word " * size, "Yes."][: 2 - (number == 0)]
        asked = marked_conversation(*texts) if number % 2 else conversation(*texts)
        usage = charge(economy, asked)
        prompt = usage.input_tokens or 0
        cached = usage.cached_input_tokens or 0
        written = usage.cache_write_tokens or 0
        assert 0 <= cached <= prompt
        assert cached + written <= prompt
        assert prompt >= before
        before = prompt


@given(st.lists(st.integers(150, 600), min_size=2, max_size=8), st.floats(0.6, 2))
@settings(max_examples=40, deadline=None)
def test_a_conversation_that_only_grows_is_found_again(sizes: list[int], ratio: float):
    economy = Economy(cache="automatic", ratio=ratio)
    texts: list[str] = []
    before = 0
    for number, size in enumerate(sizes):
        texts.append(f"{number} " + "word " * size)
        asked = conversation(*texts)
        usage = charge(economy, asked)
        expected = 128 * before
        assert usage.cached_input_tokens == (expected if expected >= 1_024 else 0)
        # The last tokens only prime the answer: they are no part of the next prompt.
        tokens = count_prompt(asked).total - PRIMING
        before = sum(128 * block / ratio <= tokens for block in range(1, 100))


@pytest.mark.parametrize("cache", ["automatic", "implicit"])
def test_what_has_changed_is_not_found(cache: str):
    economy = Economy(cache=cache)
    charge(economy, conversation(LONG, "Yes.", "And?"))

    usage = charge(economy, conversation(f"A{LONG}", "Yes.", "And?"))

    assert usage.cached_input_tokens == 0


def test_automatic_blocks_are_found_up_to_the_first_change():
    economy = Economy(cache="automatic")
    charge(economy, conversation(LONG, LONG, "And?"))

    usage = charge(economy, conversation(LONG, f"No. {LONG}", "And?"))

    cached = usage.cached_input_tokens or 0
    assert cached >= 1_024
    assert cached % 128 == 0
    assert cached < (usage.input_tokens or 0) // 2 + 128


def test_short_prompts_are_not_kept():
    economy = Economy(cache="automatic")
    for _ in range(2):
        usage = charge(economy, conversation("Hello"))

    assert usage.cached_input_tokens == 0


def test_another_key_or_model_is_cold():
    economy = Economy(cache="automatic")
    charge(economy, conversation(LONG, prompt_cache_key="one"))

    same = charge(economy, conversation(LONG, prompt_cache_key="one"))
    other_key = charge(economy, conversation(LONG, prompt_cache_key="two"))
    other_model = charge(economy, conversation(LONG, model="x", prompt_cache_key="one"))

    assert (same.cached_input_tokens or 0) >= 1_024
    assert other_key.cached_input_tokens == 0
    assert other_model.cached_input_tokens == 0


def test_marks_write_what_is_new_and_read_what_was_marked():
    economy = Economy(cache="breakpoint")
    first = charge(economy, marked_conversation(LONG, system="Be kind."))
    second = charge(economy, marked_conversation(LONG, "Yes.", LONG, system="Be kind."))

    assert first.cached_input_tokens == 0
    assert first.cache_write_tokens == (first.input_tokens or 0) - 3
    assert second.cached_input_tokens == first.cache_write_tokens
    assert second.cache_write_tokens == (second.input_tokens or 0) - 3 - (
        second.cached_input_tokens or 0
    )
    assert second.cache_write_1h_tokens == 0


def test_without_marks_nothing_is_kept():
    economy = Economy(cache="breakpoint")
    for _ in range(2):
        usage = charge(economy, conversation(LONG))

    assert (usage.cached_input_tokens, usage.cache_write_tokens) == (0, 0)


def test_only_what_ends_at_a_mark_is_found():
    economy = Economy(cache="breakpoint")
    charge(economy, marked_conversation(LONG, "Yes.", LONG))

    usage = charge(economy, marked_conversation(LONG, "No.", LONG))

    assert usage.cached_input_tokens == 0


def test_a_mark_too_far_back_is_not_found():
    economy = Economy(cache="breakpoint")
    first = charge(economy, marked_conversation(LONG))
    near = [LONG, *["Yes.", "And?"] * 10]
    assert charge(economy, marked_conversation(*near)).cached_input_tokens == (
        first.cache_write_tokens
    )
    economy.clear()
    charge(economy, marked_conversation(LONG))

    usage = charge(economy, marked_conversation(*near, "Yes.", "And?"))

    assert usage.cached_input_tokens == 0


@pytest.mark.parametrize(
    ("lifetime", "within", "after"),
    [("", 299, 301), ("5m", 299, 301), ("1h", 3_599, 3_601)],
)
def test_what_is_kept_is_forgotten_in_time_unless_it_is_used(
    lifetime: str, within: int, after: int
):
    economy = Economy(cache="breakpoint")
    asked = marked_conversation(LONG, lifetime=lifetime)
    charge(economy, asked)

    economy.clock.advance(within)
    used = charge(economy, asked)
    economy.clock.advance(within)
    used_again = charge(economy, asked)
    economy.clock.advance(after)
    forgotten = charge(economy, asked)

    assert (used.cached_input_tokens or 0) > 1_024
    assert used_again.cached_input_tokens == used.cached_input_tokens
    assert forgotten.cached_input_tokens == 0


def test_long_lifetimes_are_counted_by_themselves():
    economy = Economy(cache="breakpoint")

    usage = charge(economy, marked_conversation(LONG, lifetime="1h"))

    assert usage.cache_write_tokens == 0
    assert usage.cache_write_1h_tokens == (usage.input_tokens or 0) - 3


def test_each_maker_has_a_least_size():
    policy = Policy("breakpoint", floor=4_096)
    economy = Economy(cache=policy)
    for _ in range(2):
        usage = charge(economy, marked_conversation(LONG))

    assert (usage.cached_input_tokens, usage.cache_write_tokens) == (0, 0)
    assert POLICIES["breakpoint"].floor == 1_024


def test_the_newest_message_may_be_marked_without_being_asked():
    economy = Economy(cache="implicit")
    first = charge(economy, conversation(LONG))

    second = charge(economy, conversation(LONG, "Yes.", "And?"))

    assert first.cache_write_tokens == (first.input_tokens or 0) - 3
    assert second.cached_input_tokens == first.cache_write_tokens
    economy.clock.advance(1_801)
    assert charge(economy, conversation(LONG)).cached_input_tokens == 0
