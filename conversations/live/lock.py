"""One server process per database, unless Redis connects several."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

# Any number will do as long as it never changes.
ADVISORY_LOCK = 0x526F756E64


class InstanceLock:
    """Held from start to end of the server process."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None
        self._connection: BaseDatabaseWrapper | None = None

    def acquire(self) -> bool:
        """Take the lock; return False if another process holds it."""
        if connections["default"].vendor == "sqlite":
            return self._lock_file()
        return self._lock_database()

    def release(self) -> None:
        """Give the lock back; the end of the process does so too."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _lock_file(self) -> bool:
        path = Path(connections["default"].settings_dict["NAME"]).with_suffix(".lock")
        file = path.open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def _lock_database(self) -> bool:
        # A connection of its own: the lock lives as long as its session.
        connection = connections.create_connection("default")
        connection.inc_thread_sharing()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
            row = cursor.fetchone()
        if not (row and row[0]):
            connection.close()
            return False
        self._connection = connection
        return True
