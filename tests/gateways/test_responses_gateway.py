from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conversations.gateways.base import Gateways, Route, request_bytes
from conversations.wire import Dialect, FinishReason, RequestMessage, Usage
from tests.gateways.asking import KEY, Heard, ask, count_words, request_for

if TYPE_CHECKING:
    from conversations.wire import Request
    from tests.gateway import TestGateway


async def talk(gateway: TestGateway, *requests: Request) -> list[Heard]:
    gateways = Gateways(count_words)
    route = Route(gateway.base_url, KEY, "responses")
    heard = [await ask(gateways, route, request) for request in requests]
    await gateways.aclose()
    return heard


async def test_what_is_sent_is_what_is_hashed(gateway: TestGateway):
    dialect = Dialect(asks_reasoning=True, cache_key="prompt_cache_key")
    request = request_for(
        "ok", "Grüße “😀”", "An <answer>\n", "Go on", system="Be kind"
    )
    full = replace(
        request,
        max_output_tokens=7,
        effort="low",
        conversation="c1",
        dialect=dialect,
    )

    heard = await talk(gateway, request, full)

    assert [each.text for each in heard] == ["t0 t1 t2 t3 t4 "] * 2
    assert [each.body for each in gateway.requests] == [
        request_bytes("responses", request),
        request_bytes("responses", full),
    ]
    assert {each.path for each in gateway.requests} == {"/v1/responses"}


@pytest.mark.parametrize(
    ("model", "text", "reason"),
    [
        ("ok:3", "t0 t1 t2 ", FinishReason.STOP),
        ("ok:3+no-event-lines", "t0 t1 t2 ", FinishReason.STOP),
        ("ok:3+no-sequence+with-done", "t0 t1 t2 ", FinishReason.STOP),
        ("ok:3+crlf+no-ids", "t0 t1 t2 ", FinishReason.STOP),
        ("ok:3+prose", "t0 t1 t2 ", FinishReason.STOP),
        ("ok:3+json", "t0 t1 t2 ", FinishReason.STOP),
        ("byte-by-byte", "é😀日本 t0 t1 ", FinishReason.STOP),
        ("length:3", "t0 t1 t2 ", FinishReason.LENGTH),
        ("empty-length", "", FinishReason.CONTEXT),
        ("filtered:3", "t0 t1 t2 ", FinishReason.FILTERED),
        ("refusal", "I would rather not.", FinishReason.FILTERED),
        ("refusal+json", "I would rather not.", FinishReason.FILTERED),
        ("tool-calls", "", FinishReason.TOOL_CALLS),
        ("tool-calls+json", "", FinishReason.TOOL_CALLS),
        ("cut:3", "t0 t1 t2 ", FinishReason.CUT),
    ],
)
async def test_an_answer_ends_in_our_words(
    gateway: TestGateway, model: str, text: str, reason: FinishReason
):
    (heard,) = await talk(gateway, request_for(model))

    assert heard.text == text
    assert heard.finished.reason is reason


@pytest.mark.parametrize("style", ["", "+prose", "+json"])
async def test_reasoning_goes_back_to_where_it_came_from(
    gateway: TestGateway, style: str
):
    """The gateway knows its own reasoning again, and that nothing before it changed."""
    request = request_for(f"reasoning{style}", "Hello", system="Be kind")

    (first,) = await talk(gateway, request)
    reply = RequestMessage("assistant", first.text, "0190", first.finished.items)
    more = (reply, RequestMessage("user", "Go on"))
    second, other = await talk(
        gateway,
        replace(request, messages=(*request.messages, *more)),
        replace(request, messages=(RequestMessage("user", "Bye"), *more)),
    )

    assert first.reasoning == "Let me think."
    assert [item["type"] for item in first.finished.items] == ["reasoning", "message"]
    assert second.text == first.text == "t0 t1 "
    assert second.error is None
    assert other.error is not None


async def test_usage_is_heard(gateway: TestGateway):
    (heard,) = await talk(gateway, request_for("ok:3"))

    assert heard.finished.usage == Usage(
        input_tokens=100,
        cached_input_tokens=0,
        cache_write_tokens=0,
        output_tokens=3,
        reasoning_tokens=0,
    )
