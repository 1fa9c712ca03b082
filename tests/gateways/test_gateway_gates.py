"""The test gateway stops requests, fails a while, and answers as it is told to."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from conversations.wire import Protocol
from tests.gateway import TestGateway
from tests.gateway.envelopes import WORDINGS
from tests.gateway.gates import GATES
from tests.gateway.modifiers import MODIFIERS
from tests.gateway.naming import Part, read_name
from tests.gateway.scenarios import SCENARIOS
from tests.gateways.posting import (
    BODIES,
    CHAT,
    HEADERS,
    MESSAGES,
    RESPONSES,
    chat_body,
    post,
)

NEVER_ENDING = {
    "endless",
    "endless-error",
    "endless-line",
    "lingering",
    "stall",
    "stall-headers",
    "stall-pinging",
    "timed",
}
BROKEN = {"drop", "drop-after-finish", "reset", "redirect"}


def test_a_name_is_read_part_by_part():
    assert read_name("some/model/ok:5@2.5+echoes:gpt-4o+json") == [
        Part("ok", "5", 2.5),
        Part("echoes", "gpt-4o"),
        Part("json"),
    ]


@pytest.mark.parametrize("protocol", Protocol)
def test_a_flaky_model_fails_as_often_as_told_and_then_no_more(
    gateway: TestGateway, protocol: Protocol
):
    statuses = [post(gateway, protocol, "flaky:2").status for _ in range(4)]

    assert statuses == [503, 503, 200, 200]


def test_each_conversation_and_key_is_failed_by_itself(gateway: TestGateway):
    other = chat_body("flaky:1@529", {"role": "user", "content": "Another one"})
    key = HEADERS | {"authorization": "Bearer another"}

    statuses = [
        post(gateway, CHAT, "flaky:1@529").status,
        post(gateway, CHAT, other).status,
        post(gateway, CHAT, "flaky:1@529", key).status,
        post(gateway, CHAT, "flaky:1@529").status,
    ]

    assert statuses == [529, 529, 529, 200]


def test_a_flaky_stream_begins_with_an_error(gateway: TestGateway):
    first, second = (post(gateway, CHAT, "flaky-stream:1") for _ in range(2))

    assert first.status == second.status == 200
    assert [list(event) for event in first.events] == [["error"]]
    assert "t4 " in second.body.decode()


def test_a_flaky_connection_breaks(gateway: TestGateway):
    with pytest.raises(httpx2.HTTPError):
        post(gateway, CHAT, "flaky-reset:1")

    assert post(gateway, CHAT, "flaky-reset:1").status == 200


def test_it_says_when_to_come_back_in_every_way(gateway: TestGateway):
    seconds = post(gateway, CHAT, "error:429+retry-after:3")
    date = post(gateway, CHAT, "error:503+retry-date:60")
    milliseconds = post(gateway, CHAT, "retry-ms:250")
    word = post(gateway, CHAT, "error:500+should-retry:true")
    well = post(gateway, CHAT, "ok+retry-after:3")

    due = parsedate_to_datetime(date.headers["retry-after"]).timestamp()
    assert (seconds.status, seconds.headers["retry-after"]) == (429, "3")
    assert 50 < due - time.time() < 61
    assert milliseconds.headers["retry-after-ms"] == "250"
    assert word.headers["x-should-retry"] == "true"
    assert (well.status, "retry-after" in well.headers) == (200, False)


def test_answers_may_wait(gateway: TestGateway):
    post(gateway, CHAT, "delay:0.2+ok:1")

    request = gateway.requests[0]
    assert request.closed is not None
    assert request.closed - request.opened >= 0.2


def test_requests_for_one_model_can_be_scripted(gateway: TestGateway):
    gateway.script("ok", "length", "filtered", "error:503", "json")

    replies = [post(gateway, CHAT, "ok") for _ in range(5)]

    assert [reply.status for reply in replies] == [200, 200, 503, 200, 200]
    assert '"length"' in replies[0].body.decode()
    assert '"content_filter"' in replies[1].body.decode()
    assert replies[3].json["object"] == "chat.completion"
    assert "t4 " in replies[4].body.decode()


def test_a_header_or_an_alias_says_what_a_name_does_not():
    with TestGateway() as gateway:
        gateway.alias("house-model", "length:1")
        aliased = post(gateway, CHAT, "vendor/house-model")
        by_header = post(gateway, CHAT, "whatever", HEADERS | {"x-scenario": "ok:1"})
        unknown = post(gateway, CHAT, "whatever")

    assert '"length"' in aliased.body.decode()
    assert by_header.status == 200
    assert (unknown.status, unknown.json["error"]["code"]) == (404, "model_not_found")


def test_a_well_known_model_answers_under_its_own_name():
    with TestGateway() as gateway:
        gateway.alias("claude-sonnet-4-6", "thinking")
        events = post(gateway, MESSAGES, "anthropic/claude-sonnet-4-6").events

    assert events[0]["message"]["model"] == "anthropic/claude-sonnet-4-6"
    assert events[2]["content_block"]["type"] == "thinking"


@pytest.mark.parametrize(
    ("envelope", "keys"),
    [
        ("openai", {"message", "type", "param", "code"}),
        ("ezrouter", {"message", "type", "code"}),
        ("openrouter", {"message", "code", "metadata"}),
        ("anthropic", {"message", "type"}),
        ("litellm", {"message", "type", "param", "code"}),
        ("int-code", {"message", "code"}),
    ],
)
def test_a_refusal_comes_in_the_envelope_that_is_named(
    gateway: TestGateway, envelope: str, keys: set[str]
):
    reply = post(gateway, CHAT, f"error:503+as-{envelope}")

    assert reply.status == 503
    assert set(reply.json["error"]) == keys
    assert "The test gateway says 503." in reply.error


def test_some_refusals_are_hardly_any(gateway: TestGateway):
    bodies = {
        name: post(gateway, CHAT, f"error:502+as-{name}").body.decode()
        for name in ("html", "empty", "text", "string", "message", "detail", "vllm")
    }

    assert "<h1>It works</h1>" in bodies["html"]
    assert bodies["empty"] == ""
    assert bodies["text"] == "The test gateway says 502."
    assert bodies["string"] == '{"error":"The test gateway says 502."}'
    assert bodies["message"] == '{"message":"The test gateway says 502."}'
    assert bodies["detail"] == '{"detail":"The test gateway says 502."}'
    assert '"object":"error"' in bodies["vllm"]


@pytest.mark.parametrize(
    ("flavour", "protocol", "kind"),
    [
        ("openai", CHAT, "server_error"),
        ("ezrouter", CHAT, "upstream_error"),
        ("ezrouter", MESSAGES, "api_error"),
        ("openrouter", MESSAGES, "api_error"),
        ("anthropic", MESSAGES, "api_error"),
        ("openai", RESPONSES, "server_error"),
    ],
)
def test_each_gateway_refuses_in_its_own_words(
    gateway: TestGateway, flavour: str, protocol: Protocol, kind: str
):
    reply = post(gateway, protocol, "error:500", flavour=flavour)

    assert (reply.status, reply.json["error"]["type"]) == (500, kind)


def test_openrouter_says_itself_whether_to_come_back(gateway: TestGateway):
    soon = post(gateway, CHAT, "available:3", flavour="openrouter").json["error"]
    never = post(gateway, CHAT, "unavailable", flavour="openrouter").json["error"]

    assert soon["availability"] == {"retryable": True, "retry_after": 3.0}
    assert never["availability"]["retryable"] is False


def test_ezrouter_denies_access_to_models_it_does_not_have(gateway: TestGateway):
    reply = post(gateway, CHAT, "no-such-model", flavour="ezrouter")

    assert (reply.status, reply.json["error"]["code"]) == (403, "access_denied")
    assert reply.headers["x-oneapi-request-id"]


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("name", [*GATES, *MODIFIERS])
def test_each_part_of_a_name_stands_alone_on_each_protocol(
    gateway: TestGateway, protocol: Protocol, name: str
):
    if name in ("flaky-reset", "delay"):
        name = f"{name}:0"

    assert post(gateway, protocol, name).status in (200, 400, 429, 503)


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - NEVER_ENDING))
def test_each_scenario_ends_on_each_protocol(
    gateway: TestGateway, protocol: Protocol, name: str
):
    model = {"slow": "slow:1", "finish-": "finish-odd", "giant": "giant:9"}.get(name)

    try:
        post(gateway, protocol, model or name)
    except httpx2.HTTPError:
        assert name in BROKEN

    assert gateway.requests[0].wait_until_closed()
    assert not gateway.requests[0].hung_up


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("protocol", Protocol)
def test_each_way_to_say_too_long_is_served_on_each_protocol(
    gateway: TestGateway, protocol: Protocol, wording: str
):
    reply = post(gateway, protocol, f"overflow-{wording}:8000")

    assert reply.status >= 400
    assert len(reply.json) >= 1


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("usage-absurd", {"prompt_tokens": -5, "completion_tokens": "many"}),
        ("usage-alias", {"completion_tokens": 2, "output_tokens": 0}),
        ("cost:0.5", {"prompt_tokens": 100, "cost": 0.5}),
    ],
)
@pytest.mark.parametrize("place", ["", "usage-on-finish", "usage-repeated"])
def test_usage_says_what_it_is_told_to(
    gateway: TestGateway, name: str, usage: dict[str, object], place: str
):
    model = "+".join(part for part in (name, "ok:2") if part)
    if place and not name.startswith("usage"):
        model = f"{place}+{model}"

    told = post(gateway, CHAT, model).events[-1]["usage"]

    assert usage.items() <= told.items()


def test_messages_tell_the_input_early_or_late(gateway: TestGateway):
    late = post(gateway, MESSAGES, "usage-late+ok:2").events
    early = post(gateway, MESSAGES, "usage-early+ok:2").events

    def inputs(events: list[dict[str, dict[str, dict[str, int]]]]) -> tuple[int, int]:
        first, last = events[0]["message"]["usage"], events[-2]["usage"]
        return first["input_tokens"], last["input_tokens"]  # type: ignore[return-value]

    assert inputs(late) == (0, 100)
    assert inputs(early) == (100, 0)


def test_usage_is_told_where_it_is_asked_for(gateway: TestGateway):
    body = chat_body("ok", stream_options={"include_usage": True})

    asked = post(gateway, CHAT, body, flavour="openai").events
    silent = post(gateway, CHAT, "ok", flavour="openai").events

    assert "usage" in asked[-1]
    assert all("usage" not in event for event in silent)


def test_a_schema_is_answered_with_what_fits_it(gateway: TestGateway):
    properties = {"title": {"type": "string"}, "tags": {"type": "array", "items": {}}}
    schema = {"type": "object", "properties": properties}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    sent = chat_body("json-valid", response_format=wanted) | {"stream": False}

    choice = post(gateway, CHAT, sent).json["choices"][0]

    assert choice["message"]["content"] == '{"title": "A text", "tags": ["A text"]}'


@pytest.mark.parametrize(
    ("model", "status"),
    [("json-prose", "completed"), ("json-truncated", "incomplete")],
)
def test_json_may_be_wrong_in_the_usual_ways(
    gateway: TestGateway, model: str, status: str
):
    events = post(gateway, RESPONSES, model).events

    assert events[-1]["response"]["status"] == status


def test_a_connection_may_be_closed_after_the_answer(gateway: TestGateway):
    with httpx2.Client() as client:
        for _ in range(2):
            client.post(
                f"{gateway.base_url}/chat/completions", json=BODIES[CHAT]("closes")
            )

    assert len({request.client for request in gateway.requests}) == 2


def test_clearing_forgets_what_was_scripted_and_failed(gateway: TestGateway):
    post(gateway, CHAT, "flaky:1")
    gateway.script("ok", "error:500")

    gateway.clear()

    assert gateway.requests == []
    assert post(gateway, CHAT, "ok").status == 200
    assert post(gateway, CHAT, "flaky:1").status == 503
