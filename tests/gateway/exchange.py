"""One request to the test gateway and the means to answer it, well or badly."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conversations.gateways import demo_wire

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    ended: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def json(self) -> dict[str, object]:
        parsed = json.loads(self.body) if self.body else {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def model(self) -> str:
        return str(self.json.get("model", ""))

    @property
    def messages(self) -> list[dict[str, str]]:
        rows = self.json.get("messages")
        return rows if isinstance(rows, list) else []

    def wait_until_closed(self, timeout: float = 5.0) -> bool:
        """Wait for the end of the answer or of the connection; False if neither."""
        return self.ended.wait(timeout)

    def end(self, *, hung_up: bool) -> None:
        if self.closed is None:
            self.closed = time.monotonic()
            self.hung_up = hung_up
            self.ended.set()


class Exchange:
    """What a scenario writes its answer with. Bodies are chunked."""

    def __init__(
        self,
        request: Recorded,
        transport: asyncio.Transport,
        writable: asyncio.Event,
    ) -> None:
        self.request = request
        self.model = request.model
        self._transport = transport
        self._writable = writable
        # Escaped once, as a server at full speed would.
        head, _, tail = demo_wire.text_chunk(self.model, "\0").partition(b"\\u0000")
        self._head, self._tail = head, tail

    def start(
        self, status: int = 200, content_type: str = demo_wire.STREAM_TYPE, **more: str
    ) -> None:
        lines = [f"HTTP/1.1 {status} -", "transfer-encoding: chunked"]
        if content_type:
            lines.append(f"content-type: {content_type}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
        self._transport.write("\r\n".join([*lines, "", ""]).encode())

    def write(self, data: bytes) -> None:
        self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    async def write_all(self, data: bytes) -> None:
        """Write and wait until the client keeps up."""
        self.write(data)
        await asyncio.sleep(0)
        await self._writable.wait()

    def token(self, text: str) -> None:
        """Write one delta; `text` must need no escaping in JSON."""
        self.request.tokens_sent += 1
        self.write(self._head + text.encode() + self._tail)

    async def tokens(self, count: int, rate: float = 0.0, start: int = 0) -> None:
        """Write `t0 t1 …`, `rate` a second or as fast as the client reads."""
        began = time.monotonic()
        for number in range(start, start + count):
            self.token(f"t{number} ")
            await self.pace(began, number - start + 1, rate)

    async def pace(self, began: float, sent: int, rate: float) -> None:
        due = began + sent / rate if rate else 0.0
        await asyncio.sleep(max(due - time.monotonic(), 0))
        await self._writable.wait()

    def finish(self, reason: str = "stop", **details: object) -> None:
        """Write the finish reason, usage and [DONE]."""
        usage = demo_wire.usage(100, self.request.tokens_sent, **details)
        self.write(demo_wire.chunk(self.model, {}, reason))
        self.write(demo_wire.usage_chunk(self.model, usage))
        self.write(demo_wire.DONE)

    def end(self) -> None:
        """End the body; the connection stays open for another request."""
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
        self._transport.close()

    def reset(self) -> None:
        """Hang up as a crashed machine does: with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    async def hang(self) -> None:
        """Say nothing until the client gives up."""
        await asyncio.Event().wait()
