"""A real server as a child process, which tests may kill and start again."""

from __future__ import annotations

import atexit
import functools
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.environment import ROOT, clear_configuration
from tests.postgresql import free_port

START_SECONDS = 60.0
STOP_SECONDS = 60.0


class Server:
    """`manage.py serve` on a free port, with a directory and database of its own.

    It outlives kill(): start() again on the same rows, at the same address.
    """

    def __init__(self, place: Path, environ: Mapping[str, str] | None = None) -> None:
        self.place = place
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._environ = child_environ(
            place, {**(environ or {}), "PORT": str(self.port)}
        )

    @property
    def log(self) -> str:
        """Everything the server printed, over all its lives."""
        return self._log_path.read_text(errors="replace")

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def setup_link(self) -> str:
        """The newest one-time set-up link it printed."""
        links: list[str] = re.findall(r"http://\S+/setup/[^\s/]+/?", self.log)
        return links[-1]

    def start(self) -> None:
        """Start the server and return once /healthz answers."""
        self._prepare()
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--migrate"],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_healthy()

    def kill(self) -> None:
        """SIGKILL: the server gets no chance to save anything."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None

    def signal_stop(self) -> None:
        """SIGTERM, without waiting for the end."""
        self._running().send_signal(signal.SIGTERM)

    def terminate(self) -> int:
        """SIGTERM; return the exit code once the server has drained."""
        self.signal_stop()
        return self.wait()

    def wait(self) -> int:
        """Wait for the server to end and return its exit code."""
        code = self._running().wait(STOP_SECONDS)
        self._process = None
        return code

    def restart(self) -> None:
        """Stop the server, if it runs, and start it again."""
        if self._process is not None:
            self.terminate()
        self.start()

    def close(self) -> None:
        """Leave no process behind."""
        if self._process is None:
            return
        try:
            self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()

    def healthy(self) -> bool:
        """Whether /healthz answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    @property
    def _log_path(self) -> Path:
        return self.place / "server.log"

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("The server is not running.")
        return self._process

    def _prepare(self) -> None:
        static = self.place / "static"
        if not static.exists():
            static.symlink_to(collected_static())

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.healthy():
            ended = self._running().poll() is not None
            if ended or time.monotonic() > deadline:
                self._running().kill()
                raise RuntimeError(f"The server did not start:\n{self.log}")
            time.sleep(0.02)


@contextmanager
def running_server(
    place: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a server in the directory `place` and leave none behind."""
    server = Server(place, environ)
    try:
        server.start()
        yield server
    finally:
        server.close()


def child_environ(place: Path, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that keeps its files in `place`."""
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    clear_configuration(environ)
    environ.pop("DJANGO_SETTINGS_MODULE", None)
    return {**environ, "VAR_DIR": str(place), **chosen}


def run_manage(place: Path, *arguments: str) -> str:
    """Run a management command in the directory `place` and return its output."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=child_environ(place, {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@functools.cache
def collected_static() -> Path:
    """Return a directory of static files, collected once for all servers."""
    scratch = tempfile.TemporaryDirectory(prefix="roundtable-static-")
    atexit.register(scratch.cleanup)
    run_manage(Path(scratch.name), "collectstatic", "--noinput", "--verbosity=0")
    return Path(scratch.name) / "static"
