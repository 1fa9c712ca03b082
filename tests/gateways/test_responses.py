from __future__ import annotations

import json
from decimal import Decimal

import pytest

from conversations import limits
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.responses.decoder import ResponsesDecoder
from conversations.wire import (
    Citation,
    Finished,
    FinishReason,
    Json,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from tests.gateways.decoded import reasoning_of, text_of
from tests.gateways.responding import (
    decode,
    done,
    end,
    finish,
    message,
    of,
    read,
    say,
    stream,
    thought,
)

SUMMARY = "reasoning_summary_text.delta"


def think(text: object, part: int = 0, index: int = 0, kind: str = SUMMARY) -> Json:
    return of(kind, output_index=index, summary_index=part, delta=text)


def test_an_answer_is_read_from_beginning_to_end() -> None:
    response: Json = {"id": "resp_1", "model": "alias", "status": "in_progress"}
    begun = [of(kind, response=response) for kind in ("created", "in_progress")]
    item = message("Hello there")
    usage = {"input_tokens": 9, "output_tokens": 2}

    deltas = decode(
        *begun,
        of("output_item.added", output_index=0, item=message("", content=[])),
        of("content_part.added", output_index=0, part={"type": "output_text"}),
        say("Hello"),
        say(" there"),
        of("output_text.done", output_index=0, text="Hello there"),
        of("content_part.done", output_index=0, part=item["content"]),
        done(item),
        end(item, usage=usage, id="resp_1", model="gpt-5.5-2026-04-01"),
    )

    assert deltas == [
        TextDelta("Hello"),
        TextDelta(" there"),
        Finished(
            FinishReason.STOP,
            "completed",
            Usage(input_tokens=9, output_tokens=2),
            "gpt-5.5-2026-04-01",
            answer_id="resp_1",
        ),
    ]


@pytest.mark.parametrize("kind", ["output_text.delta", "content_part.delta"])
@pytest.mark.parametrize("last", ["completed", "done"])
@pytest.mark.parametrize("delta", ["Hi", {"type": "output_text", "text": "Hi"}])
def test_events_go_by_two_sets_of_names(kind: str, last: str, delta: object) -> None:
    deltas = decode(
        of("debug", debug={"echo": True}),
        of(kind, delta=delta),
        of(last, response={"model": "m"}),
    )

    assert deltas == [
        TextDelta("Hi"),
        Finished(FinishReason.STOP, "completed", None, "m"),
    ]


def test_a_text_under_two_names_is_given_once() -> None:
    pairs = [
        event
        for word in ("a ", "b ")
        for event in (of("content_part.delta", delta=word), say(word))
    ]

    assert text_of(decode(*pairs, end())) == "a b "


@pytest.mark.parametrize("named", [True, False])
def test_an_event_needs_no_name_beside_its_type(named: bool) -> None:
    deltas = read(
        stream(say("Hi"), end(message("Hi")), named=named) + b"data: [DONE]\n"
    )

    assert deltas == [TextDelta("Hi"), Finished(FinishReason.STOP, "completed")]


def test_an_event_needs_no_type_beside_its_name() -> None:
    data = b'event: response.output_text.delta\ndata: {"delta":"Hi"}\n\n'

    assert text_of(read(data)) == "Hi"


def test_what_comes_after_the_last_event_is_ignored() -> None:
    decoder = ResponsesDecoder()
    last = json.dumps(end(message("a"))).encode()

    heard = decoder.decode("", last)
    after = [decoder.decode("", data) for data in (last, b"[DONE]", b"{nonsense")]

    assert decoder.done
    assert text_of(heard) == "a"
    assert after == [[], [], []]
    assert decoder.finish() == [Finished(FinishReason.STOP, "completed")]


@pytest.mark.parametrize(
    "event",
    [
        of("output_text.delta"),
        of("output_text.delta", delta=None),
        of("output_text.delta", delta={"text": 7}),
        of("refusal.delta", delta=[]),
        of("reasoning_text.delta", delta="a", output_index=[], summary_index={})
        | {"delta": 0},
        of("output_text.annotation.added", annotation=None),
        of("output_item.added", item=None),
        of("output_item.done", item="a"),
        of("created", response=[]),
        of("mcp_call.failed", error={"message": "no"}),
        {"type": ["a"]},
        {"type": None},
        {},
    ],
)
def test_what_says_nothing_changes_nothing(event: Json) -> None:
    assert decode(event) == [Finished(FinishReason.CUT)]


@pytest.mark.parametrize(
    "output",
    [
        None,
        "a",
        [None, 7, {}, {"type": "message"}, {"type": "message", "content": [7]}],
        [{"type": ["message"], "content": {}}, {"type": "reasoning", "summary": 7}],
    ],
)
def test_an_output_may_be_nonsense(output: object) -> None:
    deltas = decode(say("a"), of("completed", response={"output": output, "usage": 7}))

    assert deltas == [TextDelta("a"), Finished(FinishReason.STOP, "completed")]


# How it ends.


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("max_output_tokens", FinishReason.LENGTH),
        ("max_messages", FinishReason.LENGTH),
        ("content_filter", FinishReason.FILTERED),
        ("steered", FinishReason.PAUSED),
        ("model_context_window_exceeded", FinishReason.CONTEXT),
        ("boredom", FinishReason.CUT),
    ],
)
@pytest.mark.parametrize("status", ["incomplete", "completed"])
def test_an_answer_may_be_incomplete(
    why: str, reason: FinishReason, status: str
) -> None:
    last = end(status=status, incomplete_details={"reason": why})

    finished = finish(say("a"), last)

    assert (finished.reason, finished.raw_reason) == (reason, why)


@pytest.mark.parametrize(
    ("last", "reason", "raw"),
    [
        (end(status="cancelled"), FinishReason.CANCELLED, "cancelled"),
        (end(status="incomplete"), FinishReason.CUT, "incomplete"),
        (of("incomplete", response=None), FinishReason.CUT, "incomplete"),
        (of("done", response={"status": "queued"}), FinishReason.STOP, "completed"),
        (
            of("done", response={"status": "cancelled"}),
            FinishReason.CANCELLED,
            "cancelled",
        ),
        (say("b"), FinishReason.CUT, ""),
    ],
)
def test_an_answer_may_end_otherwise(
    last: Json, reason: FinishReason, raw: str
) -> None:
    finished = finish(say("a"), last)

    assert (finished.reason, finished.raw_reason) == (reason, raw)


def test_a_stream_that_only_says_done_is_cut() -> None:
    assert read(stream(say("a")) + b"data: [DONE]\n\n")[-1] == Finished(
        FinishReason.CUT
    )


def cut_short(reasoning_tokens: int = 0) -> Json:
    usage = {
        "input_tokens": 9,
        "output_tokens": reasoning_tokens,
        "output_tokens_details": {"reasoning_tokens": reasoning_tokens},
    }
    details = {"reason": "max_output_tokens"}
    return end(status="incomplete", incomplete_details=details, usage=usage)


def test_a_length_without_text_is_a_full_context() -> None:
    assert finish(cut_short()).reason is FinishReason.CONTEXT


@pytest.mark.parametrize("seen", [True, False])
def test_a_length_reached_by_thinking_is_a_length(seen: bool) -> None:
    finished = finish(think("Hm."), cut_short()) if seen else finish(cut_short(7))

    assert finished.reason is FinishReason.LENGTH


FAILURE = {"code": "rate_limit_exceeded", "message": "Slow down"}


@pytest.mark.parametrize(
    "event",
    [
        end(status="failed", error=FAILURE),
        of("failed", response=None, error=FAILURE),
        of("failed", response={"status": "completed"}, error=FAILURE),
        end(error=FAILURE),
        {"type": "error", "sequence_number": 3, "param": None, **FAILURE},
        {"type": "error", "error": FAILURE},
        of("error", error=FAILURE),
        {"error": FAILURE},
        {"error": FAILURE, "type": None},
        {"object": "error", **FAILURE},
        {"object": "response", "status": "failed", "error": FAILURE},
    ],
)
def test_an_error_comes_in_many_shapes(event: Json) -> None:
    decoder = ResponsesDecoder()
    heard = decoder.decode("", json.dumps(say("a")).encode())

    with pytest.raises(GatewayError) as raised:
        decoder.decode("", json.dumps(event).encode())

    assert heard == [TextDelta("a")]
    assert raised.value.kind is ErrorKind.RATE_LIMITED
    assert raised.value.detail == "Slow down"


def test_an_error_may_have_a_name_only_before_its_data() -> None:
    data = (
        b'event: error\ndata: {"code":"rate_limit_exceeded","message":"Slow down"}\n\n'
    )

    with pytest.raises(GatewayError) as raised:
        read(data)

    assert raised.value.kind is ErrorKind.RATE_LIMITED


@pytest.mark.parametrize(
    ("response", "kind", "detail"),
    [
        (
            {
                "error": {"code": "server_error", "message": "No"},
                "error_type": "context_length_exceeded",
            },
            ErrorKind.CONTEXT_FULL,
            "No",
        ),
        ({"error": "upstream"}, ErrorKind.SERVER, "upstream"),
        ({"error": None}, ErrorKind.SERVER, "failed"),
    ],
)
def test_a_failure_is_explained_as_far_as_it_can_be(
    response: Json, kind: ErrorKind, detail: str
) -> None:
    with pytest.raises(GatewayError) as raised:
        decode(end(status="failed", **response))

    assert (raised.value.kind, raised.value.detail) == (kind, detail)


@pytest.mark.parametrize("data", [b"{", b"[]", b"7", b"<html>", b'"a"'])
def test_what_is_no_event_is_garbled(data: bytes) -> None:
    with pytest.raises(GatewayError) as raised:
        ResponsesDecoder().decode("", data)

    assert raised.value.kind is ErrorKind.GARBLED


# What it says.


FIRST = message("Looking.", phase="commentary")
LOOKED = [say("Look"), say("ing."), done(FIRST)]


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([*LOOKED, say("Fou", 1), say("nd.", 1)], "Looking.\n\nFound."),
        # Some gateways number nothing, or end a message before its last words.
        ([*LOOKED, say("Found.", 0)], "Looking.Found."),
        ([*LOOKED[:2], done(thought("Hm."), 1), say("Found.", 2)], "Looking.Found."),
    ],
)
def test_messages_of_one_answer_stand_apart(events: list[Json], text: str) -> None:
    assert text_of(decode(*events, end())) == text


def test_the_output_has_the_last_word_on_what_was_left_out() -> None:
    assert text_of(decode(say("a"), done(message("a")), end(message("ab")))) == "ab"


@pytest.mark.parametrize(
    ("deltas", "whole", "text"),
    [
        ([], "Hello", "Hello"),
        (["He"], "Hello", "Hello"),
        (["Hello"], "Hello", "Hello"),
        (["Hello"], "He", "Hello"),
        (["Hello"], "Bye, bye", "Hello"),
        (["Hello"], "", "Hello"),
        (["a\ud83d"], "a😀b", "a😀b"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_what_deltas_left_out_is_taken_from_the_whole(
    deltas: list[str], whole: str, text: str, listed: bool
) -> None:
    said = [say(delta) for delta in deltas]
    item = message(whole)

    heard = decode(*said, end(item)) if listed else decode(*said, done(item), end())

    assert text_of(heard) == text


@pytest.mark.parametrize(
    "events",
    [
        [
            of("refusal.delta", delta="I would "),
            of("refusal.delta", delta="rather not."),
        ],
        [],
    ],
)
def test_a_refusal_is_shown_and_filtered(events: list[Json]) -> None:
    part = {"type": "refusal", "refusal": "I would rather not."}
    refusal = of("refusal.done", refusal="I would rather not.")

    item = message("", content=[part], phase="final_answer")
    deltas = decode(*events, refusal, done(item), end(item))

    assert text_of(deltas) == "I would rather not."
    assert deltas[-1] == Finished(
        FinishReason.FILTERED, "completed", detail="I would rather not."
    )


def test_a_refusal_says_no_more_than_fits() -> None:
    finished = finish(of("refusal.delta", delta="no " * limits.ERROR_CHARACTERS), end())

    assert len(finished.detail) == limits.ERROR_CHARACTERS


def test_what_fits_is_kept_of_an_answer_that_is_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "ANSWER_BYTES", 4)
    decoder = ResponsesDecoder()

    heard = decoder.decode("", json.dumps(end(message("aéé"))).encode())

    assert heard == [TextDelta("aé")]
    with pytest.raises(GatewayError) as raised:
        decoder.finish()
    assert raised.value.kind is ErrorKind.TOO_LONG


# What it thinks.


@pytest.mark.parametrize(
    "kind",
    [
        SUMMARY,
        "reasoning_text.delta",
        "reasoning.delta",
        "reasoning_summary.delta",
    ],
)
def test_reasoning_has_many_names(kind: str) -> None:
    deltas = decode(of(kind, delta="Let me "), of(kind, delta={"text": "see."}))

    assert deltas[:-1] == [ReasoningDelta("Let me "), ReasoningDelta("see.")]


def test_parts_of_reasoning_stand_apart() -> None:
    deltas = decode(
        think("**One**"),
        think("", 1),
        think("**Tw", 1),
        think("o**", 1),
        think("c", 0, 2),
    )

    assert reasoning_of(deltas) == "**One**\n\n**Two**\n\nc"


def test_reasoning_and_its_summary_are_one() -> None:
    raw = "reasoning_text.delta"
    both = [think("a", kind=raw), think("A"), think("b", kind=raw), think("B")]

    assert reasoning_of(decode(*both, think("c", index=1))) == "ab\n\nc"


def test_reasoning_that_came_in_no_deltas_is_taken_from_its_item() -> None:
    item = thought("", summary=[{"text": "One."}, {"text": "Two."}])

    deltas = decode(done(item), say("a", 1), end(item, message("a")))

    assert [reasoning_of(deltas), text_of(deltas)] == ["One.\n\nTwo.", "a"]
    assert isinstance(deltas[0], ReasoningDelta)


def test_reasoning_may_be_the_content_of_its_item() -> None:
    item = thought("", summary=[], content=[{"type": "reasoning_text", "text": "Hm."}])

    assert reasoning_of(decode(done(item))) == "Hm."
    assert reasoning_of(decode(done(item | {"content": None}))) == ""


def test_reasoning_does_not_come_after_the_answer() -> None:
    item = thought("One.")

    deltas = decode(say("a"), done(item), end(item, message("a")))

    assert reasoning_of(deltas) == ""


def test_reasoning_is_not_repeated_by_its_item() -> None:
    item = thought("One.")

    deltas = decode(think("One."), done(item), say("a", 1), end(item, message("a")))

    assert reasoning_of(deltas) == "One."


# What it calls and refers to.


def call(**fields: object) -> Json:
    item: Json = {"type": "function_call", "id": "fc_1", "call_id": "call_1"}
    return item | {"name": "look", "arguments": '{"up":1}'} | fields


def argue(kind: str, name: str = "fc_1", index: int | None = 1, **more: object) -> Json:
    return of(
        f"function_call_arguments.{kind}", item_id=name, output_index=index, **more
    )


@pytest.mark.parametrize(
    "events",
    [
        [
            of("output_item.added", output_index=1, item=call(arguments="")),
            argue("delta", delta='{"up"'),
            argue("delta", "rotated", delta=":1}"),
            argue("done", arguments='{"up":1}'),
            done(call(), 1),
        ],
        [
            of("output_item.added", output_index=1, item=call(arguments="")),
            argue("done", arguments='{"up":1}'),
        ],
        [
            of("output_item.added", output_index=1, item=call(arguments="")),
            done(call(), 1),
        ],
        [done(call(), 1)],
        [
            of("output_item.added", item=call(arguments="")),
            argue("delta", index=None, delta='{"up":1}'),
            done(call(), None),
        ],
        [],
    ],
)
def test_calls_come_in_pieces_or_whole(events: list[Json]) -> None:
    deltas = decode(*events, end(call()))

    calls = [each for each in deltas if isinstance(each, ToolCallDelta)]
    assert {(each.index) for each in calls} == {0}
    assert [each.id for each in calls if each.id] == ["call_1"]
    assert [each.name for each in calls if each.name] == ["look"]
    assert "".join(each.arguments for each in calls) == '{"up":1}'
    assert deltas[-1] == Finished(FinishReason.TOOL_CALLS, "completed")


def test_a_call_may_be_nonsense() -> None:
    item = call(id=[], call_id=None, name={}, arguments=7)

    assert decode(done(item, None), argue("done", arguments=[]))[:-1] == [
        ToolCallDelta(0),
    ]


def test_parallel_calls_keep_their_numbers() -> None:
    deltas = decode(
        done(call(call_id="a"), 3), done(call(call_id="b"), 1), argue("delta", delta="")
    )

    assert [each.index for each in deltas if isinstance(each, ToolCallDelta)] == [0, 1]


def test_calls_are_counted_up_to_a_bound() -> None:
    deltas = decode(*(done(call(), index) for index in range(1_000)))

    assert (
        len({each.index for each in deltas if isinstance(each, ToolCallDelta)}) <= 129
    )


def test_what_an_answer_refers_to_is_listed_once() -> None:
    url = {"type": "url_citation", "url": "https://a.example/", "title": "A"}
    nested = {"type": "url_citation", "url_citation": {"url": "https://b.example/"}}
    other = {"type": "file_citation", "file_id": "file-1"}
    part = {"type": "output_text", "text": "a", "annotations": [url, nested, other, 7]}

    finished = finish(
        say("a"),
        of("output_text.annotation.added", annotation=url),
        end(message("a", content=[part])),
    )

    assert finished.citations == (
        Citation("https://a.example/", "A"),
        Citation("https://b.example/"),
    )


# What it took.


@pytest.mark.parametrize(
    ("usage", "read_"),
    [
        (
            {
                "input_tokens": 5_000,
                "input_tokens_details": {
                    "cached_tokens": 1_024,
                    "cache_write_tokens": 3_000,
                    "cache_write_tokens_details": {
                        "ttl_30m_tokens": 2_000,
                        "ttl_12h_tokens": 1_000,
                    },
                },
                "output_tokens": 70,
                "output_tokens_details": {"reasoning_tokens": 60},
                "total_tokens": 5_070,
                "cost": 0.0123,
            },
            Usage(5_000, 1_024, 2_000, 1_000, 70, 60, Decimal("0.0123")),
        ),
        (
            {
                "input_tokens": 9,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 4},
            },
            Usage(9, 0, 4),
        ),
        ({"input_tokens": 0, "output_tokens": 5}, Usage(output_tokens=5)),
        ({"input_tokens": 0, "output_tokens": 0}, None),
        (
            {
                "cost": 0.1,
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": 2},
            },
            Usage(cost=Decimal("2.1")),
        ),
        ({"input_tokens": -1, "output_tokens": 2**40, "cost": "NaN"}, None),
        ({"input_tokens": True, "input_tokens_details": 7, "cost": -1}, None),
        ({}, None),
        ("many", None),
    ],
)
def test_usage_is_read_as_far_as_it_makes_sense(usage: object, read_: Usage) -> None:
    assert finish(say("a"), end(usage=usage)).usage == read_


# What is kept for the next turn.

SEALED = thought("Hm.", format="openai-responses-v1", signature="s")
ANSWER = message("Yes.", phase="final_answer", logprobs=None)


def test_items_survive_as_they_came() -> None:
    half = thought("", encrypted_content="gAA")
    added = of("output_item.added", output_index=0, item=half)
    retyped = SEALED | {"content": [{"type": "output_text", "text": "Hm."}]}

    finished = finish(
        added, done(SEALED), say("Yes.", 1), done(ANSWER, 1), end(retyped, ANSWER)
    )

    assert json.dumps(finished.items) == json.dumps([SEALED, ANSWER])


def test_items_are_kept_in_the_order_of_their_index() -> None:
    finished = finish(say("Yes.", 1), done(ANSWER, 1), done(SEALED, 0), end())

    assert finished.items == (SEALED, ANSWER)


def test_items_are_taken_from_the_output_where_none_came_before_it() -> None:
    assert finish(say("Yes."), end(SEALED, ANSWER)).items == (SEALED, ANSWER)


PLAIN = message("Yes.")
SEARCH: Json = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
UNSEALED = thought("Hm.", encrypted_content=None)


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        ([PLAIN], []),
        ([ANSWER], [ANSWER]),
        ([SEALED, PLAIN], [SEALED, PLAIN]),
        ([SEALED, SEALED, PLAIN], [SEALED, SEALED, PLAIN]),
        ([UNSEALED, PLAIN], []),
        (
            [UNSEALED | {"signature": "s"}, PLAIN],
            [UNSEALED | {"signature": "s"}, PLAIN],
        ),
        ([SEALED, SEARCH, SEALED, PLAIN], [SEALED, PLAIN]),
        ([SEALED, UNSEALED, PLAIN], []),
        ([SEALED | {"content": [{"type": "output_text", "text": "a"}]}, PLAIN], []),
        ([PLAIN, SEALED], []),
        ([SEALED], []),
    ],
)
def test_only_what_a_gateway_takes_again_is_kept(
    output: list[Json], kept: list[Json]
) -> None:
    assert finish(end(*output)).items == tuple(kept)


@pytest.mark.parametrize(
    "last",
    [
        end(SEALED, ANSWER, status="incomplete"),
        end(SEALED, ANSWER, status="cancelled"),
        end(SEALED, ANSWER, call()),
        end(SEALED, message("No.", phase="final_answer")),
        say("!"),
    ],
    ids=["incomplete", "cancelled", "calling", "another text", "cut"],
)
def test_nothing_is_kept_of_an_answer_that_is_not_whole(last: Json) -> None:
    assert finish(say("Yes."), last).items == ()


def test_nothing_is_kept_that_no_database_takes() -> None:
    nul = message("Yes.", phase="final_answer", title="\0")

    assert finish(end(SEALED, nul)).items == ()


def test_items_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GATEWAY_EVENT_BYTES", 40_000)
    many = [done(SEALED, index) for index in range(10)]

    assert finish(*many, done(ANSWER, 10), say("Yes."), end()).items == ()
    assert finish(*many[:9], done(ANSWER, 10), end()).items == (*[SEALED] * 9, ANSWER)


# Whole responses.


def test_a_whole_response_is_understood() -> None:
    usage = {"input_tokens": 9, "output_tokens": 2}
    response = {
        "object": "response",
        "id": "resp_1",
        "model": "m",
        "status": "completed",
        "error": None,
        "output": [SEALED, ANSWER],
        "usage": usage,
    }
    decoder = ResponsesDecoder()

    deltas = decoder.decode_whole(json.dumps(response).encode()) + decoder.finish()

    assert deltas == [
        ReasoningDelta("Hm."),
        TextDelta("Yes."),
        Finished(
            FinishReason.STOP,
            "completed",
            Usage(input_tokens=9, output_tokens=2),
            "m",
            items=(SEALED, ANSWER),
            answer_id="resp_1",
        ),
    ]


def test_a_response_that_is_still_at_work_is_cut() -> None:
    response = {"object": "response", "status": "in_progress", "output": [message("a")]}

    assert decode(response) == [TextDelta("a"), Finished(FinishReason.CUT)]
