"""A database with people in it, made once, to be copied for each server."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TypedDict

from tests.servers import run_manage

PEOPLE = ("alice", "bob", "charlie", "dora", "emil", "frida", "staff")
# Its row is what the row of every other model is copied from.
PATTERN = "pattern"
TABLE = "conversations_languagemodel"
OWN_COLUMNS = ("id", "name")
MAKE_ROWS = (
    "import json; from tests.faults.rows import make_rows; "
    "print(json.dumps(make_rows({!r})))"
)


class Made(TypedDict):
    """What is in a database: names with their keys, people also with a session."""

    people: dict[str, tuple[int, str]]
    models: dict[str, int]


def fill(directory: Path, base_url: str, models: Sequence[str]) -> Made:
    """Put people into `directory`, and models of the gateway at `base_url`."""
    pattern, people = _made_once()
    shutil.copytree(pattern, directory, dirs_exist_ok=True)
    with closing(sqlite3.connect(directory / "db.sqlite3")) as database:
        database.execute("UPDATE conversations_endpoint SET base_url = ?", (base_url,))
        numbers = {name: _copy_model(database, name) for name in models}
        _delete_pattern(database)
        database.commit()
    return {"people": people, "models": numbers}


@functools.cache
def _made_once() -> tuple[Path, dict[str, tuple[int, str]]]:
    scratch = tempfile.TemporaryDirectory(prefix="roundtable-rows-")
    atexit.register(scratch.cleanup)
    wanted = {
        "people": PEOPLE,
        "base_url": "http://gateway.invalid/v1",
        "models": [PATTERN],
    }
    directory = Path(scratch.name)
    script = MAKE_ROWS.format(wanted)
    printed = run_manage(directory, "shell", "--no-imports", "-c", script)
    made: Made = json.loads(printed)
    return directory, made["people"]


def _copy_model(database: sqlite3.Connection, name: str) -> int:
    found = [row[1] for row in database.execute(f"PRAGMA table_info({TABLE})")]
    columns = ", ".join(f'"{each}"' for each in found if each not in OWN_COLUMNS)
    cursor = database.execute(
        f"INSERT INTO {TABLE} (name, {columns}) "
        f"SELECT ?, {columns} FROM {TABLE} WHERE name = ?",
        (name, PATTERN),
    )
    assert cursor.rowcount == 1
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _delete_pattern(database: sqlite3.Connection) -> None:
    database.execute(f"DELETE FROM {TABLE} WHERE name = ?", (PATTERN,))
