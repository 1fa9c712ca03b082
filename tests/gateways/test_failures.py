from __future__ import annotations

import asyncio
import logging
import traceback

import pytest

from conversations import limits
from conversations.gateways.base import ErrorKind, GatewayError, Gateways, Route
from conversations.gateways.retry import Asked, Trim, Wait, next_step
from conversations.wire import FinishReason, Protocol
from tests.gateway import TestGateway
from tests.gateway.envelopes import ENVELOPES, WORDINGS
from tests.gateways.asking import KEY, ask, ask_model, count_words, request_for


@pytest.mark.parametrize(
    ("model", "kind", "status"),
    [
        ("error:400", ErrorKind.BAD_REQUEST, 400),
        ("error:401", ErrorKind.UNAUTHORISED, 401),
        ("error:402", ErrorKind.NO_CREDIT, 402),
        ("error:403", ErrorKind.FORBIDDEN, 403),
        ("error:404", ErrorKind.NOT_FOUND, 404),
        ("error:408", ErrorKind.TIMEOUT, 408),
        ("error:413", ErrorKind.BAD_REQUEST, 413),
        ("error:422", ErrorKind.BAD_REQUEST, 422),
        ("error:429", ErrorKind.RATE_LIMITED, 429),
        ("error:500", ErrorKind.SERVER, 500),
        ("error:503", ErrorKind.SERVER, 503),
        ("error:504", ErrorKind.TIMEOUT, 504),
        ("error:524", ErrorKind.TIMEOUT, 524),
        ("error:529", ErrorKind.OVERLOADED, 529),
        ("quota", ErrorKind.NO_CREDIT, 429),
        ("overflow", ErrorKind.CONTEXT_FULL, 400),
        ("overflow:500", ErrorKind.CONTEXT_FULL, 500),
        ("no-such-model", ErrorKind.NOT_FOUND, 404),
        ("redirect", ErrorKind.REDIRECT, 307),
        ("html:502", ErrorKind.SERVER, 502),
        ("empty:502", ErrorKind.SERVER, 502),
        ("html", ErrorKind.NOT_A_STREAM, None),
        ("json-error", ErrorKind.SERVER, 502),
        ("json-other", ErrorKind.NOT_A_STREAM, None),
        ("reset:0", ErrorKind.UNREACHABLE, None),
    ],
)
async def test_a_refused_request_has_a_kind(
    gateway: TestGateway, model: str, kind: ErrorKind, status: int | None
):
    heard = await ask_model(gateway, model)

    assert heard.deltas == []
    assert heard.error is not None
    assert (heard.error.kind, heard.error.status) == (kind, status)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    ("model", "detail"),
    [
        ("error:500", "The test gateway says 500."),
        ("html:502", "Welcome to the proxy"),
        ("empty:502", "HTTP 502"),
        ("html", "text/html: Welcome to the proxy"),
        ("redirect", "HTTP 307, to /v1/elsewhere"),
    ],
)
async def test_the_detail_is_the_gateways_own_words(
    gateway: TestGateway, model: str, detail: str
):
    error = (await ask_model(gateway, model)).error

    assert error is not None
    assert error.detail == detail


@pytest.mark.parametrize("envelope", sorted(ENVELOPES))
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.BAD_REQUEST),
        (401, ErrorKind.UNAUTHORISED),
        (402, ErrorKind.NO_CREDIT),
        (403, ErrorKind.FORBIDDEN),
        (404, ErrorKind.NOT_FOUND),
        (408, ErrorKind.TIMEOUT),
        (429, ErrorKind.RATE_LIMITED),
        (500, ErrorKind.SERVER),
        (529, ErrorKind.OVERLOADED),
    ],
)
async def test_a_status_means_the_same_in_every_envelope(
    gateway: TestGateway, envelope: str, status: int, kind: ErrorKind
):
    error = (await ask_model(gateway, f"as-{envelope}+error:{status}")).error

    assert error is not None
    assert (error.kind, error.status) == (kind, status)
    assert f"The test gateway says {status}." in error.detail


@pytest.mark.parametrize("wording", sorted({*WORDINGS} - {"ezrouter-silent"}))
async def test_every_wording_of_an_overflow_is_one(gateway: TestGateway, wording: str):
    error = (await ask_model(gateway, f"overflow-{wording}:8192")).error
    silent = {"responses", "large", "too-many"}

    assert error is not None
    assert error.kind is ErrorKind.CONTEXT_FULL
    assert error.window == (None if wording in silent else 8_192)
    assert error.tokens == (None if wording in silent else 8_192 + 13_462)


async def test_an_overflow_that_does_not_say_so_is_told_by_its_size(
    gateway: TestGateway,
):
    error = (await ask_model(gateway, "overflow-ezrouter-silent")).error

    assert error is not None
    for share, step in ((0.95, Trim()), (0.5, Wait(0.5))):
        asked = Asked("ezrouter", Protocol.CHAT_COMPLETIONS, (), share)
        assert next_step(error, asked, lambda: 1.0) == step


@pytest.mark.parametrize(
    ("model", "seconds"),
    [
        ("retry-after:7+error:503", 7.0),
        ("retry-ms:250+error:429", 0.25),
        ("error:429", None),
    ],
)
async def test_when_to_come_back_is_in_the_headers(
    gateway: TestGateway, model: str, seconds: float | None
):
    error = (await ask_model(gateway, model)).error

    assert error is not None
    assert error.retry_after == seconds


async def test_when_to_come_back_may_be_a_date(gateway: TestGateway):
    error = (await ask_model(gateway, "retry-date:30+error:429")).error

    assert error is not None
    assert error.retry_after is not None
    # A date has whole seconds, and some time has passed.
    assert 20 < error.retry_after <= 30


@pytest.mark.parametrize(("word", "retryable"), [("true", True), ("false", False)])
async def test_whether_to_come_back_is_in_the_headers(
    gateway: TestGateway, word: str, retryable: bool
):
    error = (await ask_model(gateway, f"should-retry:{word}+error:500")).error

    assert error is not None
    assert error.retryable is retryable


async def test_an_address_that_is_none_is_not_tried_again():
    gateways = Gateways(count_words)

    heard = await ask(gateways, Route("ftp://127.0.0.1/v1", KEY), request_for("ok"))

    await gateways.aclose()
    assert heard.error is not None
    assert heard.error.retryable is False


@pytest.mark.parametrize(
    ("model", "text", "kind", "detail"),
    [
        ("error", "t0 t1 ", ErrorKind.SERVER, "The test gateway fails in the middle."),
        ("error-openrouter", "t0 ", ErrorKind.SERVER, "Provider disconnected"),
        ("error-litellm", "t0 ", ErrorKind.RATE_LIMITED, "Too busy"),
        ("error-string", "t0 ", ErrorKind.SERVER, "The model crashed"),
        ("error-event", "t0 ", ErrorKind.OVERLOADED, "Overloaded"),
        ("error-event:0", "", ErrorKind.OVERLOADED, "Overloaded"),
        ("error-nested", "t0 ", ErrorKind.OVERLOADED, "Full"),
        ("garbage", "t0 ", ErrorKind.GARBLED, "{oops"),
    ],
)
async def test_an_error_in_the_stream_comes_after_the_text_before_it(
    gateway: TestGateway, model: str, text: str, kind: ErrorKind, detail: str
):
    heard = await ask_model(gateway, model)

    assert heard.text == text
    assert heard.error is not None
    assert (heard.error.kind, heard.error.detail) == (kind, detail)


async def test_a_context_that_overflows_in_the_stream_is_known(gateway: TestGateway):
    error = (await ask_model(gateway, "error-vllm")).error

    assert error is not None
    assert error.kind is ErrorKind.CONTEXT_FULL


@pytest.mark.parametrize("model", ["drop", "reset"])
async def test_a_connection_that_breaks_leaves_the_text_before_it(
    gateway: TestGateway, model: str
):
    heard = await ask_model(gateway, f"{model}:3@50")

    assert heard.text == "t0 t1 t2 "
    assert heard.error is not None
    assert heard.error.kind is ErrorKind.UNREACHABLE
    assert heard.error.detail


@pytest.mark.parametrize(
    ("model", "limit", "kind"),
    [
        ("stall", "GATEWAY_FIRST_BYTE_SECONDS", ErrorKind.TIMEOUT),
        ("stall-headers", "GATEWAY_FIRST_BYTE_SECONDS", ErrorKind.TIMEOUT),
        ("stall:2", "GATEWAY_IDLE_SECONDS", ErrorKind.STALLED),
        ("slow", "GATEWAY_TOTAL_SECONDS", ErrorKind.TIMEOUT),
        ("comments:1000", "GATEWAY_TOTAL_SECONDS", ErrorKind.TIMEOUT),
    ],
)
async def test_silence_has_its_limits(
    gateway: TestGateway,
    monkeypatch: pytest.MonkeyPatch,
    model: str,
    limit: str,
    kind: ErrorKind,
):
    monkeypatch.setattr(limits, "GATEWAY_CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(limits, limit, 0.2)

    heard = await ask_model(gateway, model)

    assert heard.error is not None
    assert heard.error.kind is kind
    assert gateway.requests[0].wait_until_closed(1.0)
    assert gateway.requests[0].hung_up


async def test_comments_are_signs_of_life(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "GATEWAY_FIRST_BYTE_SECONDS", 0.5)
    monkeypatch.setattr(limits, "GATEWAY_IDLE_SECONDS", 0.5)

    heard = await ask_model(gateway, "comments:24@20")

    assert heard.text == "t0 t1 "
    assert heard.finished.reason is FinishReason.STOP


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:1/v1",
        "http://no-such-host.invalid/v1",
        "ftp://127.0.0.1/v1",
    ],
)
async def test_an_address_where_nobody_is_cannot_be_reached(base_url: str):
    gateways = Gateways(count_words)

    heard = await ask(gateways, Route(base_url, KEY), request_for("ok"))

    await gateways.aclose()
    assert heard.error is not None
    assert heard.error.kind is ErrorKind.UNREACHABLE


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        ("http://127.0.0.1:99999999/v1", KEY),
        ("http://[broken/v1", KEY),
        ("{}", "sk-with-a-line-end-0123\r\nX-Injected: yes"),
        ("{}", "sk-with-umlaut-0123-äöü"),
    ],
)
async def test_what_cannot_be_sent_at_all_is_a_bad_request(
    gateway: TestGateway, base_url: str, key: str
):
    gateways = Gateways(count_words)
    route = Route(base_url.format(gateway.base_url), key)

    heard = await ask(gateways, route, request_for("ok"))

    await gateways.aclose()
    assert heard.error is not None
    assert heard.error.kind in {ErrorKind.BAD_REQUEST, ErrorKind.UNREACHABLE}
    assert key not in str(heard.error)
    assert gateway.requests == []


async def test_an_endless_line_is_refused(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "GATEWAY_EVENT_BYTES", 500_000)

    error = (await ask_model(gateway, "endless-line")).error

    assert error is not None
    assert error.kind is ErrorKind.TOO_LONG
    assert gateway.requests[0].wait_until_closed()


async def test_an_endless_error_is_read_in_part(gateway: TestGateway):
    error = (await ask_model(gateway, "endless-error")).error

    assert error is not None
    assert error.kind is ErrorKind.SERVER
    assert len(error.detail) == limits.ERROR_CHARACTERS
    assert gateway.requests[0].wait_until_closed()


@pytest.mark.parametrize("model", ["echo-key", "echo-key-late"])
async def test_the_key_is_in_no_error(
    gateway: TestGateway, caplog: pytest.LogCaptureFixture, model: str
):
    caplog.set_level(logging.DEBUG)

    error = (await ask_model(gateway, model)).error

    assert error is not None
    assert "[key removed]" in error.detail
    said = [str(error), repr(error), str(error.args), caplog.text]
    said += traceback.format_exception(error)
    assert not any(part in text for text in said for part in (KEY, KEY[3:15]))


async def test_the_key_is_in_no_end_of_an_answer(gateway: TestGateway):
    heard = await ask_model(gateway, f"finish-{KEY}")

    assert heard.finished.raw_reason == "[key removed]"


def test_the_key_is_not_in_the_repr_of_a_route():
    assert KEY not in repr(Route("https://gateway.example/v1", KEY))


async def test_a_cancelled_reader_hangs_up(gateway: TestGateway):
    gateways = Gateways(count_words)
    route = Route(gateway.base_url, KEY)
    reader = asyncio.ensure_future(ask(gateways, route, request_for("stall:1")))
    await asyncio.to_thread(gateway.wait_for_request)

    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader

    assert gateway.requests[0].wait_until_closed(1.0)
    assert gateway.requests[0].hung_up
    await gateways.aclose()


async def test_a_list_of_models_can_fail_like_an_answer():
    gateways = Gateways(count_words)

    with pytest.raises(GatewayError) as raised:
        await gateways.list_models(Route("http://127.0.0.1:1/v1", KEY))

    await gateways.aclose()
    assert raised.value.kind is ErrorKind.UNREACHABLE
