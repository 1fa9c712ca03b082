"""The server of the test gateway: one event loop in one thread, no framework."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Self, cast

from tests.gateway.catalogs import find_page
from tests.gateway.exchange import Exchange, Recorded
from tests.gateway.flavours import FLAVOURS, Address, find_address
from tests.gateway.play import count, play
from tests.gateway.state import Hold, State

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from types import TracebackType

    from conversations.wire import Protocol
    from tests.gateway.economy import Economy

START_SECONDS = 60.0


class TestGateway:
    """A gateway on 127.0.0.1, at a free port unless one is given.

    Use it as a context manager. `requests` are all that came, oldest first.
    `flavour` is the gateway it passes for where a path does not say; `auth` how a key
    must be shown (`bearer`, `x-api-key`, or `flavour`: as that gateway wants it), and
    `key` which; `checks` whether requests must be as the real gateways want them.
    With an `economy` it counts tokens, keeps prompts and charges for them; `catalog`
    is the shape of its list of models where that is not the flavour's own.
    """

    __test__ = False

    def __init__(
        self,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        *,
        flavour: str = "compatible",
        auth: str = "",
        key: str = "",
        checks: bool = True,
        economy: Economy | None = None,
        catalog: str = "",
    ) -> None:
        self.flavour = flavour
        self.catalog = catalog
        self.state = State()
        self.state.auth = auth or ("flavour" if key else "")
        self.state.key = key
        self.state.checks = checks
        self.state.economy = economy
        self.requests: list[Recorded] = []
        self.port = port
        self.tls = tls
        self.arrived = threading.Condition()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)

    @property
    def root_url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Where the gateway's own flavour speaks chat completions and more."""
        return f"{self.root_url}/v1"

    def url_for(self, flavour: str, protocol: Protocol) -> str:
        """Return the base URL at which it passes for another gateway."""
        return f"{self.root_url}/{flavour}{FLAVOURS[flavour].prefixes[protocol]}"

    def find_address(self, path: str) -> Address:
        return find_address(path, self.flavour, self.catalog)

    @property
    def economy(self) -> Economy | None:
        """What counts and charges; its clock passes when a test says so."""
        return self.state.economy

    @property
    def spent(self) -> Decimal:
        """What all requests together have cost, in US dollars."""
        with self.arrived:
            usages = [each.usage for each in self.requests if each.usage is not None]
        return sum((each.cost for each in usages if each.cost), Decimal(0))

    def script(self, model: str, *scenarios: str) -> None:
        """Have the next requests for `model` answered by these scenarios, in order."""
        self.state.script(model, scenarios)

    def alias(self, model: str, scenario: str) -> None:
        """Have `model`, whatever its name, answered by this scenario always."""
        self.state.aliases[model] = scenario

    @contextmanager
    def holding(self, model: str, after: int = 0) -> Iterator[None]:
        """Let the answers of `model` wait while this lasts.

        Before their first byte, or `after` so many words, or thoughts, at their pace.
        """
        hold = self.state.holds[model] = Hold(after)
        try:
            yield
        finally:
            del self.state.holds[model]
            assert self._loop is not None
            self._loop.call_soon_threadsafe(hold.gate.set)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(START_SECONDS)
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Hang up on everybody and stop."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def wait_for_request(self, timeout: float = 30.0, count: int = 1) -> Recorded:
        """Return request number `count`, waiting for it if need be."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.requests) >= count, timeout):
                message = f"Request {count} did not come within {timeout:g} s."
                raise TimeoutError(message)
            return self.requests[count - 1]

    def clear(self) -> None:
        """Forget all requests, and whatever they led to."""
        with self.arrived:
            self.requests.clear()
            self.state.clear()

    def record(self, request: Recorded) -> None:
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        connections: set[_Connection] = set()
        self._loop = asyncio.get_running_loop()
        try:
            server = await self._loop.create_server(
                lambda: _Connection(self, connections),
                "127.0.0.1",
                self.port,
                ssl=self.tls,
            )
        except OSError as error:
            self._error = error
            self._ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for connection in list(connections):
            connection.abort()
        # Their transports close in the next turn of the loop.
        await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    def __init__(self, gateway: TestGateway, connections: set[_Connection]) -> None:
        self._gateway = gateway
        self._connections = connections
        self._buffer = b""
        self._request: Recorded | None = None
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._connections.discard(self)
        self._writable.set()
        if self._request is not None:
            self._request.end(hung_up=not self._transport_closed_by_us())
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def abort(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None and (request := self._take_request()) is not None:
            self._request = request
            self._gateway.record(request)
            exchange = Exchange(request, self._transport, self._writable)
            self._task = asyncio.get_running_loop().create_task(self._answer(exchange))

    def _transport_closed_by_us(self) -> bool:
        return self._task is None or self._task.done()

    def _take_request(self) -> Recorded | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        size = int(headers.get("content-length", "0"))
        if len(rest) < size:
            return None
        method, path, _ = first.split(" ", 2)
        self._buffer = rest[size:]
        client = self._transport.get_extra_info("peername")[1]
        return Recorded(method, path, headers, rest[:size], client)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            await self._play(exchange)
        except Exception:
            self.abort()
            raise
        exchange.request.end(hung_up=False)
        self._task = None
        if self._buffer:
            self.data_received(b"")

    async def _play(self, exchange: Exchange) -> None:
        request = exchange.request
        address = self._gateway.find_address(request.path)
        if request.method == "POST" and address.protocol is not None:
            exchange.hold = self._gateway.state.holds.get(request.model)
            await exchange.wait(0)
            await play(exchange, address, self._gateway.state)
        elif request.method == "POST" and address.counts:
            count(exchange, address, self._gateway.state)
        else:
            page = find_page(request, address.path, address.catalog)
            await exchange.rest(page.delay)
            exchange.answer(page.status, page.body, page.content_type)
