from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conversations.gateways.base import request_bytes
from conversations.gateways.presets import dialect_for
from conversations.gateways.responses.request import render_request
from conversations.wire import Abilities, Dialect, Json, Request, RequestMessage
from tests.gateways.responding import message, thought

FIRST, SECOND, THIRD = (f"0190a1b2-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))


def user(content: str) -> RequestMessage:
    return RequestMessage("user", content, "0190a1b2-0000-7000-8000-0000000000ff")


def assistant(content: str, name: str, *items: Json) -> RequestMessage:
    return RequestMessage("assistant", content, name, items)


SEALED = (thought("Hm."), message("Bonjour.", id="msg_9", phase="final_answer"))
SIX_TURNS = Request(
    "gpt-5.5",
    (
        RequestMessage("system", "Be kind."),
        user("Hello"),
        assistant("Hi “you” 😀", FIRST),
        user("In French?"),
        assistant("Bonjour.", SECOND, *SEALED),
        user("More"),
        assistant("Salut", THIRD),
        user("A line\n"),
        assistant("- a\n- b", FIRST[:-1] + "4"),
        user("Why?"),
        assistant("Because.", FIRST[:-1] + "5"),
        user("Thanks"),
    ),
)


def asked(content: str) -> Json:
    parts = [{"type": "input_text", "text": content}]
    return {"type": "message", "role": "user", "content": parts}


def answered(content: str, name: str) -> Json:
    item: Json = {"type": "message", "role": "assistant", "id": name}
    parts = [{"type": "output_text", "text": content, "annotations": []}]
    return item | {"status": "completed", "content": parts}


def test_six_turns_are_sent_whole_and_each_answer_keeps_its_name() -> None:
    system: Json = asked("Be kind.") | {"role": "system"}
    prefix = "msg_0190a1b20000700080000000000000"

    body = {
        "model": "gpt-5.5",
        "stream": True,
        "store": False,
        "input": [
            system,
            asked("Hello"),
            answered("Hi “you” 😀", f"{prefix}01"),
            asked("In French?"),
            *SEALED,
            asked("More"),
            answered("Salut", f"{prefix}03"),
            asked("A line\n"),
            answered("- a\n- b", f"{prefix}04"),
            asked("Why?"),
            answered("Because.", f"{prefix}05"),
            asked("Thanks"),
        ],
    }
    expected = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    assert [request_bytes("responses", SIX_TURNS) for _ in range(2)] == [expected] * 2


def test_the_next_turn_begins_with_the_bytes_of_the_last() -> None:
    shorter = replace(SIX_TURNS, messages=SIX_TURNS.messages[:-4])
    before = request_bytes("responses", shorter)
    after = request_bytes("responses", SIX_TURNS)

    assert before.endswith(b"]}")
    assert after.startswith(before.removesuffix(b"]}") + b",")


def test_an_answer_without_a_name_gets_one_that_does_not_change() -> None:
    request = Request("m", (user("a"), assistant("b", ""), user("c")))

    bodies = [render_request(request), render_request(request)]

    assert bodies[0] == bodies[1]
    assert bodies[0]["input"] == [asked("a"), answered("b", "msg_1"), asked("c")]


def test_what_a_gateway_left_out_of_its_own_message_is_added() -> None:
    bare: Json = {"type": "message", "id": "", "content": [], "phase": "commentary"}
    items = (thought("Hm."), bare, message("b"))

    sent = render_request(Request("m", (assistant("b", FIRST, *items),)))["input"]

    name = "msg_" + FIRST.replace("-", "") + "_1"
    completed = {"id": name, "role": "assistant", "status": "completed"}
    assert sent == [items[0], bare | completed, items[2]]
    assert bare["id"] == ""


def parameters(request: Request) -> Json:
    body = render_request(request)
    usual = ("model", "stream", "store", "input")
    return {key: body[key] for key in body if key not in usual}


HELLO = Request("m", (user("Hello"),))
ENCRYPTED = ["reasoning.encrypted_content"]


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (HELLO, {}),
        (replace(HELLO, max_output_tokens=9), {"max_output_tokens": 9}),
        (replace(HELLO, effort="low"), {"reasoning": {"effort": "low"}}),
        (
            replace(HELLO, effort="low", dialect=Dialect(asks_reasoning=True)),
            {
                "include": ENCRYPTED,
                "reasoning": {"effort": "low", "summary": "auto"},
            },
        ),
        (
            replace(
                HELLO,
                conversation="c1",
                dialect=Dialect(cache_key="prompt_cache_key"),
            ),
            {"prompt_cache_key": "c1"},
        ),
        (replace(HELLO, dialect=Dialect(cache_key="session_id")), {}),
        (
            replace(HELLO, dialect=Dialect(compresses=True)),
            {"plugins": [{"id": "context-compression", "enabled": False}]},
        ),
        (
            replace(HELLO, dialect=Dialect(cache="5m")),
            {"cache_control": {"type": "ephemeral"}},
        ),
        (
            replace(HELLO, dialect=Dialect(cache="1h")),
            {"cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
    ],
)
def test_what_is_asked_for_is_sent(request_: Request, sent: Json) -> None:
    assert parameters(request_) == sent


@pytest.mark.parametrize(
    ("refused", "sent"),
    [
        ("include", {"reasoning": {"effort": "low", "summary": "auto"}}),
        ("reasoning", {"include": ENCRYPTED}),
        (
            "reasoning.summary",
            {"include": ENCRYPTED, "reasoning": {"effort": "low"}},
        ),
        (
            "reasoning.effort",
            {"include": ENCRYPTED, "reasoning": {"summary": "auto"}},
        ),
    ],
)
def test_what_a_gateway_has_refused_is_left_out(refused: str, sent: Json) -> None:
    without = frozenset({refused, "max_output_tokens", "store"})
    dialect = Dialect(asks_reasoning=True, without=without)
    request = replace(HELLO, effort="low", max_output_tokens=9, dialect=dialect)

    assert parameters(request) == sent
    assert "store" not in render_request(request)


@pytest.mark.parametrize("preset", ["openai", "openrouter", "opper", "ollama"])
def test_no_gateway_is_asked_to_remember_or_to_shorten(preset: str) -> None:
    dialect = dialect_for(preset, "responses", "m", Abilities(reasoning=True))

    body = render_request(replace(SIX_TURNS, conversation="c1", dialect=dialect))

    assert body["store"] is False
    assert not {"previous_response_id", "truncation", "instructions"} & set(body)
    assert ("plugins" in body) is (preset == "openrouter")
