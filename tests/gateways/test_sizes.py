from __future__ import annotations

import pytest

from conversations.gateways.sizes import lookup


@pytest.mark.parametrize(
    "name",
    [
        "gpt-4o",
        "openai/gpt-4o",
        "gpt-4o-2024-11-20",
        "gpt-4o-latest",
        "router/openai/gpt-4o-20241120",
    ],
)
def test_a_model_is_known_with_provider_and_date_too(name: str) -> None:
    sizes = lookup(name)

    assert sizes is not None
    assert (sizes.window, sizes.max_output) == (128_000, 16_384)


@pytest.mark.parametrize("name", ["", "/", "gpt-4", "gpt-4o-audio", "house-model"])
def test_the_size_of_another_model_is_unknown(name: str) -> None:
    assert lookup(name) is None
