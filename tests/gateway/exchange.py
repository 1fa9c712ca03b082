"""One request to the test gateway and the means to answer it, well or badly."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from conversations.gateways.demo import wire as demo_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conversations.wire import Usage
    from tests.gateway.asked import Asked
    from tests.gateway.state import Hold
    from tests.gateway.surfaces.writer import Writer


@dataclass(eq=False)
class Recorded:
    """A request as it came. Times are `time.monotonic()`, in seconds.

    `closed` is when the client hung up or the answer had been sent; only in the
    first case `hung_up` is true.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    # The client's port: the same for requests on one connection.
    client: int = 0
    opened: float = field(default_factory=time.monotonic)
    closed: float | None = None
    hung_up: bool = False
    tokens_sent: int = 0
    # The HTTP status of the answer, None while there is none.
    status: int | None = None
    # Why it was refused, "" where it was not.
    refusal: str = ""
    # What it asks, whatever its protocol; None where it asks for no answer.
    asked: Asked | None = None
    # What it truly took, whatever the answer says.
    usage: Usage | None = None
    # Who wrote the answer: its `whole` is all of it in one piece.
    writer: Writer | None = field(default=None, repr=False)
    # Whether the gateway read less than it was sent, and said nothing.
    shortened: bool = False
    ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @cached_property
    def json(self) -> dict[str, object]:
        try:
            parsed = json.loads(self.body) if self.body else {}
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def model(self) -> str:
        return str(self.json.get("model", ""))

    @property
    def messages(self) -> list[dict[str, str]]:
        rows = self.json.get("messages")
        return rows if isinstance(rows, list) else []

    def wait_until_closed(self, timeout: float = 30.0) -> bool:
        """Wait for the end of the answer or of the connection; False if neither."""
        return self.ended.wait(timeout)

    def end(self, *, hung_up: bool) -> None:
        if self.closed is None:
            self.closed = time.monotonic()
            self.hung_up = hung_up
            self.ended.set()


class Exchange:
    """The bytes between the gateway and one client. Bodies are chunked."""

    def __init__(
        self,
        request: Recorded,
        transport: asyncio.Transport,
        writable: asyncio.Event,
    ) -> None:
        self.request = request
        # Sent with every answer.
        self.headers: dict[str, str] = {}
        # Whether nothing more can be written.
        self.over = False
        # What it waits for on its way.
        self.hold: Hold | None = None
        self._transport = transport
        self._writable = writable

    @property
    def started(self) -> bool:
        return self.request.status is not None

    def start(
        self, status: int = 200, content_type: str = demo_wire.STREAM_TYPE, **more: str
    ) -> None:
        self.request.status = status
        lines = [f"HTTP/1.1 {status} -", "transfer-encoding: chunked"]
        if content_type:
            lines.append(f"content-type: {content_type}")
        named = {name.replace("_", "-"): value for name, value in more.items()}
        lines += [f"{name}: {value}" for name, value in (self.headers | named).items()]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def write(self, data: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def write_all(self, data: bytes) -> None:
        """Write and wait until the client keeps up."""
        self.write(data)
        await asyncio.sleep(0)
        await self._writable.wait()

    async def pace(self, began: float, sent: int, rate: float) -> None:
        due = began + sent / rate if rate else 0.0
        await asyncio.sleep(max(due - time.monotonic(), 0))
        await self._writable.wait()
        if sent:
            await self.wait(sent)

    async def wait(self, sent: int) -> None:
        """Wait where answers are held that have come so far."""
        if self.hold is not None and self.hold.after <= sent:
            await self.hold.gate.wait()

    async def rest(self, seconds: float) -> None:
        """Say nothing for a while."""
        await asyncio.sleep(seconds)

    def end(self) -> None:
        """End the body; the connection stays open for another request."""
        self.over = True
        self._transport.write(b"0\r\n\r\n")

    def answer(
        self, status: int, body: bytes, content_type: str = "application/json"
    ) -> None:
        """Write a whole response that is no stream."""
        self.start(status, content_type)
        if body:
            self.write(body)
        self.end()

    def close(self) -> None:
        """Hang up in the middle of the body."""
        self.over = True
        self._transport.close()

    def reset(self) -> None:
        """Hang up as a crashed machine does: with a TCP reset."""
        self.over = True
        linger = struct.pack("ii", 1, 0)
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    async def hang(self) -> None:
        """Say nothing until the client gives up."""
        await asyncio.Event().wait()
