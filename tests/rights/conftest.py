"""The world, made once for a module: whatever is done in it is undone."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.rights.undoing import undone
from tests.rights.world import World, make_world


@pytest.fixture(autouse=True)
def _say_nothing_of_refusals(caplog: pytest.LogCaptureFixture) -> None:
    """Each would be written down with its traceback, and there are thousands."""
    for name in ("django.request", "conversations.security"):
        caplog.set_level(logging.CRITICAL, name)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), undone():
        yield make_world()
