"""A PostgreSQL server of the suite's own: temporary, local, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import MissingProgramError, find_postgresql

USER = "roundtable"


@contextmanager
def running_postgresql() -> Iterator[str]:
    """Start a server on a free port and yield the URL of a database on it."""
    programs = find_postgresql()
    place = Path(tempfile.mkdtemp(prefix="roundtable-pg-"))
    account = _account(place)
    password = secrets.token_hex(16)
    port = free_port()
    try:
        _make_cluster(programs, place, account, password)
        _control(programs, place, account, "start", "-o", _options(place, port))
        try:
            yield f"postgres://{USER}:{password}@127.0.0.1:{port}/postgres"
        finally:
            _control(programs, place, account, "stop", "-m", "immediate")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _account(place: Path) -> str | None:
    """PostgreSQL refuses to run as root: choose, and give the directory to, another."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(place, entry.pw_uid, entry.pw_gid)
        return name
    raise MissingProgramError(
        "PostgreSQL does not run as root, and this machine has no other user: "
        "set TEST_DATABASE_URL to a server of yours."
    )


def _make_cluster(
    programs: Path, place: Path, account: str | None, password: str
) -> None:
    password_file = place / "password"
    password_file.write_text(password)
    if account:
        shutil.chown(password_file, account)
    _run(
        account,
        [
            programs / "initdb",
            f"--pgdata={place / 'data'}",
            f"--username={USER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ],
    )


def _options(place: Path, port: int) -> str:
    return (
        f"-p {port} -c max_connections=300 -c listen_addresses=127.0.0.1"
        f" -c unix_socket_directories={place}"
        " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    )


def _control(programs: Path, place: Path, account: str | None, *arguments: str) -> None:
    log = place / "log"
    _run(
        account,
        [programs / "pg_ctl", "-w", "-s", "-D", place / "data", "-l", log, *arguments],
    )


def _run(account: str | None, command: list[Path | str]) -> None:
    prefix = ["setpriv", f"--reuid={account}", f"--regid={_group(account)}"]
    prefix += ["--clear-groups"]
    # Through files: the server inherits them, and a pipe would stay open with it.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [*(prefix if account else []), *map(str, command)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the tests; the server is stopped after them.
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            raise RuntimeError(output.read().decode(errors="replace"))


def _group(account: str | None) -> int:
    return pwd.getpwnam(account).pw_gid if account else os.getegid()
