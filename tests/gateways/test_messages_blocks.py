from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from conversations import limits
from conversations.gateways.decoding import MOST_CALLS
from conversations.gateways.messages.request import render_request
from conversations.wire import (
    Citation,
    Finished,
    FinishReason,
    Request,
    RequestMessage,
)
from conversations.wire import TextDelta as Text
from tests.gateways.decoded import reasoning_of
from tests.gateways.messages_events import (
    CITED,
    OMITTED,
    REDACTED,
    SIGNED,
    STREAM,
    decode,
    delta,
    finish,
    said,
    signed,
    start,
    stopped,
    thought,
)

if TYPE_CHECKING:
    from conversations.wire import Json


def test_a_call_has_no_answer_to_be_given_back_with():
    last = finish(
        start(0, "thinking", thinking="Hm.", signature="c2ln"),
        start(1, "tool_use", id="t", name="look", input={}),
        stopped("tool_use"),
    )

    assert last.items == ()


@pytest.mark.parametrize(
    ("events", "items"),
    [
        ([start(0, "thinking", thinking="Hm", signature="c2ln")], 1),
        ([start(0, "redacted_thinking", data="eA==")], 1),
        ([start(0, "thinking", thinking="", signature=""), signed("c2ln")], 1),
        ([thought("Hm"), signed("c2ln")], 1),
        ([thought("Hm"), signed("c2ln"), signed("")], 1),
        ([thought("Hm"), said("a"), signed("c2ln")], 2),
        ([], 0),
        ([said("a")], 0),
        ([thought("Hm"), said("a", 1)], 0),
        ([thought("Hm"), signed(""), said("a", 1)], 0),
        ([start(0, "thinking", thinking="Hm", signature="")], 0),
        ([start(0, "redacted_thinking", data="")], 0),
        ([start(0, "redacted_thinking", data="\ud83d")], 0),
    ],
)
def test_an_answer_is_kept_whole_where_a_thought_in_it_is_signed(
    events: list[Json], items: int
):
    last = finish(*events, stopped("end_turn"))

    assert len(last.items) == items
    assert all(item.get("signature", "c2ln") == "c2ln" for item in last.items)


def test_blocks_are_kept_as_they_came():
    cited = start(3, text="", citations=None)
    call = start(4, "server_tool_use", id="srv_1", name="web_search", input={})
    found = {"type": "web_search_result", "url": "https://b.example/", "x": 1.5}
    result = start(5, "web_search_tool_result", tool_use_id="srv_1", content=[found])

    last = finish(
        start(0, "thinking", thinking="", signature="", new_field=[1]),
        signed("b21pdHRlZA=="),
        start(1, "redacted_thinking", data="cmVkYWN0ZWQ="),
        start(2, text="One", unknown=True),
        said(" two", 2),
        cited,
        said("three", 3),
        delta(3, "citations_delta", citation=CITED),
        delta(3, "citations_delta", citation=CITED | {"title": "B"}),
        call,
        delta(4, "input_json_delta", partial_json='{"query":'),
        delta(4, "input_json_delta", partial_json='"x"}'),
        result,
        stopped("end_turn"),
    )

    assert last.items == (
        OMITTED | {"new_field": [1]},
        REDACTED,
        {"type": "text", "text": "One two", "unknown": True},
        {
            "type": "text",
            "text": "three",
            "citations": [CITED, CITED | {"title": "B"}],
        },
        {
            "type": "server_tool_use",
            "id": "srv_1",
            "name": "web_search",
            "input": {"query": "x"},
        },
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srv_1",
            "content": [found],
        },
    )
    assert list(last.items[0]) == ["type", "thinking", "signature", "new_field"]


def test_what_a_tool_of_the_gateways_own_was_asked_may_be_broken_off():
    last = finish(
        start(0, "thinking", thinking="Hm.", signature="c2ln"),
        start(1, "server_tool_use", id="srv_1", name="web_search", input={}),
        delta(1, "input_json_delta", partial_json='{"que'),
    )

    assert last.items[1]["input"] == {}


def test_one_thought_and_the_next_have_a_blank_line_between_them():
    deltas = decode(
        start(0, "thinking", thinking="", signature=""),
        thought("One, "),
        thought("two."),
        start(1, "thinking", thinking="", signature=""),
        start(2, "thinking", thinking="", signature=""),
        thought("", 2),
        thought("Three.", 2),
        thought(" Four.", 2),
    )

    assert reasoning_of(deltas) == "One, two.\n\nThree. Four."


def test_what_was_kept_is_sent_back_verbatim():
    items = finish(*STREAM).items

    answer = RequestMessage("assistant", "Grüße 😀\n", items=items)
    question = RequestMessage("user", "Hi")
    body = render_request(Request("claude-9", (question, answer, question)))

    messages = cast("list[Json]", body["messages"])
    assert messages[1] == {"role": "assistant", "content": list(items)}


def test_blocks_are_told_apart_though_all_have_one_number():
    last = finish(
        start(0, "thinking", thinking="", signature=""),
        thought("Hm."),
        signed("c2ln"),
        start(0, text=""),
        said("One"),
        start(0, text=""),
        said("Two"),
        stopped("end_turn"),
    )

    text = {"type": "text"}
    assert last.items == (SIGNED, text | {"text": "One"}, text | {"text": "Two"})


def test_what_is_beyond_keeping_does_not_end_the_answer(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 500)

    deltas = decode(
        start(0, "thinking", thinking="", signature=""),
        signed("x" * 600),
        said("Still here", 1),
        stopped("end_turn"),
    )

    assert deltas == [Text("Still here"), Finished(FinishReason.STOP, "end_turn")]


def test_blocks_without_end_are_not_kept():
    opening = (start(0, "thinking", thinking="", signature=""), signed("c2ln"))
    many = (said("", number) for number in range(5_000))

    assert finish(*opening, *many, stopped("end_turn")).items == ()


def test_calls_without_end_are_left_out():
    many = (start(number, "tool_use", id="a", name="b") for number in range(500))

    deltas = decode(*many, stopped("tool_use"))

    assert len(deltas) == MOST_CALLS + 1


def test_pages_are_named_once_and_in_order():
    last = finish(
        start(0, text="", citations=[CITED]),
        delta(0, "citations_delta", citation=CITED),
        delta(0, "citations_delta", citation={"source": "https://b.example/"}),
        delta(0, "citations_delta", citation={"type": "page_location", "title": "x"}),
        delta(0, "citations_delta", citation={"url": "javascript:alert(1)"}),
    )

    assert last.citations == (
        Citation("https://a.example/", "A"),
        Citation("https://b.example/"),
    )
