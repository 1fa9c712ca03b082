"""The test gateway takes nothing that the real ones would refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from conversations.wire import Protocol
from tests.gateway import TestGateway
from tests.gateways.posting import (
    BODIES,
    CHAT,
    HEADERS,
    MESSAGES,
    RESPONSES,
    asked,
    chat_body,
    messages_body,
    post,
    responses_body,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]

HELLO = {"role": "user", "content": "Hello"}
OF_MODEL = {"role": "assistant", "content": "Yes?"}


def answered(**changes: Any) -> dict[str, Any]:
    """Return an answer as the responses protocol takes it back, with `changes`."""
    part = {"type": "output_text", "text": "Yes?", "annotations": []}
    item = {
        "type": "message",
        "role": "assistant",
        "id": "msg_1",
        "status": "completed",
        "content": [part],
    }
    return {
        name: value for name, value in (item | changes).items() if value is not None
    }


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (responses_body("ok", store=True), "'store' must be false"),
        (responses_body("ok", previous_response_id="resp_1"), "previous_response_id"),
        (responses_body("ok", shoe_size=43), "Unknown parameter: 'shoe_size'"),
        (
            responses_body("ok", asked("A"), answered(id=None), asked("B")),
            "input[1].id",
        ),
        (
            responses_body("ok", asked("A"), answered(status=None), asked("B")),
            "input[1].status",
        ),
        (
            responses_body("ok", asked("A"), answered(id="42"), asked("B")),
            "begins with 'msg'",
        ),
        (
            responses_body("ok", asked("A"), answered(type=None), asked("B")),
            "input[1].type",
        ),
        (
            responses_body(
                "ok", asked("A") | {"content": [{"type": "text", "text": "A"}]}
            ),
            "Invalid value: 'text'",
        ),
        (
            responses_body(
                "ok",
                asked("A"),
                answered(content=[{"type": "output_text", "text": "Yes?"}]),
                asked("B"),
            ),
            "content[0].annotations",
        ),
        (
            responses_body(
                "ok",
                asked("A"),
                {"type": "reasoning", "id": "rs_1", "summary": []},
                answered(),
                asked("B"),
            ),
            "Items are not persisted",
        ),
        ({"model": "ok", "stream": True}, "Missing required parameter: 'input'"),
    ],
)
def test_the_responses_protocol_refuses(
    gateway: TestGateway, body: dict[str, Any], words: str
):
    reply = post(gateway, RESPONSES, body)

    assert reply.status == 400
    assert words in reply.error
    assert gateway.requests[-1].refusal == reply.error


def test_one_gateway_takes_ids_of_any_kind_back(gateway: TestGateway):
    body = responses_body("ok", asked("A"), answered(id="42"), asked("B"))

    assert post(gateway, RESPONSES, body, flavour="openrouter").status == 200
    assert post(gateway, RESPONSES, body, flavour="openai").status == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (messages_body("ok", max_tokens=None), "max_tokens: Field required"),
        (messages_body("ok", OF_MODEL, HELLO), "first message must use the user role"),
        (messages_body("ok", HELLO, OF_MODEL), "must end with a user message"),
        (messages_body("ok", {"role": "user", "content": ""}), "non-empty content"),
        (
            messages_body(
                "ok", {"role": "user", "content": [{"type": "text", "text": ""}]}
            ),
            "non-whitespace text",
        ),
        (messages_body("ok", system=[{"type": "text", "text": " "}]), "system.0"),
        (messages_body("ok", {"role": "system", "content": "Hi"}), "messages.0.role"),
        (messages_body("ok", temperature=1), "`temperature` is deprecated"),
        (messages_body("ok", top_p=1), "`top_p` is deprecated"),
        (
            messages_body("ok", max_completion_tokens=5),
            "Extra inputs are not permitted",
        ),
        (messages_body("ok", HELLO | {"id": "1"}), "messages.0.id: Extra inputs"),
        (
            messages_body("ok", thinking={"type": "enabled", "budget_tokens": 100}),
            "greater than or equal to 1024",
        ),
        (
            messages_body("ok", thinking={"type": "enabled", "budget_tokens": 4_000}),
            "`max_tokens` must be greater",
        ),
        (messages_body("ok", thinking={"type": "deep"}), "thinking.type"),
        (
            messages_body(
                "ok",
                HELLO,
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "x"}],
                },
                HELLO,
            ),
            "signature: Field required",
        ),
        (
            messages_body(
                "ok",
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": "Hello",
                            "cache_control": {"type": "ephemeral"},
                        }
                    ]
                    * 5,
                },
            ),
            "A maximum of 4 blocks",
        ),
    ],
)
def test_the_messages_protocol_refuses(
    gateway: TestGateway, body: dict[str, Any], words: str
):
    reply = post(gateway, MESSAGES, body)

    assert reply.status == 400
    assert words in reply.error
    assert reply.json["type"] == "error"
    assert reply.json["error"]["type"] == "invalid_request_error"


def test_the_messages_protocol_wants_to_know_its_version(gateway: TestGateway):
    reply = post(gateway, MESSAGES, "ok", headers={})

    assert (reply.status, reply.error) == (
        400,
        "anthropic-version: header is required",
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "ok", "messages": []}, "Invalid 'messages'"),
        ({"messages": [HELLO]}, "must provide a model"),
        (chat_body("ok", shoe_size=43), "Unrecognized request argument supplied"),
        (chat_body("ok", HELLO | {"id": "1"}), "messages[0].id"),
        (chat_body("ok", {"role": "bot", "content": "Hi"}), "Invalid value: 'bot'"),
        (chat_body("ok", {"role": "user"}), "messages[0].content"),
        (chat_body("ok", {"role": "user", "content": []}), "empty array"),
    ],
)
def test_chat_completions_refuse(
    gateway: TestGateway, body: dict[str, Any], words: str
):
    reply = post(gateway, CHAT, body)

    assert reply.status == 400
    assert words in reply.error


def test_what_is_no_json_is_refused(gateway: TestGateway):
    assert post(gateway, CHAT, {}).status == 400


def thoughts_of_messages(gateway: TestGateway, model: str) -> list[Row]:
    events = post(gateway, MESSAGES, model).events
    blocks = [each["content_block"] for each in events if "content_block" in each]
    for event in events:
        delta = event.get("delta", {})
        if "signature" in delta:
            blocks[event["index"]]["signature"] = delta["signature"]
        if "thinking" in delta:
            blocks[event["index"]]["thinking"] += delta["thinking"]
    return [block for block in blocks if "thinking" in block["type"]]


def thoughts_of_responses(gateway: TestGateway, model: str) -> list[Row]:
    output = post(gateway, RESPONSES, model).events[-1]["response"]["output"]
    return [item for item in output if item["type"] == "reasoning"]


def thoughts_of_chat(gateway: TestGateway, model: str) -> list[Row]:
    details: dict[int, Row] = {}
    for event in post(gateway, CHAT, model).events:
        for choice in event["choices"]:
            for part in choice["delta"].get("reasoning_details", []):
                known = details.setdefault(part["index"], {"text": ""})
                details[part["index"]] = {
                    **known,
                    **part,
                    "text": known["text"] + part.get("text", ""),
                }
    return list(details.values())


def again(protocol: Protocol, model: str, thoughts: list[Row], past: str) -> Row:
    """Return the next turn's request, with the thoughts of the first given back."""
    text = {"type": "text", "text": "t0 t1 "}
    if protocol is CHAT:
        of_model = {"role": "assistant", "content": "t0 t1 "}
        return chat_body(
            model,
            {"role": "user", "content": past},
            of_model | {"reasoning_details": thoughts},
            HELLO,
        )
    if protocol is RESPONSES:
        return responses_body(model, asked(past), *thoughts, answered(), asked("And?"))
    return messages_body(
        model,
        {"role": "user", "content": past},
        {"role": "assistant", "content": [*thoughts, text]},
        HELLO,
    )


THINKERS: list[tuple[Protocol, str, Callable[[TestGateway, str], list[Row]]]] = [
    (MESSAGES, "thinking", thoughts_of_messages),
    (MESSAGES, "thinking-omitted", thoughts_of_messages),
    (MESSAGES, "redacted", thoughts_of_messages),
    (RESPONSES, "reasoning", thoughts_of_responses),
    (RESPONSES, "reasoning-encrypted", thoughts_of_responses),
    (CHAT, "reasoning-details", thoughts_of_chat),
    (CHAT, "reasoning-encrypted", thoughts_of_chat),
]


@pytest.mark.parametrize(("protocol", "model", "thoughts_of"), THINKERS)
def test_a_thought_is_taken_back_as_it_came_and_where_it_came(
    gateway: TestGateway,
    protocol: Protocol,
    model: str,
    thoughts_of: Callable[[TestGateway, str], list[Row]],
):
    thoughts = thoughts_of(gateway, model)
    assert thoughts

    reply = post(gateway, protocol, again(protocol, model, thoughts, "Hello"))

    assert reply.status == 200


@pytest.mark.parametrize(("protocol", "model", "thoughts_of"), THINKERS)
@pytest.mark.parametrize(
    ("past", "suffix", "words"),
    [
        ("Hello!", "", "what comes before it has changed"),
        ("Hello", ":3", "made by another model"),
    ],
)
def test_a_thought_with_another_past_or_model_is_refused(
    gateway: TestGateway,
    protocol: Protocol,
    model: str,
    thoughts_of: Callable[[TestGateway, str], list[Row]],
    past: str,
    suffix: str,
    words: str,
):
    thoughts = thoughts_of(gateway, model)

    reply = post(gateway, protocol, again(protocol, model + suffix, thoughts, past))

    assert reply.status == 400
    assert words in reply.error


def test_a_signature_of_somebody_else_is_refused(gateway: TestGateway):
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "sig_of_another"}

    reply = post(gateway, MESSAGES, again(MESSAGES, "ok", [thought], "Hello"))

    assert reply.status == 400
    assert "not made by this gateway" in reply.error


def test_a_thought_that_leads_nowhere_is_refused(gateway: TestGateway):
    (thought,) = thoughts_of_responses(gateway, "reasoning")
    body = responses_body("reasoning", asked("Hello"), thought, asked("And?"))

    reply = post(gateway, RESPONSES, body)

    assert reply.status == 400
    assert "without its required following item" in reply.error


@pytest.mark.parametrize("flavour", ["openai", "ezrouter"])
def test_some_take_no_thoughts_back_in_a_chat_completion(
    gateway: TestGateway, flavour: str
):
    thoughts = thoughts_of_chat(gateway, "reasoning-details")
    body = again(CHAT, "reasoning-details", thoughts, "Hello")

    reply = post(gateway, CHAT, body, flavour=flavour)

    assert reply.status == 400
    assert "reasoning_details" in reply.error


def test_moving_a_mark_of_the_cache_changes_no_past(gateway: TestGateway):
    thoughts = thoughts_of_messages(gateway, "thinking")
    body = again(MESSAGES, "thinking", thoughts, "Hello")
    mark = {"cache_control": {"type": "ephemeral"}}
    body["messages"][0]["content"] = [{"type": "text", "text": "Hello"} | mark]

    assert post(gateway, MESSAGES, body).status == 200


@pytest.mark.parametrize(
    ("protocol", "model", "more", "words"),
    [
        (CHAT, "no-stream-options", {"stream_options": {}}, "'stream_options'"),
        (
            CHAT,
            "only-max-tokens",
            {"max_completion_tokens": 5},
            "Use 'max_tokens' instead",
        ),
        (
            CHAT,
            "no-max-tokens",
            {"max_tokens": 5},
            "Use 'max_completion_tokens' instead",
        ),
        (CHAT, "no-effort", {"reasoning_effort": "low"}, "'reasoning_effort'"),
        (CHAT, "rejects:seed", {"seed": 1}, "'seed'"),
        (RESPONSES, "no-include", {"include": []}, "'include'"),
        (RESPONSES, "no-effort", {"reasoning": {"effort": "low"}}, "'reasoning'"),
        (MESSAGES, "no-thinking", {"thinking": {"type": "adaptive"}}, "`thinking`"),
    ],
)
def test_a_model_may_refuse_a_parameter_by_name(
    gateway: TestGateway,
    protocol: Protocol,
    model: str,
    more: dict[str, Any],
    words: str,
):
    refused = post(gateway, protocol, BODIES[protocol](model, **more))
    taken = post(gateway, protocol, BODIES[protocol](model))

    assert (refused.status, taken.status) == (400, 200)
    assert words in refused.error


@pytest.mark.parametrize(
    ("flavour", "protocol", "headers", "status"),
    [
        ("openai", CHAT, {"authorization": "Bearer sk-1"}, 200),
        ("openai", CHAT, {"x-api-key": "sk-1"}, 401),
        ("openai", CHAT, {}, 401),
        ("openai", CHAT, {"authorization": "Bearer sk-2"}, 401),
        ("opper", MESSAGES, {"x-api-key": "sk-1"}, 401),
        ("opper", MESSAGES, {"authorization": "Bearer sk-1"}, 200),
        ("ezrouter", MESSAGES, {"x-api-key": "sk-1"}, 200),
        ("ezrouter", MESSAGES, {"authorization": "Bearer sk-1"}, 200),
        ("anthropic", MESSAGES, {"x-api-key": "sk-1"}, 200),
    ],
)
def test_a_key_is_shown_as_the_gateway_wants_to_see_it(
    flavour: str, protocol: Protocol, headers: dict[str, str], status: int
):
    with TestGateway(key="sk-1") as gateway:
        reply = post(gateway, protocol, "ok", HEADERS | headers, flavour)

    assert reply.status == status


def test_no_gateway_speaks_a_protocol_it_does_not_have(gateway: TestGateway):
    url = f"{gateway.root_url}/ezrouter/v1/responses"

    assert httpx2.post(url, json=responses_body("ok")).status_code == 404


def test_checks_can_be_turned_off():
    with TestGateway(checks=False) as gateway:
        reply = post(gateway, CHAT, chat_body("ok", shoe_size=43))

    assert reply.status == 200
