"""TCP and TLS by asyncio's own streams.

The HTTP client's default goes through AnyIO, which enters a cancel scope and adds and
removes the socket's reader for each piece of an answer: 40 µs of 100.
"""

# ruff: noqa: ASYNC109  the timeouts are parameters of the interface implemented here
from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.request import getproxies

import httpcore2
import httpx2

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator
    from typing import Any

HAPPY_EYEBALLS_SECONDS = 0.25
LAST_PORT = 65_535


def make_transport() -> httpx2.AsyncBaseTransport | None:
    """Return the transport to gateways; None, the client's own, where proxies are set.

    The pool has no limit of its own: a stream that waits in it would do so silently.
    """
    return None if getproxies() else _Transport()


@lru_cache(maxsize=1)
def _trusting(*_places: str | None) -> ssl.SSLContext:
    """Trust whom these places name: dear to make (25 ms), so once for a process."""
    return httpx2.create_ssl_context()


class _Transport(httpx2.AsyncHTTPTransport):
    def __init__(self) -> None:
        ssl_context = _trusting(
            os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        )
        super().__init__(verify=ssl_context)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            network_backend=_Backend(),
        )


class _Backend(httpcore2.AsyncNetworkBackend):
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        if port > LAST_PORT:
            # asyncio would trip over it.
            raise httpcore2.ConnectError(f"There is no port {port}.")
        with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(
                    host, port, happy_eyeballs_delay=HAPPY_EYEBALLS_SECONDS
                )
        return _Stream(reader, writer)


class _Stream(httpcore2.AsyncNetworkStream):
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if timeout is not None:
            with _mapped(httpcore2.ReadTimeout, httpcore2.ReadError):
                async with asyncio.timeout(timeout):
                    return await self._reader.read(max_bytes)
        # The usual way, once a piece of an answer: our clock watches over it.
        try:
            return await self._reader.read(max_bytes)
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _mapped(httpcore2.WriteTimeout, httpcore2.WriteError):
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()

    async def aclose(self) -> None:
        # Not close(): over TLS that waits for the gateway to say goodbye too.
        self._writer.transport.abort()
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
                async with asyncio.timeout(timeout):
                    await self._writer.start_tls(
                        ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # An idle connection only becomes readable by its end.
            return self._reader.at_eof() or self._reader.exception() is not None
        return self._writer.get_extra_info(info)


@contextmanager
def _mapped(late: type[Exception], broken: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise broken(str(error)) from error
