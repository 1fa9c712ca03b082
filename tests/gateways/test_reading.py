from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx2
import pytest

from conversations import limits
from conversations.gateways.base import ErrorKind, Gateways, Route
from conversations.gateways.chat_completions.decoder import ChatDecoder
from conversations.gateways.demo import wire as demo_wire
from conversations.gateways.transport import reading
from conversations.wire import Finished, FinishReason, Protocol, Usage
from tests.gateways.asking import KEY, Heard, ask, count_words, request_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateway import TestGateway

every_protocol = pytest.mark.parametrize("protocol", list(Protocol))


class Pieces(httpx2.AsyncByteStream):
    """A body in pieces, the last of them again and again where it is `endless`."""

    def __init__(self, *pieces: bytes, endless: bool = False) -> None:
        self._pieces = pieces
        self._endless = endless

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        while self._endless:
            await asyncio.sleep(0)
            yield self._pieces[-1]


async def read(body: Pieces, headers: dict[str, str] | None = None) -> Finished:
    """Read a stream as it comes from the transport, and return its end."""
    headers = {"content-type": "text/event-stream"} | (headers or {})
    response = httpx2.Response(200, headers=headers, stream=body)
    answer = reading.read_answer(response, reading.Clock(), ChatDecoder())
    *_, finished = [delta async for delta in answer]
    assert isinstance(finished, Finished)
    return finished


async def ask_in(gateway: TestGateway, protocol: Protocol, model: str) -> Heard:
    gateways = Gateways(count_words)
    route = Route(gateway.base_url, KEY, protocol)
    heard = await ask(gateways, route, request_for(model))
    await gateways.aclose()
    return heard


@every_protocol
@pytest.mark.parametrize("model", ["ok:3", "ok:3+json", "ok:3+crlf", "ok:3+pieces"])
async def test_the_content_type_decides_how_an_answer_is_read(
    gateway: TestGateway, protocol: Protocol, model: str
):
    heard = await ask_in(gateway, protocol, model)

    assert heard.text == "t0 t1 t2 "
    assert heard.finished.reason is FinishReason.STOP


@every_protocol
@pytest.mark.parametrize(
    ("model", "text", "kind"),
    [
        ("html", "", ErrorKind.NOT_A_STREAM),
        ("json-other", "", ErrorKind.NOT_A_STREAM),
        ("redirect", "", ErrorKind.REDIRECT),
        ("garbage", "t0 ", ErrorKind.GARBLED),
        ("drop:2@50", "t0 t1 ", ErrorKind.UNREACHABLE),
    ],
)
async def test_what_is_no_answer_has_a_name_and_keeps_the_text(
    gateway: TestGateway, protocol: Protocol, model: str, text: str, kind: ErrorKind
):
    heard = await ask_in(gateway, protocol, model)

    assert heard.text == text
    assert heard.error is not None
    assert heard.error.kind is kind
    assert KEY not in f"{heard.error!r}"


@every_protocol
async def test_an_endless_answer_ends_at_its_limit(
    gateway: TestGateway, protocol: Protocol, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 20_000)

    heard = await ask_in(gateway, protocol, "endless")

    assert heard.error is not None
    assert heard.error.kind is ErrorKind.TOO_LONG
    assert len(heard.text) == 20_000
    assert gateway.requests[0].wait_until_closed()


@every_protocol
async def test_a_giant_delta_is_taken_whole(gateway: TestGateway, protocol: Protocol):
    heard = await ask_in(gateway, protocol, "giant")

    assert len(heard.text) == limits.ANSWER_BYTES
    assert heard.finished.reason is FinishReason.STOP


@every_protocol
async def test_usage_that_is_absurd_is_not_believed(
    gateway: TestGateway, protocol: Protocol
):
    usage = (await ask_in(gateway, protocol, "ok+usage-absurd")).finished.usage

    assert usage in (None, Usage())


@every_protocol
@pytest.mark.parametrize(
    ("header", "cost"),
    [
        ("ok+cost-header:0.25", Decimal("0.25")),
        ("ok+cost-header-litellm:0.5", Decimal("0.5")),
        ("ok+cost-header-litellm:0.0", None),
        ("ok+cost-header:-1", None),
        ("ok+cost-header:nan", None),
    ],
)
async def test_a_cost_in_a_header_counts_unless_it_is_none(
    gateway: TestGateway, protocol: Protocol, header: str, cost: Decimal | None
):
    usage = (await ask_in(gateway, protocol, header)).finished.usage

    assert usage is not None
    assert usage.cost == cost


STOP = b'data: {"choices":[{"finish_reason":"stop"}]}\n\n'


@pytest.mark.parametrize("end", [STOP, b"data: [DONE]\n\n"])
async def test_pings_after_the_end_do_not_keep_an_answer_open(
    monkeypatch: pytest.MonkeyPatch, end: bytes
):
    monkeypatch.setattr(reading, "AFTER_FINISH_SECONDS", 0.1)

    async with asyncio.timeout(2):
        finished = await read(Pieces(STOP, end, b": ping\n\n", endless=True))

    assert finished.reason is FinishReason.STOP


async def test_what_only_the_headers_tell_is_taken_from_there():
    headers = {"x-generation-id": "gen-1", "x-opper-cost": "0.1"}

    finished = await read(Pieces(STOP), headers)

    assert finished.answer_id == "gen-1"
    assert finished.usage == Usage(cost=Decimal("0.1"))


async def test_what_the_answer_says_itself_counts_more_than_its_headers():
    headers = {"x-generation-id": "gen-1", "x-opper-cost": "0.1"}
    chunk = {"id": "a", "usage": {"cost": 2}, "choices": [{"finish_reason": "stop"}]}

    finished = await read(Pieces(demo_wire.event(chunk)), headers)

    assert (finished.answer_id, finished.usage) == ("a", Usage(cost=Decimal(2)))
