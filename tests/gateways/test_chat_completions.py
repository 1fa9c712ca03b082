from __future__ import annotations

from dataclasses import replace

import pytest

from conversations import limits
from conversations.gateways.base import (
    ErrorKind,
    Gateways,
    Route,
    request_bytes,
)
from conversations.gateways.transport import reading
from conversations.wire import FinishReason, Request, ToolCallDelta, Usage
from tests.gateway import TestGateway
from tests.gateways.asking import KEY, ask, ask_model, count_words, request_for


async def test_an_answer_arrives_whole_and_with_its_usage(gateway: TestGateway):
    heard = await ask_model(gateway, "ok:50")

    assert heard.text == "".join(f"t{number} " for number in range(50))
    assert heard.finished.reason is FinishReason.STOP
    assert heard.finished.raw_reason == "stop"
    assert heard.finished.usage == Usage(input_tokens=100, output_tokens=50)
    assert heard.finished.model == "ok:50"


async def test_what_is_sent_is_what_is_hashed(gateway: TestGateway):
    request = request_for(
        "ok", "Grüße “😀”", "An <answer>\n", "Go on", system="Be kind"
    )

    gateways = Gateways(count_words)
    await ask(gateways, Route(gateway.base_url, KEY), request)
    limited = Request(request.model, request.messages, max_output_tokens=7)
    await ask(gateways, Route(gateway.base_url, KEY), limited)
    await gateways.aclose()

    first, second = gateway.requests
    assert first.body == request_bytes("chat_completions", request)
    assert second.body == request_bytes("chat_completions", limited)
    assert second.json["max_completion_tokens"] == 7
    assert first.path == "/v1/chat/completions"
    assert first.headers["authorization"] == f"Bearer {KEY}"


async def test_nothing_of_the_environment_goes_to_a_gateway(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-gateway")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-of-another")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-another")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-another")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Leak: another")

    heard = await ask_model(gateway, "ok", key="")

    headers = gateway.requests[0].headers
    assert heard.text == "t0 t1 t2 t3 t4 "
    assert "authorization" not in headers
    assert "another" not in str(headers)


async def test_one_connection_serves_one_request_after_another(gateway: TestGateway):
    gateways = Gateways(count_words)
    route = Route(gateway.base_url, KEY)

    texts = [(await ask(gateways, route, request_for("ok"))).text for _ in range(3)]

    await gateways.aclose()
    assert texts == ["t0 t1 t2 t3 t4 "] * 3
    assert len({request.client for request in gateway.requests}) == 1


@pytest.mark.parametrize(
    ("model", "reason", "raw"),
    [
        ("length", FinishReason.LENGTH, "length"),
        ("empty-length", FinishReason.CONTEXT, "length"),
        ("filtered", FinishReason.FILTERED, "content_filter"),
        ("refusal", FinishReason.FILTERED, "stop"),
        ("tool-calls", FinishReason.TOOL_CALLS, "tool_calls"),
        ("unknown-reason", FinishReason.STOP, "because"),
        ("cut", FinishReason.CUT, ""),
        ("cut:0", FinishReason.CUT, ""),
        ("empty", FinishReason.CUT, ""),
    ],
)
async def test_each_finish_reason_has_our_word_for_it(
    gateway: TestGateway, model: str, reason: FinishReason, raw: str
):
    heard = await ask_model(gateway, model)

    assert heard.finished.reason is reason
    assert heard.finished.raw_reason == raw


async def test_a_refusal_is_shown(gateway: TestGateway):
    assert (await ask_model(gateway, "refusal")).text == "I would rather not."


async def test_tool_calls_come_in_pieces(gateway: TestGateway):
    heard = await ask_model(gateway, "tool-calls")

    assert heard.calls == [
        ToolCallDelta(0, "call_1", "look", ""),
        ToolCallDelta(0, "", "", '{"up":1}'),
    ]


async def test_reasoning_is_given_once(gateway: TestGateway):
    heard = await ask_model(gateway, "reasoning")

    assert heard.reasoning == "Let me think."
    assert heard.text == "t0 t1 "
    usage = heard.finished.usage
    assert usage is not None
    assert (usage.cached_input_tokens, usage.cache_write_tokens) == (64, 32)
    assert heard.finished.items == ()


async def test_thoughts_inside_the_text_are_none_of_it(gateway: TestGateway):
    heard = await ask_model(gateway, "think-tags")

    assert heard.reasoning.strip() == "Let me think."
    assert heard.text == "t0 t1 "


async def test_signed_thoughts_are_sent_back_as_they_came(gateway: TestGateway):
    gateways = Gateways(count_words)
    route = Route(gateway.base_url, KEY, preset="openrouter")
    first = await ask(gateways, route, request_for("reasoning-details", "Hello"))
    again = request_for("reasoning-details", "Hello", first.text, "Go on")
    items = first.finished.items
    user, reply, question = again.messages
    messages = (user, replace(reply, items=items), question)

    second = await ask(gateways, route, replace(again, messages=messages))

    await gateways.aclose()
    assert [item["type"] for item in items] == ["reasoning.text"]
    assert items[0]["signature"]
    assert second.finished.reason is FinishReason.STOP
    sent = gateway.requests[1].json["messages"]
    assert isinstance(sent, list)
    assert sent[1] == {
        "role": "assistant",
        "content": first.text,
        "reasoning_details": list(items),
    }


async def test_an_answer_that_only_wants_to_call_tools_calls_none(gateway: TestGateway):
    heard = await ask_model(gateway, "tool-calls-none")

    assert heard.calls == []
    assert heard.finished.reason is FinishReason.TOOL_CALLS


async def test_the_pages_an_answer_refers_to_are_known(gateway: TestGateway):
    citations = (await ask_model(gateway, "citations")).finished.citations

    assert len(citations) == 2
    assert all(each.url.startswith("https://") and each.title for each in citations)


async def test_the_model_that_answered_may_be_another(gateway: TestGateway):
    assert (await ask_model(gateway, "ok+echoes")).finished.model == "another-model"


@pytest.mark.parametrize(
    "placement", ["on-finish", "filled", "repeated", "early", "null", "alias"]
)
async def test_usage_is_found_wherever_it_is_told(gateway: TestGateway, placement: str):
    heard = await ask_model(gateway, f"ok:50+usage-{placement}")

    usage = heard.finished.usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (100, 50)


async def test_a_whole_completion_is_understood_though_a_stream_was_asked_for(
    gateway: TestGateway,
):
    heard = await ask_model(gateway, "json")

    assert heard.text == "t0 t1 "
    assert heard.finished.reason is FinishReason.STOP
    assert heard.finished.usage == Usage(input_tokens=100, output_tokens=2)


async def test_what_no_database_takes_is_replaced_and_pairs_cut_in_two_are_joined(
    gateway: TestGateway,
):
    heard = await ask_model(gateway, "nul")

    assert heard.text == "a\ufffdb 😀 \ufffd \ufffdc\nd\n"
    assert heard.finished.reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ("byte-by-byte", "é😀日本 t0 t1 "),
        ("odd-lines", "t0 t1 "),
        ("comments:5@100", "t0 t1 "),
        ("gzip", "t0 "),
        ("no-usage", "t0 t1 t2 "),
        ("lingering", "t0 t1 "),
        ("drop-after-finish", "t0 t1 "),
    ],
)
async def test_a_stream_may_look_odd(gateway: TestGateway, model: str, text: str):
    heard = await ask_model(gateway, model)

    assert heard.text == text
    assert heard.finished.reason is FinishReason.STOP


async def test_a_gateway_that_says_no_more_after_its_finish_reason_is_left(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "AFTER_FINISH_SECONDS", 0.1)

    heard = await ask_model(gateway, "lingering:0")

    assert heard.finished.reason is FinishReason.STOP
    assert gateway.requests[0].wait_until_closed()
    assert gateway.requests[0].hung_up


async def test_the_last_usage_and_the_first_finish_count(gateway: TestGateway):
    finished = (await ask_model(gateway, "usage-everywhere")).finished

    assert finished.reason is FinishReason.STOP
    assert finished.usage == Usage(input_tokens=100, output_tokens=3)


async def test_a_giant_delta_is_taken_whole(gateway: TestGateway):
    heard = await ask_model(gateway, "giant")

    assert len(heard.text) == limits.ANSWER_BYTES
    assert heard.finished.reason is FinishReason.STOP


async def test_an_answer_may_not_grow_without_end(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 20_000)

    heard = await ask_model(gateway, "endless")

    assert heard.error is not None
    assert heard.error.kind is ErrorKind.TOO_LONG
    assert len(heard.text.encode()) == limits.ANSWER_BYTES
    assert gateway.requests[0].wait_until_closed()


async def test_closing_the_generator_closes_the_connection(gateway: TestGateway):
    gateways = Gateways(count_words)
    stream = gateways.stream(Route(gateway.base_url, KEY), request_for("slow"))

    await anext(stream)
    assert not gateway.requests[0].ended.is_set()
    await stream.aclose()

    assert gateway.requests[0].wait_until_closed(1.0)
    assert gateway.requests[0].hung_up
    await gateways.aclose()


async def test_models_are_listed_with_their_windows(gateway: TestGateway):
    gateways = Gateways(count_words)

    listings = await gateways.list_models(Route(gateway.base_url, KEY))

    await gateways.aclose()
    assert {"ok", "slow", "stall"} <= {listing.name for listing in listings}
    assert {listing.window for listing in listings} == {32_000}
    assert gateway.requests[0].headers["authorization"] == f"Bearer {KEY}"
