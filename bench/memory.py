"""How long the server takes to start and how much memory it then occupies."""

from __future__ import annotations

import time

from bench.children import fresh_server, make_people, start
from bench.figures import Figure, Goal, percentile
from bench.machine import resident_megabytes
from bench.options import Options
from bench.people import message_form
from bench.watching import watching
from tests.gateway.server import TestGateway

LATER_START = Goal(3.0, 3.0)
MEGABYTES = Goal(110.0, 130.0)
MODEL = "timed:50@1000"
REST_SECONDS = 2.0


def measure(options: Options) -> list[Figure]:
    """Start on an empty database, then again and again; look, use, look again."""
    with TestGateway() as gateway, fresh_server(gateway.base_url, MODEL) as server:
        first = start(server)
        person = make_people(server, 1)[0]
        later = []
        for _ in range(options.starts):
            server.terminate()
            later.append(start(server))
        memory = [_rest_and_look(server.pid)]
        person.get("/")
        person.get(person.path)
        memory.append(_rest_and_look(server.pid))
        connection = person.connect()
        with watching(person) as watch:
            person.post(connection, person.send_path, message_form())
            watch.wait_for_end(1, 30)
        connection.close()
        memory.append(_rest_and_look(server.pid))
    return [
        Figure("start", "first start to /healthz, with migrations", first, "s"),
        Figure(
            "start",
            "later start to /healthz",
            percentile(later, 50),
            "s",
            LATER_START,
            f"median of {len(later)}",
        ),
        Figure("memory", "idle, started", memory[0], "MB", MEGABYTES),
        Figure(
            "memory",
            "idle, after two pages, before the first turn",
            memory[1],
            "MB",
            MEGABYTES,
        ),
        Figure("memory", "idle, after the first turn", memory[2], "MB"),
    ]


def _rest_and_look(pid: int) -> float:
    time.sleep(REST_SECONDS)
    return resident_megabytes(pid)
