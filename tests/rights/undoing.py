"""Trying something in the world, and leaving no trace of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

# Whoever is answered leaves a mark there: when a session was used last.
SESSIONS = '"django_session"'
WRITING = ("INSERT", "UPDATE", "DELETE", "REPLACE")


@contextmanager
def undone() -> Iterator[list[str]]:
    """Undo what is written; gives the statements that write, but for sessions."""
    written: list[str] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        if sql.lstrip().startswith(WRITING) and SESSIONS not in sql:
            written.append(sql)
        return execute(sql, params, many, context)

    block = transaction.atomic()
    # As in Django's own tests: what asks to be outermost takes it for that.
    block._from_testcase = True  # type: ignore[attr-defined]
    with connection.execute_wrapper(note), block:
        yield written
        transaction.set_rollback(True)
