from __future__ import annotations

import copy
import json
from itertools import pairwise

import pytest

from conversations.gateways.messages.request import render_request
from conversations.wire import Dialect, Json, Request, RequestMessage

TEXT: Json = {"type": "text", "text": "An answer"}
SIGNED: Json = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
OMITTED: Json = {"type": "thinking", "thinking": "", "signature": "b21pdHRlZA=="}
REDACTED: Json = {"type": "redacted_thinking", "data": "cmVkYWN0ZWQ="}
UNSIGNED: Json = {"type": "thinking", "thinking": "Hm.", "signature": ""}
TOOL_CALL: Json = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
MARK: Json = {"type": "ephemeral", "ttl": "1h"}


def user(content: str) -> RequestMessage:
    return RequestMessage("user", content)


def assistant(content: str, *items: Json) -> RequestMessage:
    return RequestMessage("assistant", content, items=items)


def render(
    *messages: RequestMessage,
    most: int | None = None,
    effort: str = "",
    dialect: Dialect | None = None,
) -> Json:
    request = Request("claude", messages, most, effort, "c-1", dialect or Dialect())
    return render_request(request)


def contents(body: Json) -> list[tuple[str, object]]:
    messages = body["messages"]
    assert isinstance(messages, list)
    return [(message["role"], message["content"]) for message in messages]


def said(text: str) -> Json:
    return {"type": "text", "text": text}


SIX_TURNS = (
    RequestMessage("system", "Be “kind”."),
    user("Grüße 😀"),
    assistant("An answer", SIGNED, TEXT),
    user("And?\n"),
    assistant("An answer", OMITTED, TEXT),
    user("More"),
    assistant("From another model"),
    user("Go on"),
    assistant("An answer", REDACTED, SIGNED, TEXT, said("in two")),
    user("Once more"),
    assistant("An answer", UNSIGNED, TEXT),
    user("The sixth"),
)


def test_a_conversation_of_six_turns_has_these_bytes():
    dialect = Dialect(thinking="adaptive", cache="1h")
    body = render(*SIX_TURNS, most=9_000, effort="high", dialect=dialect)

    assert json.dumps(body, ensure_ascii=False, separators=(",", ":")) == (
        '{"model":"claude","max_tokens":9000,"stream":true,'
        '"system":[{"type":"text","text":"Be “kind”.",'
        '"cache_control":{"type":"ephemeral","ttl":"1h"}}],'
        '"messages":['
        '{"role":"user","content":[{"type":"text","text":"Grüße 😀"}]},'
        '{"role":"assistant","content":['
        '{"type":"thinking","thinking":"Hm.","signature":"c2ln"},'
        '{"type":"text","text":"An answer"}]},'
        '{"role":"user","content":[{"type":"text","text":"And?\\n"}]},'
        '{"role":"assistant","content":['
        '{"type":"thinking","thinking":"","signature":"b21pdHRlZA=="},'
        '{"type":"text","text":"An answer"}]},'
        '{"role":"user","content":[{"type":"text","text":"More"}]},'
        '{"role":"assistant","content":[{"type":"text","text":"From another model"}]},'
        '{"role":"user","content":[{"type":"text","text":"Go on"}]},'
        '{"role":"assistant","content":['
        '{"type":"redacted_thinking","data":"cmVkYWN0ZWQ="},'
        '{"type":"thinking","thinking":"Hm.","signature":"c2ln"},'
        '{"type":"text","text":"An answer"},{"type":"text","text":"in two"}]},'
        '{"role":"user","content":[{"type":"text","text":"Once more"}]},'
        '{"role":"assistant","content":[{"type":"text","text":"An answer"}]},'
        '{"role":"user","content":[{"type":"text","text":"The sixth",'
        '"cache_control":{"type":"ephemeral","ttl":"1h"}}]}],'
        '"thinking":{"type":"adaptive","display":"summarized"},'
        '"output_config":{"effort":"high"}}'
    )


def test_a_request_only_grows_from_turn_to_turn():
    dialect = Dialect(cache="1h")
    turns = [render(*SIX_TURNS[:end], dialect=dialect) for end in range(2, 13, 2)]

    for before, after in pairwise(turns):
        earlier, later = contents(before), contents(after)
        newest = earlier[-1][1]
        assert isinstance(newest, list)
        # Markers move and are no part of what a cache compares.
        assert newest[-1].pop("cache_control") == MARK
        assert later[: len(earlier)] == earlier
        assert after["system"] == before["system"]


def test_rendering_changes_nothing_of_what_it_is_given():
    messages = copy.deepcopy(SIX_TURNS)

    first = render(*messages, dialect=Dialect(cache="5m"))
    second = render(*messages, dialect=Dialect(cache="5m"))

    assert first == second
    assert messages == SIX_TURNS


@pytest.mark.parametrize(
    ("cache", "mark"),
    [("5m", {"type": "ephemeral"}), ("1h", MARK)],
)
def test_the_end_of_the_system_prompt_and_the_newest_question_are_marked(
    cache: str, mark: Json
):
    system = RequestMessage("system", "Be kind.")
    dialect = Dialect(cache="5m" if cache == "5m" else "1h")
    body = render(system, system, user("One"), user("Two"), dialect=dialect)

    kind = said("Be kind.")
    assert body["system"] == [kind, kind | {"cache_control": mark}]
    two = said("Two") | {"cache_control": mark}
    assert contents(body) == [("user", [said("One"), two])]


def test_nothing_is_marked_where_markers_are_refused():
    dialect = Dialect(cache="1h", without=frozenset({"cache_control"}))
    body = render(RequestMessage("system", "Kind."), user("Hi"), dialect=dialect)

    assert body["system"] == [said("Kind.")]
    assert contents(body) == [("user", [said("Hi")])]


def test_without_a_system_prompt_there_is_no_system():
    assert "system" not in render(RequestMessage("system", ""), user("Hi"))


@pytest.mark.parametrize(
    ("messages", "sent"),
    [
        (
            [user("a"), user("b"), assistant("c"), assistant("d"), user("e")],
            [("user", "ab"), ("assistant", "cd"), ("user", "e")],
        ),
        ([user("a"), assistant(""), user("b")], [("user", "ab")]),
        ([user("a"), assistant(" \n"), user("b")], [("user", "ab")]),
        ([assistant("a"), user("b")], [("user", "b")]),
        ([user("a"), assistant("b")], [("user", "a")]),
        ([user("a"), assistant("b"), user("")], [("user", "a")]),
        ([], []),
    ],
)
def test_roles_take_turns_from_a_user_to_a_user(
    messages: list[RequestMessage], sent: list[tuple[str, str]]
):
    expected = [(role, [said(letter) for letter in text]) for role, text in sent]

    assert contents(render(*messages)) == expected


@pytest.mark.parametrize(
    ("items", "sent"),
    [
        ((), [said("text")]),
        ((SIGNED, TEXT), [SIGNED, TEXT]),
        ((OMITTED, TEXT), [OMITTED, TEXT]),
        ((REDACTED, TEXT), [REDACTED, TEXT]),
        ((UNSIGNED, TEXT), [TEXT]),
        (({"type": "redacted_thinking", "data": ""}, TEXT), [TEXT]),
        ((SIGNED,), [said("text")]),
        ((SIGNED, UNSIGNED, said(""), said(" \n")), [said("text")]),
        ((SIGNED, said(""), TEXT), [SIGNED, TEXT]),
        ((SIGNED, TOOL_CALL), [said("text")]),
        ((SIGNED, TEXT, TOOL_CALL), [SIGNED, TEXT]),
        (
            (SIGNED, {"type": "text", "text": "a", "citations": [{"x": 1}]}),
            [SIGNED, {"type": "text", "text": "a", "citations": [{"x": 1}]}],
        ),
    ],
)
def test_an_answer_is_given_back_as_it_came_where_its_thinking_is_signed(
    items: tuple[Json, ...], sent: list[Json]
):
    body = render(user("a"), assistant("text", *items), user("b"))

    assert contents(body)[1] == ("assistant", sent)


@pytest.mark.parametrize(
    ("effort", "most", "thinking"),
    [
        ("low", 16_000, {"type": "enabled", "budget_tokens": 2_000}),
        ("", 16_000, {"type": "enabled", "budget_tokens": 4_000}),
        ("medium", 16_000, {"type": "enabled", "budget_tokens": 4_000}),
        ("high", 16_000, {"type": "enabled", "budget_tokens": 8_000}),
        ("max", 128_000, {"type": "enabled", "budget_tokens": 32_000}),
        ("low", None, {"type": "enabled", "budget_tokens": 1_024}),
        ("high", 1_025, {"type": "enabled", "budget_tokens": 1_024}),
        ("high", 1_024, None),
    ],
)
def test_thinking_has_a_budget_within_the_output(
    effort: str, most: int | None, thinking: Json | None
):
    dialect = Dialect(thinking="enabled")
    body = render(user("Hi"), most=most, effort=effort, dialect=dialect)

    assert body.get("thinking") == thinking
    assert "output_config" not in body
    assert body["max_tokens"] == (most or 4_096)


def test_a_model_that_thinks_as_it_likes_is_only_told_how_hard():
    dialect = Dialect(thinking="adaptive")

    plain = render(user("Hi"), dialect=dialect)
    hard = render(user("Hi"), effort="high", dialect=dialect)

    adaptive = {"type": "adaptive", "display": "summarized"}
    assert plain["thinking"] == hard["thinking"] == adaptive
    assert "output_config" not in plain
    assert hard["output_config"] == {"effort": "high"}


def test_nothing_is_sent_that_nobody_asked_for():
    assert render(user("Hi")) == {
        "model": "claude",
        "max_tokens": 4_096,
        "stream": True,
        "messages": [{"role": "user", "content": [said("Hi")]}],
    }


def test_what_ties_and_what_shortens_is_said_where_a_gateway_has_words_for_it():
    body = render(user("Hi"), dialect=Dialect(cache_key="session_id", compresses=True))

    assert body["session_id"] == "c-1"
    assert body["plugins"] == [{"id": "context-compression", "enabled": False}]


@pytest.mark.parametrize("name", ["thinking", "output_config", "session_id", "plugins"])
def test_what_an_endpoint_has_refused_is_left_out(name: str):
    dialect = Dialect(thinking="adaptive", cache_key="session_id", compresses=True)
    refusing = Dialect(
        thinking="adaptive",
        cache_key="session_id",
        compresses=True,
        without=frozenset({name, "model", "messages", "max_tokens", "stream"}),
    )

    everything = render(user("Hi"), effort="low", dialect=dialect)
    less = render(user("Hi"), effort="low", dialect=refusing)

    assert everything.pop(name)
    assert less == everything
