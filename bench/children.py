"""The processes of a measurement: the gateway, the relay, the real server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.machine import server_core
from bench.people import Person
from tests.environment import ROOT
from tests.postgresql import free_port
from tests.servers import Server, collected_static, run_manage

START_SECONDS = 20.0
# One person's browser stands for many, so no limit of one person may be met.
LIMITS = {"RUNNING_PER_USER": "1000", "RUNNING_PER_PROCESS": "1000"}


@contextmanager
def running_upstream() -> Iterator[str]:
    """Run the test gateway in a process of its own; yield its base URL."""
    port = free_port()
    with _running(port, "-m", "tests.gateway", "--port", str(port)):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def running_relay(upstream: str, model: str) -> Iterator[tuple[int, int]]:
    """Run the bare relay on the server's core; yield its port and process id."""
    port = free_port()
    arguments = ["--port", str(port), "--upstream", upstream, "--model", model]
    with server_core():
        relay = _running(port, "-m", "bench.relay", *arguments)
        process = relay.__enter__()
    try:
        yield port, process.pid
    finally:
        relay.__exit__(None, None, None)


@contextmanager
def fresh_server(upstream: str = "", model: str = "") -> Iterator[Server]:
    """Yield a server that is not started yet, with a new directory of its own."""
    environ = dict(LIMITS)
    if upstream:
        environ |= {"OPENAI_API_KEY": "bench", "OPENAI_BASE_URL": upstream}
        environ["OPENAI_MODEL"] = model
    collected_static()
    with tempfile.TemporaryDirectory(prefix="roundtable-bench-") as place:
        server = Server(Path(place), environ)
        try:
            yield server
        finally:
            server.close()


def start(server: Server) -> float:
    """Start a server on its core; return the seconds until /healthz answered."""
    began = time.monotonic()
    with server_core():
        server.start()
    return time.monotonic() - began


def make_people(server: Server, count: int) -> list[Person]:
    """Make people, signed in, on the database of a server."""
    return _prepare(server, f"print_people({count})")


def make_team(server: Server, count: int) -> list[Person]:
    """Make a team, signed in; the conversation of each is the one they share."""
    return _prepare(server, f"print_team({count})")


def make_talks(server: Server, lengths: Sequence[int]) -> list[Person]:
    """Make one person with a conversation of each length; return them by conversation."""
    return _prepare(server, f"print_talks({list(lengths)})")


def _prepare(server: Server, call: str) -> list[Person]:
    code = f"from bench import prepare; prepare.{call}"
    answer = run_manage(server.place, "shell", "--no-imports", "--command", code)
    return [Person(server.port, **row) for row in json.loads(answer)]


@contextmanager
def _running(port: int, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
