"""Pieces of exports, on threads that outlive the database's connections."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from chatsite.long import make_piece

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite's do not break."
    ),
]


def ask() -> Iterator[bytes]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    yield b"%d" % pid


def test_after_a_restart_of_the_database_exports_go_on() -> None:
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(make_piece, ask()).result()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [int(first)])
            assert cursor.fetchone() == (True,)

        second = threads.submit(make_piece, ask()).result()
        threads.submit(connections.close_all).result()

    assert second not in (b"", first)
