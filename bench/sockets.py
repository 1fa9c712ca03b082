"""The client's half of a WebSocket (RFC 6455), with as little work as possible.

Whatever the client needs is lateness that is not the server's.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable, Mapping

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
HANDSHAKE_SECONDS = 30.0
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n{headers}\r\n"
)


class Socket(asyncio.Protocol):
    """Calls `take(text, received)` with every text frame and its monotonic time."""

    def __init__(self, request: bytes, take: Callable[[str, float], None]) -> None:
        loop = asyncio.get_running_loop()
        self._request = request
        self._take = take
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("hung up in the handshake"))
        self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self.opened.done() and not self._read_handshake():
            return
        while (frame := self._next_frame()) is not None:
            self._handle(*frame, now)

    def send(self, text: str) -> None:
        """Send a text frame."""
        self._write(TEXT, text.encode())

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _read_handshake(self) -> bool:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        self._buffer = rest
        if b" 101 " not in head[:20]:
            self.opened.set_exception(ConnectionError(head[:200].decode()))
            return False
        self.opened.set_result(None)
        return True

    def _next_frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 127, 2
        if size == 126:
            start = 4
        elif size == 127:
            start = 10
        if len(buffer) < start:
            return None
        if start > 2:
            size = int.from_bytes(buffer[2:start])
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0] & 15, buffer[start : start + size]

    def _handle(self, kind: int, payload: bytes, now: float) -> None:
        if kind == TEXT:
            self._take(payload.decode(), now)
        elif kind == PING:
            self._write(PONG, payload)
        elif kind == CLOSE:
            self.close()

    def _write(self, kind: int, payload: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        size = len(payload)
        head = bytes((128 | kind, 128 | size))
        if size > 125:
            head = struct.pack("!BBH", 128 | kind, 128 | 126, size)
        # A mask of zeros leaves the payload as it is.
        self._transport.write(head + b"\0\0\0\0" + payload)


async def open_socket(
    port: int,
    path: str,
    take: Callable[[str, float], None],
    headers: Mapping[str, str] | None = None,
) -> Socket:
    """Open a WebSocket at 127.0.0.1; raises ConnectionError where it is refused."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    request = HANDSHAKE.format(path=path, port=port, headers=lines).encode()
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: Socket(request, take), "127.0.0.1", port
    )
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        await socket.opened
    return socket
