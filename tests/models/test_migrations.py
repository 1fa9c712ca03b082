"""Migrations of tables that have grown large."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations import RunPython
from django.db.migrations.state import StateApps

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite ends no statement by time."
    ),
]


@pytest.mark.parametrize("name", ["0005_page", "0006_search"])
def test_a_migration_takes_as_long_as_it_takes(name: str) -> None:
    first = import_module(f"conversations.migrations.{name}").Migration.operations[0]
    assert isinstance(first, RunPython)
    with connection.schema_editor() as editor:
        first.code(StateApps([], {}), editor)

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
