from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.messages.decoder import MessagesDecoder
from conversations.gateways.messages.request import render_request
from conversations.wire import (
    Citation,
    Finished,
    FinishReason,
    Request,
    RequestMessage,
    Usage,
)
from conversations.wire import ReasoningDelta as Reasoning
from conversations.wire import TextDelta as Text
from conversations.wire import ToolCallDelta as Call
from tests.gateways.decoded import reasoning_of, text_of
from tests.gateways.messages_events import (
    CITED,
    SIGNED,
    STOP,
    STREAM,
    decode,
    delta,
    finish,
    frame,
    read,
    said,
    signed,
    start,
    stopped,
    thought,
    to_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conversations.wire import Json


def test_a_stream_is_understood_whole():
    deltas = read(frame(STREAM))

    assert deltas == [
        Reasoning("Let me "),
        Reasoning("think."),
        Text("Grüße "),
        Text("😀\n"),
        Finished(
            FinishReason.STOP,
            "end_turn",
            Usage(input_tokens=100, cached_input_tokens=90, output_tokens=30),
            "claude-9",
            items=(
                {
                    "type": "thinking",
                    "thinking": "Let me think.",
                    "signature": "c2lnbmF0dXJl",
                },
                {"type": "text", "text": "Grüße 😀\n"},
            ),
            answer_id="msg_1",
        ),
    ]


def test_a_stream_cut_anywhere_is_cut_and_what_came_is_kept():
    stream = frame(STREAM)
    whole = read(stream)
    ended = stream.index(b'"end_turn"')

    for end in range(len(stream)):
        deltas = read(stream[:end])
        last = deltas[-1]
        assert isinstance(last, Finished)
        assert text_of(whole).startswith(text_of(deltas))
        assert reasoning_of(whole).startswith(reasoning_of(deltas))
        assert last.reason is FinishReason.CUT or end > ended
        # Half a thought has no signature, and is not given back.
        signatures = [item.get("signature") for item in last.items]
        assert signatures in ([], ["c2lnbmF0dXJl"], ["c2lnbmF0dXJl", None])


def test_a_stream_split_anywhere_is_the_same():
    stream = frame(STREAM)
    whole = read(stream)

    for middle in range(len(stream)):
        assert read(stream[:middle], stream[middle:]) == whole


@pytest.mark.parametrize("ending", [b"", b"data: [DONE]\n\n", b": bye\n\n"])
def test_events_are_known_by_their_data_alone(ending: bytes):
    lines = [b"data: " + to_bytes(event) + b"\n\n" for event in STREAM]

    assert read(*lines, ending) == read(frame(STREAM))


def test_a_name_will_do_where_the_data_has_no_type():
    decoder = MessagesDecoder()
    event = {"index": 0, "delta": {"type": "text_delta", "text": "a"}}

    assert decoder.decode("content_block_delta", to_bytes(event)) == [Text("a")]


@given(st.text(), st.lists(st.integers(0, 40), max_size=6))
def test_what_is_said_is_what_is_heard(text: str, cuts: list[int]):
    # JSON may cut a pair of surrogates in two.
    units = text.encode("utf-16-le", "surrogatepass")
    places = sorted({0, len(units), *(2 * cut for cut in cuts if 2 * cut < len(units))})
    pieces = [
        units[one:other].decode("utf-16-le", "surrogatepass")
        for one, other in pairwise(places)
    ]

    deltas = decode(
        start(0, "thinking", thinking="", signature=""),
        *[thought(piece) for piece in pieces],
        signed("c2ln"),
        start(1),
        *[said(piece, 1) for piece in pieces],
        stopped("end_turn"),
    )

    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert text_of(deltas) == clean
    assert reasoning_of(deltas) == clean
    last = cast("Finished", deltas[-1])
    if "\0" in text:
        assert last.items == ()
    else:
        assert [last.items[0]["thinking"], last.items[1]["text"]] == [text, text]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.CONTEXT),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("pause_turn", FinishReason.PAUSED),
        ("refusal", FinishReason.FILTERED),
        ("content_filter", FinishReason.FILTERED),
        ("error", FinishReason.ERROR),
        ("compaction", FinishReason.STOP),
        (None, FinishReason.CUT),
    ],
)
def test_stop_reasons_are_mapped_and_kept(raw: str | None, reason: FinishReason):
    for events in ([stopped(raw), STOP], [stopped(raw)]):
        deltas = decode(start(), said("a"), *events)

        assert deltas == [Text("a"), Finished(reason, raw or "")]


def test_the_first_stop_reason_counts():
    last = finish(said("a"), stopped("max_tokens"), stopped("end_turn"))

    assert last == Finished(FinishReason.LENGTH, "max_tokens")


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([], FinishReason.CONTEXT),
        ([start(text="")], FinishReason.CONTEXT),
        ([said("a")], FinishReason.LENGTH),
        ([thought("Hm")], FinishReason.LENGTH),
        ([start(0, "thinking", thinking="")], FinishReason.LENGTH),
        ([start(0, "redacted_thinking", data="x")], FinishReason.LENGTH),
        ([signed("c2ln")], FinishReason.LENGTH),
        ([start(0, "tool_use", id="t", name="look")], FinishReason.LENGTH),
    ],
)
def test_a_bound_reached_with_nothing_made_is_a_full_context(
    events: list[Json], reason: FinishReason
):
    assert finish(*events, stopped("max_tokens")).reason is reason


def test_a_bound_reached_by_hidden_thinking_is_a_length():
    usage = {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 9}}

    assert finish(stopped("max_tokens", usage)).reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("details", "detail"),
    [
        ({"type": "refusal", "category": "cyber"}, "cyber"),
        ({"category": "bio", "explanation": "Too\nharmful."}, "bio: Too harmful."),
        ({"category": None, "explanation": "Harmful."}, "Harmful."),
        ({"category": 7}, ""),
        ({"explanation": "x" * 1_000}, "x" * 500),
        ("cyber", ""),
        (None, ""),
    ],
)
def test_a_refusal_says_why(details: object, detail: str):
    last = finish(said("No."), stopped("refusal", stop_details=details))

    assert last == Finished(FinishReason.FILTERED, "refusal", detail=detail)


def test_calls_come_in_pieces_and_win_over_a_plain_end():
    deltas = decode(
        start(0, text=""),
        said("Let me look."),
        start(1, "tool_use", id="toolu_1", name="look", input={}),
        delta(1, "input_json_delta", partial_json=""),
        delta(1, "input_json_delta", partial_json='{"up":'),
        delta(1, "input_json_delta", partial_json="1}"),
        start(2, "tool_use", id="toolu_2", name="hear", input={"down": 1}),
        stopped("end_turn"),
    )

    assert deltas == [
        Text("Let me look."),
        Call(0, "toolu_1", "look"),
        Call(0, arguments=""),
        Call(0, arguments='{"up":'),
        Call(0, arguments="1}"),
        Call(1, "toolu_2", "hear", '{"down": 1}'),
        Finished(FinishReason.TOOL_CALLS, "end_turn"),
    ]


@pytest.mark.parametrize("make", [said, thought])
def test_an_answer_may_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[str], Json]
):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 4)
    decoder = MessagesDecoder()

    first = decoder.decode("", to_bytes(make("äöü")))
    with pytest.raises(GatewayError) as raised:
        decoder.decode("", to_bytes(make("a")))

    assert [getattr(each, "text", "") for each in first] == ["äö"]
    assert raised.value.kind is ErrorKind.TOO_LONG


@pytest.mark.parametrize(
    ("event", "name", "kind", "detail"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}},
            "error",
            None,
            "Full",
        ),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}},
            "",
            None,
            "Full",
        ),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "Wait"}},
            "error",
            ErrorKind.RATE_LIMITED,
            "Wait",
        ),
        (
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "prompt is too long: 213462 tokens > 200000 maximum",
                },
            },
            "error",
            ErrorKind.CONTEXT_FULL,
            "prompt is too long: 213462 tokens > 200000 maximum",
        ),
        ({"error": {"message": "Gone", "code": "502"}}, "", ErrorKind.SERVER, "Gone"),
        ({"error": "Gone"}, "", ErrorKind.SERVER, "Gone"),
        (
            {"type": "overloaded_error", "message": "Full"},
            "error",
            None,
            "Full",
        ),
        ({"object": "error", "message": "Gone"}, "", ErrorKind.SERVER, "Gone"),
        ("Gone", "error", None, None),
    ],
)
def test_an_error_in_the_stream_is_an_error(
    event: object, name: str, kind: ErrorKind | None, detail: str | None
):
    decoder = MessagesDecoder()
    decoder.decode("", to_bytes(said("a")))

    with pytest.raises(GatewayError) as raised:
        decoder.decode(name, to_bytes(event))

    assert kind in (None, raised.value.kind)
    assert raised.value.kind is not ErrorKind.GARBLED
    assert detail in (None, raised.value.detail)


@pytest.mark.parametrize("data", [b"{oops", b"[]", b"7", b'"text"', b"null", b"\xff"])
def test_what_is_no_event_is_garbled(data: bytes):
    with pytest.raises(GatewayError) as raised:
        MessagesDecoder().decode("message_delta", data)

    assert raised.value.kind is ErrorKind.GARBLED


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": 7},
        {"type": "ping"},
        {"type": "content_block_stop", "index": 0},
        {"type": "vendor_event", "text": "a"},
        {"type": "message_start"},
        {"type": "message_start", "message": "a"},
        {"type": "message_delta", "delta": "a", "usage": "a"},
        {"type": "content_block_start"},
        {"type": "content_block_start", "index": [], "content_block": "a"},
        {"type": "content_block_start", "index": [], "content_block": {}},
        {"type": "content_block_start", "content_block": {"type": [], "text": 7}},
        {"type": "content_block_delta"},
        {"type": "content_block_delta", "index": {}, "delta": {"type": "text_delta"}},
        delta(0, "text_delta", text=7),
        delta(0, "thinking_delta", thinking=None),
        delta(0, "signature_delta", signature=7),
        delta(0, "input_json_delta", partial_json="{}"),
        delta(0, "citations_delta", citation="a"),
        delta(0, "new_delta", text="a"),
    ],
)
def test_what_says_nothing_is_passed_over(event: Json):
    assert decode(event) == [Finished(FinishReason.CUT)]


KINDS = st.sampled_from(
    [
        *("message_start", "message_delta", "message_stop", "message", "ping"),
        *("content_block_start", "content_block_delta", "content_block_stop"),
        *("text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"),
        *("text_delta", "thinking_delta", "signature_delta", "input_json_delta"),
        *("citations_delta", "end_turn", "max_tokens", "refusal"),
    ]
)
FIELDS = st.sampled_from(
    [
        *("type", "index", "message", "delta", "content_block", "content", "usage"),
        *("text", "thinking", "signature", "data", "partial_json", "citation"),
        *("citations", "url", "title", "id", "name", "input", "model"),
        *("stop_reason", "stop_details", "category", "input_tokens", "cost"),
        *("cache_creation", "ephemeral_1h_input_tokens", "output_tokens_details"),
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner),
    max_leaves=20,
)
EVENTS = st.dictionaries(FIELDS, ANYTHING).flatmap(
    lambda event: KINDS.map(lambda kind: event | {"type": kind})
)


@given(st.lists(EVENTS, max_size=8))
def test_nonsense_ends_like_anything_else(events: list[Json]):
    last = finish(*events)

    assert isinstance(last.reason, FinishReason)
    # Whatever is kept can be sent again.
    answer = RequestMessage("assistant", "", items=last.items)
    user = RequestMessage("user", "Hi")
    body = render_request(Request("m", (user, answer, user)))
    assert json.dumps(body, ensure_ascii=False, allow_nan=False).encode()


WHOLE: Json = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-9",
    "content": [
        SIGNED,
        {"type": "text", "text": "One ", "citations": [CITED]},
        {"type": "text", "text": "two."},
    ],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 7, "output_tokens": 3},
}


def test_a_whole_message_is_understood_though_a_stream_was_asked_for():
    decoder = MessagesDecoder()

    deltas = decoder.decode_whole(to_bytes(WHOLE))

    assert decoder.done
    assert deltas == [Reasoning("Hm."), Text("One "), Text("two.")]
    assert decoder.finish() == [
        Finished(
            FinishReason.STOP,
            "end_turn",
            Usage(input_tokens=7, output_tokens=3),
            "claude-9",
            items=tuple(cast("list[Json]", WHOLE["content"])),
            citations=(Citation("https://a.example/", "A"),),
            answer_id="msg_1",
        )
    ]


@pytest.mark.parametrize("content", [None, "text", [7, "text", {}]])
def test_a_whole_message_may_be_empty(content: object):
    expected = replace(finish(WHOLE), items=(), citations=())

    assert decode(WHOLE | {"content": content}) == [expected]


def test_a_whole_error_is_an_error():
    error = {"type": "error", "error": {"type": "api_error", "message": "Gone"}}

    with pytest.raises(GatewayError, match="Gone"):
        MessagesDecoder().decode_whole(to_bytes(error))


def test_after_its_last_event_the_stream_is_done():
    decoder = MessagesDecoder()

    seen = []
    for event in STREAM:
        decoder.decode("", to_bytes(event))
        seen.append((decoder.finished, decoder.done))

    assert seen[-3:] == [(False, False), (True, False), (True, True)]
    assert set(seen[:-2]) == {(False, False)}


def test_done_without_a_stop_reason_is_a_cut():
    decoder = MessagesDecoder()
    decoder.decode("", to_bytes(said("a")))

    assert decoder.decode("", b"[DONE]") == []
    assert decoder.done
    assert decoder.finish() == [Finished(FinishReason.CUT)]
