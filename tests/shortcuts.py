"""What would take much of each test's time and is the same in all of them."""

from __future__ import annotations

from django.db import connections, transaction
from django.test import TransactionTestCase

# No test writes here. Django would empty these too, and then fill them anew with a row
# for each model and permission: that takes longer than most tests.
KEPT = {"django_content_type", "auth_permission"}


def empty_tables(case: TransactionTestCase) -> None:
    """Do what `TransactionTestCase._fixture_teardown` does, but keep KEPT."""
    for alias in sorted(case.databases):
        connection = connections[alias]
        found = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            for table in sorted(set(found) - KEPT):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
