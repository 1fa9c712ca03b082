"""The cast, and what every test may rely on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings

from conversations.models import User
from tests.factories import make_user

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


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Login limits are counted in the cache, from one test to the next."""
    yield
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    """Owns what a test is about."""
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """Is on a team with alice."""
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """Must see nothing."""
    return make_user("charlie")


@pytest.fixture
def staff(db: None) -> User:
    """Works in the admin."""
    return make_user("staff", is_staff=True)
