"""From just before a message is posted until the gateway has the whole request."""

from __future__ import annotations

import http.client
import time

from bench.children import fresh_server, make_people, start
from bench.figures import Figure, Goal, percentile
from bench.options import Options
from bench.people import Person, message_form
from bench.watching import watching
from tests.gateway.server import TestGateway

MILLISECONDS = 1000.0
GOAL = Goal(8.0, 15.0)
MODEL = "timed:5@1000"
PATIENCE_SECONDS = 30.0


def measure(options: Options) -> list[Figure]:
    """Send one message after another in one conversation, as one person would.

    Its page is open, and each message waits for the end of the answer before it.
    """
    with TestGateway() as gateway, fresh_server(gateway.base_url, MODEL) as server:
        start(server)
        person = make_people(server, 1)[0]
        waits = _send_all(gateway, person, options.sends + 1)
    first, *rest = waits
    note = f"{options.sends} messages of one conversation"
    return [
        Figure("send", "send → gateway, the very first", first, "ms"),
        Figure("send", "send → gateway p50", percentile(rest, 50), "ms", GOAL, note),
        Figure("send", "send → gateway p95", percentile(rest, 95), "ms", note=note),
    ]


def _send_all(gateway: TestGateway, person: Person, count: int) -> list[float]:
    connection = person.connect()
    try:
        with watching(person) as watch:
            waits = []
            for number in range(count):
                ends = watch.ends
                waits.append(_send(gateway, person, connection, number + 1))
                watch.wait_for_end(ends + 1, PATIENCE_SECONDS)
            return waits
    finally:
        connection.close()


def _send(
    gateway: TestGateway,
    person: Person,
    connection: http.client.HTTPConnection,
    number: int,
) -> float:
    form = message_form(f"Question {number}: how long does it take to get there?")
    began = time.monotonic()
    person.post(connection, person.send_path, form)
    request = gateway.wait_for_request(PATIENCE_SECONDS, number)
    return (request.opened - began) * MILLISECONDS
