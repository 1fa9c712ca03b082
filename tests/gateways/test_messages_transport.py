from __future__ import annotations

import subprocess
import sys
from typing import Literal

import pytest

from conversations.gateways.base import ErrorKind, Gateways, Route, request_bytes
from conversations.wire import (
    Counted,
    Dialect,
    FinishReason,
    Protocol,
    Request,
    RequestMessage,
)
from tests.gateway import TestGateway
from tests.gateways.asking import KEY, ask, count_words, request_for

HOSTILE = {
    "ANTHROPIC_API_KEY": "sk-of-another-gateway",
    "ANTHROPIC_AUTH_TOKEN": "token-of-another-gateway",
    "ANTHROPIC_BASE_URL": "http://another.invalid",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Leak: another\nanthropic-version: 1999-01-01",
    "ANTHROPIC_PROFILE": "another",
}


def route_to(
    gateway: TestGateway,
    path: str = "/v1",
    auth: Literal["bearer", "x-api-key"] = "bearer",
    key: str = KEY,
) -> Route:
    base_url = gateway.base_url.removesuffix("/v1") + path
    return Route(base_url, key, Protocol.MESSAGES, "anthropic", auth)


async def test_what_is_sent_is_what_is_hashed(gateway: TestGateway):
    dialect = Dialect(thinking="adaptive", cache="1h")
    conversation = request_for(
        "ok", "Grüße “😀”", "An <answer>\n", "Go on", system="Be kind"
    )
    request = Request("ok", conversation.messages, 4_000, "high", "c-1", dialect)

    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request)
    await gateways.aclose()

    assert heard.text == "t0 t1 t2 t3 t4 "
    assert heard.finished.reason is FinishReason.STOP
    assert gateway.requests[0].body == request_bytes("messages", request)


async def test_the_size_of_the_prompt_is_told_before_the_answer(gateway: TestGateway):
    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request_for("ok"))
    await gateways.aclose()

    (counted,) = [each for each in heard.deltas if isinstance(each, Counted)]
    assert heard.finished.usage is not None
    assert counted.usage.input_tokens == heard.finished.usage.input_tokens
    assert counted.usage.output_tokens is None


async def test_zeros_before_the_answer_are_no_size(gateway: TestGateway):
    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request_for("usage-late+ok"))
    await gateways.aclose()

    assert heard.text
    assert not any(isinstance(each, Counted) for each in heard.deltas)


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/api/v1", "/anthropic/v1", "/v3/compat/v1"]
)
async def test_the_path_is_added_to_whatever_the_base_url_is(
    gateway: TestGateway, path: str
):
    gateways = Gateways(count_words)
    await ask(gateways, route_to(gateway, path), request_for("ok"))
    await gateways.aclose()

    assert gateway.requests[0].method == "POST"
    assert gateway.requests[0].path == path.rstrip("/") + "/messages"


@pytest.mark.parametrize(
    ("auth", "key", "shown"),
    [
        ("bearer", KEY, {"authorization": f"Bearer {KEY}"}),
        ("x-api-key", KEY, {"x-api-key": KEY}),
        ("bearer", "", {}),
        ("x-api-key", "", {}),
    ],
)
async def test_one_header_shows_the_key_and_nothing_of_the_environment_goes_out(
    gateway: TestGateway,
    monkeypatch: pytest.MonkeyPatch,
    auth: Literal["bearer", "x-api-key"],
    key: str,
    shown: dict[str, str],
):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)

    gateways = Gateways(count_words)
    await ask(gateways, route_to(gateway, auth=auth, key=key), request_for("ok"))
    await gateways.aclose()

    headers = gateway.requests[0].headers
    names = ("authorization", "x-api-key")
    assert {name: headers[name] for name in names if name in headers} == shown
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["content-type"] == "application/json"
    assert "another" not in str(headers)


async def test_a_refused_request_is_sent_once_and_explained(gateway: TestGateway):
    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request_for("error:529"))
    await gateways.aclose()

    assert heard.error is not None
    assert heard.error.kind is not ErrorKind.BAD_REQUEST
    assert heard.error.status == 529
    assert len(gateway.requests) == 1


async def test_a_redirect_is_not_followed(gateway: TestGateway):
    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request_for("redirect"))
    await gateways.aclose()

    assert heard.error is not None
    assert heard.error.kind is ErrorKind.REDIRECT
    assert len(gateway.requests) == 1


@pytest.mark.parametrize(
    ("base_url", "key"),
    [
        ("http://127.0.0.1:1/v1", KEY),
        ("http://[broken/v1", KEY),
        ("{}", "sk-with-a-line-end-0123\r\nX-Injected: yes"),
    ],
)
async def test_what_cannot_be_sent_is_an_error_of_ours(
    gateway: TestGateway, base_url: str, key: str
):
    gateways = Gateways(count_words)
    route = Route(base_url.format(gateway.base_url), key, Protocol.MESSAGES)

    heard = await ask(gateways, route, request_for("ok"))

    await gateways.aclose()
    assert heard.error is not None
    assert heard.error.kind in {ErrorKind.BAD_REQUEST, ErrorKind.UNREACHABLE}
    assert key not in str(heard.error)
    assert gateway.requests == []


async def test_closing_the_generator_closes_the_connection(gateway: TestGateway):
    gateways = Gateways(count_words)
    stream = gateways.stream(route_to(gateway), request_for("slow"))

    await anext(stream)
    assert not gateway.requests[0].ended.is_set()
    await stream.aclose()

    assert gateway.requests[0].wait_until_closed(1.0)
    assert gateway.requests[0].hung_up
    await gateways.aclose()


def test_the_sdk_is_not_loaded_before_the_protocol_is_spoken():
    code = (
        "import sys, conversations.gateways.transport.connections as _;"
        "sys.exit('anthropic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("model", "text", "reason", "raw"),
    [
        ("length", "t0 t1 t2 ", FinishReason.LENGTH, "max_tokens"),
        ("empty-length", "", FinishReason.CONTEXT, "max_tokens"),
        ("nothing", "", FinishReason.STOP, "end_turn"),
        ("filtered", "t0 t1 t2 ", FinishReason.FILTERED, "refusal"),
        ("refusal", "I would rather not.", FinishReason.FILTERED, "refusal"),
        ("tool-calls", "", FinishReason.TOOL_CALLS, "tool_use"),
        ("tool-calls-none", "", FinishReason.TOOL_CALLS, "tool_use"),
        ("unknown-reason", "t0 t1 t2 ", FinishReason.STOP, "because"),
        ("cut", "t0 t1 t2 ", FinishReason.CUT, ""),
        ("empty", "", FinishReason.CUT, ""),
        ("nul", "a\ufffdb 😀 \ufffd \ufffdc\nd\n", FinishReason.STOP, "end_turn"),
        ("byte-by-byte", "é😀日本 t0 t1 ", FinishReason.STOP, "end_turn"),
        ("odd-lines", "t0 t1 ", FinishReason.STOP, "end_turn"),
        ("comments:5@100", "t0 t1 ", FinishReason.STOP, "end_turn"),
        ("gzip", "t0 ", FinishReason.STOP, "end_turn"),
        ("json", "t0 t1 ", FinishReason.STOP, "end_turn"),
        ("usage-everywhere", "t0 t1 t2 ", FinishReason.STOP, "end_turn"),
        ("no-usage", "t0 t1 t2 ", FinishReason.STOP, "end_turn"),
        ("drop-after-finish", "t0 t1 ", FinishReason.STOP, "end_turn"),
    ],
)
async def test_each_answer_ends_in_a_state_with_a_name(
    gateway: TestGateway, model: str, text: str, reason: FinishReason, raw: str
):
    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request_for(model))
    await gateways.aclose()

    assert heard.text == text
    assert (heard.finished.reason, heard.finished.raw_reason) == (reason, raw)


@pytest.mark.parametrize(
    ("model", "text", "kind"),
    [
        ("error", "t0 t1 ", ErrorKind.SERVER),
        ("error-litellm", "t0 ", ErrorKind.RATE_LIMITED),
        ("error-string", "t0 ", ErrorKind.SERVER),
        ("error-vllm", "t0 ", ErrorKind.CONTEXT_FULL),
        ("overflow-anthropic", "", ErrorKind.CONTEXT_FULL),
        ("html", "", ErrorKind.NOT_A_STREAM),
        ("json-error", "", ErrorKind.SERVER),
        ("json-other", "", ErrorKind.NOT_A_STREAM),
        ("garbage", "t0 ", ErrorKind.GARBLED),
        ("drop", "t0 t1 t2 ", ErrorKind.UNREACHABLE),
        ("reset", "t0 t1 t2 ", ErrorKind.UNREACHABLE),
    ],
)
async def test_each_failure_has_a_kind_and_leaves_the_text_before_it(
    gateway: TestGateway, model: str, text: str, kind: ErrorKind
):
    gateways = Gateways(count_words)
    heard = await ask(gateways, route_to(gateway), request_for(model))
    await gateways.aclose()

    assert heard.text == text
    assert heard.error is not None
    assert heard.error.kind is kind


@pytest.mark.parametrize("model", ["echo-key", "echo-key-late"])
async def test_the_key_is_in_no_error(gateway: TestGateway, model: str):
    gateways = Gateways(count_words)
    route = route_to(gateway, auth="x-api-key")
    heard = await ask(gateways, route, request_for(model))
    await gateways.aclose()

    assert heard.error is not None
    assert KEY not in str(heard.error)
    assert KEY[3:15] not in str(heard.error)


@pytest.mark.parametrize("model", ["thinking", "thinking-omitted", "redacted"])
async def test_thinking_is_taken_back_as_it_came(gateway: TestGateway, model: str):
    gateways = Gateways(count_words)
    route = route_to(gateway)
    messages = [RequestMessage("user", "Hello")]

    for _ in range(3):
        heard = await ask(gateways, route, Request(model, tuple(messages)))
        assert heard.finished.items
        answer = RequestMessage("assistant", heard.text, items=heard.finished.items)
        messages += [answer, RequestMessage("user", "And?")]

    await gateways.aclose()
    last = gateway.requests[-1].json["messages"]
    assert isinstance(last, list)
    assert last[1]["content"] == list(messages[1].items)


async def test_changed_thinking_is_refused(gateway: TestGateway):
    gateways = Gateways(count_words)
    route = route_to(gateway)
    question = RequestMessage("user", "Hello")

    heard = await ask(gateways, route, Request("thinking", (question,)))
    answer = RequestMessage("assistant", heard.text, items=heard.finished.items)
    other = (RequestMessage("user", "Good day"), answer, question)
    refused = await ask(gateways, route, Request("thinking", other))
    await gateways.aclose()

    assert refused.error is not None
    assert refused.error.kind is ErrorKind.BAD_REQUEST
