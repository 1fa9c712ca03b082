"""The test gateway counts truthfully, and keeps to windows and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx2
import pytest

from conversations.context.tokens import count
from conversations.wire import Prices, Protocol, Rates, Tier, Usage
from tests.gateway import TestGateway
from tests.gateway.economy import Economy, cost
from tests.gateways.posting import (
    BODIES,
    CHAT,
    MESSAGES,
    RESPONSES,
    chat_body,
    messages_body,
    post,
)

PRICES = Prices(
    Rates(
        input=Decimal(2),
        cached_input=Decimal("0.2"),
        cache_write=Decimal("2.5"),
        cache_write_1h=Decimal(4),
        output=Decimal(10),
    ),
    (Tier(272_000, Rates(input=Decimal(4), output=Decimal(15))),),
)
LONG = "alpha bravo charlie delta echo " * 300


def told(gateway: TestGateway, protocol: Protocol, model: str) -> dict[str, Any]:
    """Return the usage that the last event of a stream tells."""
    events = post(gateway, protocol, model).events
    if protocol is RESPONSES:
        usage = events[-1]["response"]["usage"]
    else:
        usage = next(each["usage"] for each in events[::-1] if "usage" in each)
    assert isinstance(usage, dict)
    return usage


def test_tokens_are_counted_truthfully():
    with TestGateway(economy=Economy(cache="none")) as gateway:
        usage = told(gateway, CHAT, "echo")
        request = gateway.requests[0]

    assert usage["prompt_tokens"] == count("Hello") + 3 + 3
    assert usage["completion_tokens"] == count("Hello")
    assert request.usage == Usage(7, 0, None, None, 1)


def test_a_tokenizer_may_make_more_of_it_and_a_prefix_may_be_hidden():
    with TestGateway(economy=Economy("none", ratio=1.5, hidden=23_000)) as gateway:
        usage = told(gateway, CHAT, "echo")

    assert usage["prompt_tokens"] == 23_000 + 11


@pytest.mark.parametrize("protocol", Protocol)
def test_thoughts_are_part_of_the_output(protocol: Protocol):
    with TestGateway(economy=Economy("none")) as gateway:
        post(gateway, protocol, "thinking")
        usage = gateway.requests[0].usage

    assert usage is not None
    assert usage.reasoning_tokens == count("Let me think.")
    assert usage.output_tokens == count("Let me think.") + count("t0 t1 ")


@pytest.mark.parametrize("protocol", Protocol)
def test_each_protocol_tells_the_same_tokens_in_its_own_way(protocol: Protocol):
    more: dict[str, Any] = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    body = BODIES[MESSAGES]("ok", {"role": "user", "content": LONG})
    with TestGateway(economy=Economy(prices=PRICES)) as gateway:
        if protocol is MESSAGES:
            first, second = (
                post(gateway, MESSAGES, body | more).events[-2]["usage"]
                for _ in range(2)
            )
            prompt = first["input_tokens"] + first["cache_creation_input_tokens"]
            assert first["cache_creation_input_tokens"] > 1_024
            assert second["cache_read_input_tokens"] == prompt - 3
            assert second["input_tokens"] == 3
        else:
            text = {"role": "user", "content": LONG}
            item = {"type": "message", **text}
            body = BODIES[protocol]("ok", item if protocol is RESPONSES else text)
            for _ in range(2):
                events = post(gateway, protocol, body).events
            usage = events[-1].get("usage") or events[-1]["response"]["usage"]
            details = (
                usage.get("prompt_tokens_details") or usage["input_tokens_details"]
            )
            assert details["cached_tokens"] >= 1_024
        truth = gateway.requests[-1].usage

    assert truth is not None
    assert truth.input_tokens is not None
    assert truth.cached_input_tokens is not None
    assert 1_024 <= truth.cached_input_tokens <= truth.input_tokens


def test_the_price_is_of_what_was_read_cached_written_and_said():
    usage = Usage(1_000, 600, 100, 50, 20)

    expected = (
        250 * 2 + 600 * Decimal("0.2") + 100 * Decimal("2.5") + 50 * 4 + 200
    ) / (Decimal(1_000_000))
    assert cost(usage, PRICES) == expected


def test_a_tier_holds_for_the_whole_of_a_request_above_it():
    below = cost(Usage(272_000, 0, output_tokens=0), PRICES)
    above = cost(Usage(272_001, 0, output_tokens=0), PRICES)

    assert below == Decimal("0.544")
    assert above == Decimal("1.088004")


def test_some_tell_what_it_costs_and_all_know():
    with TestGateway(economy=Economy("none", PRICES)) as gateway:
        teller = post(gateway, CHAT, "ok", flavour="openrouter").events[-1]["usage"]
        silent = post(gateway, CHAT, "ok").events[-1]["usage"]
        usages = [request.usage for request in gateway.requests]
        spent = gateway.spent

    reported = Decimal(str(teller["cost"]))
    costs = [usage.cost for usage in usages if usage is not None]
    assert costs == [reported] * 2
    assert "cost" not in silent
    assert spent == reported * 2


def test_a_refused_request_costs_nothing():
    with TestGateway(economy=Economy("none", PRICES)) as gateway:
        post(gateway, CHAT, "error:503")
        post(gateway, CHAT, "window:5")

        assert [request.usage for request in gateway.requests] == [None, None]
        assert gateway.spent == 0


def test_a_header_may_tell_the_cost(gateway: TestGateway):
    assert post(gateway, CHAT, "cost-header:0.5").headers["x-opper-cost"] == "0.5"


@pytest.mark.parametrize(
    ("protocol", "model", "status", "words"),
    [
        (CHAT, "window:2000", 400, "maximum context length is 2000 tokens"),
        (RESPONSES, "window:2000", 400, "exceeds the context window"),
        (MESSAGES, "window:2000", 400, " tokens > 2000 maximum"),
        (
            CHAT,
            "window:2000+says-llamacpp",
            400,
            "available context size (2000 tokens)",
        ),
        (CHAT, "window:2000+says-ezrouter", 500, "上下文"),
        (CHAT, "window:2000+says-litellm", 400, "ContextWindowExceededError"),
    ],
)
def test_more_than_the_window_is_refused_in_true_numbers(
    gateway: TestGateway, protocol: Protocol, model: str, status: int, words: str
):
    body = BODIES[protocol](model)
    fits = post(gateway, protocol, body)
    key = "input" if protocol is RESPONSES else "messages"
    body[key] = [body[key][0] | {"content": LONG * 2}]

    reply = post(gateway, protocol, body)

    assert fits.status == 200
    assert (reply.status, words in reply.error) == (status, True)


def test_llamacpp_names_its_window_beside_the_words(gateway: TestGateway):
    body = chat_body("window:2000+says-llamacpp", {"role": "user", "content": LONG * 2})

    error = post(gateway, CHAT, body).json["error"]

    assert error["type"] == "exceed_context_size_error"
    assert error["n_ctx"] == 2_000
    assert error["n_prompt_tokens"] == count(LONG * 2) + 6


@pytest.mark.parametrize(
    ("flavour", "protocol", "model", "reason", "shortened"),
    [
        ("ollama", CHAT, "window:2000", "stop", True),
        ("openrouter", CHAT, "window:2000", "stop", True),
        ("openrouter", RESPONSES, "window:2000", "incomplete", True),
        ("compatible", CHAT, "truncates:2000", "stop", True),
        ("compatible", CHAT, "full-is-length:2000", "length", True),
    ],
)
def test_some_hide_that_it_was_too_long(
    gateway: TestGateway,
    flavour: str,
    protocol: Protocol,
    model: str,
    reason: str,
    shortened: bool,
):
    body = BODIES[protocol](model)
    key = "input" if protocol is RESPONSES else "messages"
    body[key] = [body[key][0] | {"content": LONG * 2}]

    reply = post(gateway, protocol, body, flavour=flavour)

    assert reply.status == 200
    assert f'"{reason}"' in reply.body.decode()
    assert gateway.requests[-1].shortened is shortened


def test_nothing_is_compressed_that_must_not_be(gateway: TestGateway):
    plugin = {"id": "context-compression", "enabled": False}
    text = {"role": "user", "content": LONG * 2}
    body = chat_body("window:2000", text, plugins=[plugin])

    reply = post(gateway, CHAT, body, flavour="openrouter")

    assert reply.status == 400
    assert reply.json["error"]["metadata"]["error_type"] == "context_length_exceeded"
    assert not gateway.requests[-1].shortened


def test_an_answer_is_no_longer_than_asked_for(gateway: TestGateway):
    events = post(gateway, CHAT, chat_body("ok:50", max_completion_tokens=7)).events

    text = "".join(
        choice["delta"].get("content", "")
        for event in events
        for choice in event["choices"]
    )
    assert text == "t0 t1 t2 t3 t4 t5 t6 "
    assert events[-2]["choices"][0]["finish_reason"] == "length"


def test_prompts_are_counted_for_who_asks(gateway: TestGateway):
    body = messages_body("ok")
    url = f"{gateway.base_url}/messages/count_tokens"

    assert httpx2.post(url, json=body).json() == {"input_tokens": count("Hello") + 6}
