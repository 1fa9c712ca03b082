"""Every test: `python -m tests`, which is what `make test` runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import (
    ROOT,
    MissingProgramError,
    find_chromium,
    find_postgresql,
    install,
)
from tests.postgresql import running_postgresql

# What depends on the database runs on both.
ON_POSTGRESQL = ("tests/models", "tests/services", "tests/live")
# Several times what it takes: a test that hangs is to be heard of.
LONGEST_SECONDS = 2_400


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        require(find_chromium, "chromium")
        if not os.environ.get("TEST_DATABASE_URL"):
            require(find_postgresql, "postgresql")
        with database_server() as url:
            on_postgresql = run_pytest(url, *ON_POSTGRESQL)
    except MissingProgramError as missing:
        print(missing, file=sys.stderr)
        return 1
    # Coverage is measured where every test runs.
    everything = run_pytest(None, "--cov", "--cov-report=")
    if on_postgresql and not everything:
        print("Tests failed on PostgreSQL: see the first summary above.")
    return everything or on_postgresql


def require(find: Callable[[], Path], package: str) -> None:
    """Find a program, installing its package first where that is allowed."""
    try:
        find()
    except MissingProgramError:
        install(package)
        find()


@contextmanager
def database_server() -> Iterator[str]:
    """Yield the URL of your own server, else of one that lives for this run."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with running_postgresql() as url:
        yield url


def run_pytest(url: str | None, *arguments: str) -> int:
    """Run pytest on PostgreSQL at `url`, else on SQLite; return its exit code."""
    print(f"\nTests on {'PostgreSQL' if url else 'SQLite'}:", flush=True)
    # The servers of the tests are started a hundred times: compile them once.
    chosen = {"TEST_DATABASE_URL": url or "", "PYTHONDONTWRITEBYTECODE": ""}
    environ = {**os.environ, **chosen}
    workers = str(max(2, min(4, os.cpu_count() or 2)))
    options = ["-q", "-n", workers, "--dist", "loadgroup"]
    command = [sys.executable, "-m", "pytest", *options, *arguments]
    with subprocess.Popen(command, cwd=ROOT, env=environ) as running:
        try:
            return running.wait(LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            print("\nThe tests hang: their stacks are above.", flush=True)
            return 1
        finally:
            running.kill()


if __name__ == "__main__":
    sys.exit(main())
