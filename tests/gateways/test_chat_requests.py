from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.gateways.base import request_bytes
from conversations.wire import Dialect, Json, Request, RequestMessage
from tests.gateways.asking import request_for

DETAIL: Json = {"type": "reasoning.text", "text": "Hm.", "signature": "c2ln"}
TALK = Request(
    "m",
    (
        RequestMessage("system", "Be kind"),
        RequestMessage("user", "Grüße “😀”"),
        RequestMessage("assistant", "An <answer>\n", items=(DETAIL,)),
        RequestMessage("user", "Go on"),
    ),
)
CACHING = Dialect(cache="5m")


def render(request: Request = TALK, **dialect: Any) -> dict[str, Any]:
    if dialect:
        request = replace(request, dialect=Dialect(**dialect))
    body: dict[str, Any] = json.loads(request_bytes("chat_completions", request))
    return body


def test_a_request_is_these_bytes():
    assert request_bytes("chat_completions", TALK).decode() == (
        '{"model":"m","stream":true,"messages":['
        '{"role":"system","content":"Be kind"},'
        '{"role":"user","content":"Grüße “😀”"},'
        '{"role":"assistant","content":"An <answer>\\n","reasoning_details":'
        '[{"type":"reasoning.text","text":"Hm.","signature":"c2ln"}]},'
        '{"role":"user","content":"Go on"}],'
        '"stream_options":{"include_usage":true}}'
    )


@pytest.mark.parametrize(
    ("without", "name"),
    [
        ((), "max_completion_tokens"),
        (("max_completion_tokens",), "max_tokens"),
        (("max_completion_tokens", "max_tokens"), None),
        (("max_tokens",), "max_completion_tokens"),
    ],
)
def test_the_limit_has_the_name_that_is_accepted(
    without: tuple[str, ...], name: str | None
):
    limited = replace(TALK, max_output_tokens=9)

    body = render(limited, without=frozenset(without))

    names = {"max_tokens", "max_completion_tokens"} & body.keys()
    assert names == ({name} if name else set())
    assert {body[name] for name in names} <= {9}


@pytest.mark.parametrize(
    ("field", "parameters"),
    [
        ("reasoning_effort", {"reasoning_effort": "low"}),
        ("reasoning", {"reasoning": {"effort": "low"}}),
    ],
)
def test_the_effort_stands_where_the_gateway_looks_for_it(field: str, parameters: Json):
    asked = render(replace(TALK, effort="low"), effort_field=field)

    assert asked == render() | parameters
    assert render(effort_field=field) == render()


def test_a_conversation_is_tied_to_its_cache_where_there_is_a_name_for_that():
    conversing = replace(TALK, conversation="c1")

    assert render(conversing, cache_key="session_id")["session_id"] == "c1"
    assert render(cache_key="session_id") == render(conversing) == render()


def test_nothing_is_left_out_behind_our_back():
    plugin = {"id": "context-compression", "enabled": False}

    assert render(compresses=True) == render() | {"plugins": [plugin]}


@pytest.mark.parametrize("name", ["stream_options", "plugins", "reasoning"])
def test_what_was_refused_once_is_left_out(name: str):
    eager = Dialect(
        effort_field="reasoning", compresses=True, without=frozenset({name})
    )
    request = replace(TALK, effort="low", dialect=eager)

    assert render(request).keys() == {
        "model", "stream", "messages", "stream_options", "plugins", "reasoning",
    } - {name}  # fmt: skip


def test_a_request_is_one_whatever_was_refused():
    names = frozenset({"model", "messages", "stream"})

    assert render(without=names) == render()


@pytest.mark.parametrize(
    ("lifetime", "mark"),
    [("5m", {"type": "ephemeral"}), ("1h", {"type": "ephemeral", "ttl": "1h"})],
)
def test_the_system_prompt_and_the_newest_question_are_marked(
    lifetime: str, mark: Json
):
    messages = render(cache=lifetime)["messages"]

    assert [message["content"] for message in messages] == [
        [{"type": "text", "text": "Be kind", "cache_control": mark}],
        [{"type": "text", "text": "Grüße “😀”"}],
        [{"type": "text", "text": "An <answer>\n"}],
        [{"type": "text", "text": "Go on", "cache_control": mark}],
    ]
    assert messages[2]["reasoning_details"] == [DETAIL]


@given(contents=st.lists(st.text(), min_size=1, max_size=8), cached=st.booleans())
def test_a_longer_conversation_begins_with_the_bytes_of_the_shorter(
    contents: list[str], cached: bool
):
    dialect = CACHING if cached else Dialect()
    whole = replace(request_for("m", *contents, system="Be kind"), dialect=dialect)
    shorter = replace(whole, messages=whole.messages[:-1])

    before, after = (unmarked(each) for each in (shorter, whole))

    assert after.startswith(before)


def unmarked(request: Request) -> str:
    """Return the messages of a request without marks and without their end."""
    body = request_bytes("chat_completions", request).decode()
    messages = json.loads(body)["messages"]
    return (
        json.dumps(messages)
        .replace(', "cache_control": {"type": "ephemeral"}', "")
        .removesuffix("]")
    )


def test_what_one_side_said_in_a_row_is_one_message_where_roles_must_alternate():
    said = (
        RequestMessage("user", "Is it late?"),
        RequestMessage("user", "I mean, now."),
        RequestMessage("assistant", "No."),
    )

    plain = render(Request("m", said))["messages"]
    merged = render(Request("m", said), alternates=True)["messages"]

    assert [each["role"] for each in plain] == ["user", "user", "assistant"]
    assert merged == [
        {"role": "user", "content": "Is it late?\n\nI mean, now."},
        {"role": "assistant", "content": "No."},
    ]
