"""The cast, and what every test may rely on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from coverage import Coverage
from django.core.cache import cache
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from conversations.models import User
from tests.factories import make_user
from tests.groups import Groups
from tests.shortcuts import empty_tables

if TYPE_CHECKING:
    from xdist.remote import Producer  # type: ignore[import-untyped]  # ships no types

TESTS = Path(__file__).parent

# These, and what tries many examples, go again and again through lines that others
# cover: to trace each time would take longer than the tests themselves.
UNMEASURED = (
    "tests/contract/",
    "tests/gateways/test_gateway_",
    "tests/rights/test_canary.py",
    "tests/rights/test_fields.py",
    "tests/rights/test_ids.py",
    "tests/services/test_bad_input.py",
    "tests/services/test_cached_prediction.py",
    "tests/services/test_long_walk.py",
)

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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(TESTS / "browser"):
            item.add_marker("browser")
        if item.nodeid.startswith(UNMEASURED) or item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Leave a worker to pytest-cov: what starts in each child would trace it too."""
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """End the first of two measurements in a worker: `no_cover` would leave it on."""
    if hasattr(session.config, "workerinput") and (first := Coverage.current()):
        first.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups | None:
    return Groups(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session", autouse=True)
def _take_shortcuts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


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
