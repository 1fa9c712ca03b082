from __future__ import annotations

import json
from decimal import Decimal

import pytest

from conversations.gateways.catalog.known import (
    MODELS_FILE,
    Said,
    Sizes,
    find_known,
    resolve_sizes,
)
from conversations.gateways.prices import rates_for
from conversations.wire import Tier


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o",
        "openai/gpt-4o",
        "OpenAI/GPT-4o",
        "gpt-4o-2024-11-20",
        "gpt-4o-latest",
        "openai/gpt-4o:nitro",
        "openai/gpt-4o-2024-11-20:free",
        "router/openai/gpt-4o-20241120",
    ],
)
def test_a_model_is_known_with_provider_date_and_variant_too(name: str) -> None:
    known = find_known(name)

    assert known is not None
    assert (known.window, known.max_output) == (128_000, 16_384)


@pytest.mark.parametrize(
    "name", ["anthropic/claude-haiku-4.5", "claude-haiku-4-5-20251001"]
)
def test_claude_is_known_however_its_version_is_written(name: str) -> None:
    assert find_known(name) == find_known("claude-haiku-4-5")
    assert find_known(name) is not None


@pytest.mark.parametrize(
    "name", ["", "/", ":", "gpt-4", "gpt-4o-audio", "house-model", "gpt-4.1.2"]
)
def test_another_model_is_unknown(name: str) -> None:
    assert find_known(name) is None


def test_the_rates_and_tiers_of_a_known_model_are_exact() -> None:
    known = find_known("claude-haiku-5-5")

    assert known is not None
    base, [tier] = known.prices.base, known.prices.tiers
    assert (base.input, base.cache_write_1h) == (Decimal("0.1"), Decimal("0.2"))
    assert isinstance(tier, Tier)
    assert (tier.above, tier.rates.output) == (100_000, Decimal("2.5"))


@pytest.mark.parametrize(
    ("name", "thinking", "efforts"),
    [
        ("claude-sonnet-5-5", ("adaptive",), ("low", "medium", "high")),
        ("claude-haiku-4-5", ("enabled",), ()),
        ("gpt-5-mini", (), ("minimal", "low", "medium", "high")),
        ("gpt-4o", (), ()),
    ],
)
def test_how_a_known_model_is_told_to_think(
    name: str, thinking: tuple[str, ...], efforts: tuple[str, ...]
) -> None:
    known = find_known(name)

    assert known is not None
    assert known.abilities.thinking == thinking
    assert known.abilities.efforts == efforts


def test_an_hour_in_the_cache_is_no_cheaper_than_minutes_in_any_tier() -> None:
    for name in json.loads(MODELS_FILE.read_text())["models"]:
        known = find_known(name)
        assert known is not None, name
        for tier in known.prices.tiers:
            rates = rates_for(tier.above + 1, known.prices)
            if rates.cache_write_1h is not None:
                assert rates.cache_write is not None, name
                assert rates.cache_write_1h > rates.cache_write, name


def test_every_known_model_is_whole_and_has_a_price() -> None:
    names = list(json.loads(MODELS_FILE.read_text())["models"])

    for name in names:
        known = find_known(name)
        assert known is not None, name
        base = known.prices.base
        assert known.window > 100_000, name
        assert base.input, name
        assert base.output, name
        # Nothing that may be paid for is listed as free.
        assert 0 not in (base.cached_input, base.cache_write, base.cache_write_1h), name
    assert len(names) == 26


def resolve(preset: str = "compatible", name: str = "", **values: object) -> Sizes:
    said = {"own": Said(), "listed": Said(), "learned": None, **values}
    return resolve_sizes(preset, known=find_known(name), **said)  # type: ignore[arg-type]


def test_an_admins_own_figures_come_first() -> None:
    sizes = resolve(
        name="gpt-4o",
        own=Said(1_000, 100),
        listed=Said(2_000, 200),
        learned=500,
    )

    assert sizes == Sizes(1_000, 100)


def test_what_is_listed_comes_before_what_is_known() -> None:
    assert resolve(name="gpt-4o", listed=Said(2_000, 200)) == Sizes(2_000, 200)


@pytest.mark.parametrize(("learned", "window"), [(1_500, 1_500), (2_500, 2_000)])
def test_an_overflow_only_makes_a_listed_window_smaller(
    learned: int, window: int
) -> None:
    assert resolve(listed=Said(2_000), learned=learned).window == window


def test_an_overflow_knows_better_than_the_maker() -> None:
    assert resolve(name="gpt-4o", learned=9_000) == Sizes(9_000, 16_384)


def test_the_maker_is_asked_where_nobody_else_speaks() -> None:
    assert resolve(name="openai/gpt-4o") == Sizes(128_000, 16_384)
    assert resolve(name="gpt-4o", own=Said(max_output=5)) == Sizes(128_000, 5)


@pytest.mark.parametrize(
    ("preset", "window"),
    [("compatible", 8_192), ("ezrouter", 16_384), ("ollama", 4_096)],
)
def test_an_unknown_window_is_assumed_to_be_small(preset: str, window: int) -> None:
    assert resolve(preset) == Sizes(window, None, is_known=False)


def test_what_ollama_has_loaded_is_not_what_the_maker_offers() -> None:
    assert resolve("ollama", "kimi-k2.6") == Sizes(4_096, None, is_known=False)
