"""The cast, and what every test may rely on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent
# They start servers and browsers: one after another, beside all other tests.
WITH_SERVERS = (TESTS / "browser", TESTS / "faults")

settings.register_profile(
    "suite",
    max_examples=50,
    deadline=None,
    print_blob=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.register_profile("thorough", settings.get_profile("suite"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(TESTS / "browser"):
            item.add_marker("browser")
        if any(item.path.is_relative_to(place) for place in WITH_SERVERS):
            item.add_marker(pytest.mark.xdist_group("servers"))
