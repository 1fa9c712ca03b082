from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from conversations import limits
from conversations.gateways.chat_completions.decoder import ChatDecoder
from conversations.gateways.decoding import MOST_CALLS, NAME_LETTERS
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.wire import Citation, Delta, Finished, FinishReason, Usage
from conversations.wire import ReasoningDelta as Reasoning
from conversations.wire import TextDelta as Text
from conversations.wire import ToolCallDelta as Call


def decode(*chunks: object) -> list[Delta]:
    decoder = ChatDecoder()
    deltas = [each for chunk in chunks for each in decoder.decode("", to_bytes(chunk))]
    return deltas + decoder.finish()


def to_bytes(chunk: object) -> bytes:
    return json.dumps(chunk).encode()


def choose(delta: object, finish: str | None = None, **more: object) -> object:
    return {"choices": [{"delta": delta, "finish_reason": finish, **more}]}


@pytest.mark.parametrize(
    ("delta", "deltas"),
    [
        ({"content": [{"type": "text", "text": "a"}, {"text": "b"}]}, [Text("ab")]),
        ({"content": [{"type": "image"}, 7]}, []),
        ({"content": 7}, []),
        ({"content": None}, []),
        ({"role": "assistant", "content": "a"}, [Text("a")]),
        ({"reasoning": "a", "reasoning_content": "a"}, [Reasoning("a")]),
        ({"reasoning_content": "a\0"}, [Reasoning("a\ufffd")]),
        (
            {"reasoning": "ab", "reasoning_details": [{"text": "a"}, {"summary": "b"}]},
            [Reasoning("ab")],
        ),
        ({"reasoning_details": [{"type": "reasoning.text"}, 7]}, []),
        (
            {"content": [{"type": "thinking", "thinking": [{"text": "a"}]}]},
            [Reasoning("a")],
        ),
        ({"tool_calls": [7], "refusal": 7, "reasoning": 7}, []),
        ("a", []),
    ],
)
def test_a_delta_comes_in_many_shapes(delta: object, deltas: list[Delta]):
    assert decode(choose(delta)) == [*deltas, Finished(FinishReason.CUT)]


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("end_turn", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.CONTEXT),
        ("function_call", FinishReason.TOOL_CALLS),
        ("sensitive", FinishReason.FILTERED),
        ("refusal", FinishReason.FILTERED),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("STOP", FinishReason.STOP),
        ("because", FinishReason.STOP),
        ("network_error", FinishReason.ERROR),
    ],
)
def test_finish_reasons_are_mapped(finish: str, reason: FinishReason):
    deltas = decode(choose({"content": "a"}), choose({}, finish))

    assert deltas == [Text("a"), Finished(reason, finish)]


def test_calls_win_over_stop():
    deltas = decode(choose({"tool_calls": [{"id": "1"}]}, "stop"))

    assert deltas[-1] == Finished(FinishReason.TOOL_CALLS, "stop")


def test_calls_that_all_have_index_0_are_told_apart_by_their_ids():
    pieces: list[dict[str, object]] = [
        {"index": 0, "id": "a", "function": {"name": "look", "arguments": "{"}},
        {"index": 0, "function": {"arguments": "}"}},
        {"index": 0, "id": "b", "function": {"name": "see"}},
        {"index": 0, "id": "b", "function": {"arguments": "oops"}},
    ]

    deltas = decode(*(choose({"tool_calls": [piece]}) for piece in pieces))

    assert deltas[:-1] == [
        Call(0, "a", "look", "{"),
        Call(0, "", "", "}"),
        Call(1, "b", "see", ""),
        Call(1, "b", "", "oops"),
    ]


def test_nothing_comes_after_done():
    decoder = ChatDecoder()

    assert decoder.decode("", b"[DONE]") == []
    assert decoder.decode("", to_bytes(choose({"content": "a"}))) == []
    assert decoder.done


@pytest.mark.parametrize("word", ["null", "None", ""])
def test_a_finish_reason_that_is_none_is_a_cut(word: str):
    assert decode(choose({"content": "a"}, word))[-1] == Finished(FinishReason.CUT)


@pytest.mark.parametrize(
    ("finish", "native", "reason", "detail"),
    [
        ("stop", "refusal", FinishReason.FILTERED, ""),
        ("content_filter", "PROHIBITED", FinishReason.FILTERED, "PROHIBITED"),
        ("length", "model_context_window_exceeded", FinishReason.CONTEXT, ""),
        ("stop", "length", FinishReason.STOP, ""),
        ("stop", 7, FinishReason.STOP, ""),
    ],
)
def test_the_models_own_word_tells_what_a_translation_hides(
    finish: str, native: object, reason: FinishReason, detail: str
):
    chunk = choose({"content": "a"}, finish, native_finish_reason=native)

    assert decode(chunk)[-1] == Finished(reason, finish, detail=detail)


def test_a_refusal_is_said_and_is_the_reason():
    deltas = decode(choose({"refusal": "I "}), choose({"refusal": "must not."}, "stop"))

    assert deltas[:-1] == [Text("I "), Text("must not.")]
    assert deltas[-1] == Finished(FinishReason.FILTERED, "stop", detail="I must not.")


@pytest.mark.parametrize(
    ("data", "kind", "detail"),
    [
        (b"Overloaded", ErrorKind.OVERLOADED, "Overloaded"),
        (b'{"message": "Oh", "type": "rate_limit"}', ErrorKind.RATE_LIMITED, "Oh"),
    ],
)
def test_an_event_named_error_is_one_whatever_it_holds(
    data: bytes, kind: ErrorKind, detail: str
):
    with pytest.raises(GatewayError) as raised:
        ChatDecoder().decode("error", data)

    assert (raised.value.kind, raised.value.detail) == (kind, detail)


def test_the_model_and_the_answer_are_named_by_the_first_who_does():
    deltas = decode(
        {"id": "", "choices": []},
        {"id": "gen-1", "model": "maker/one"},
        {"id": "gen-2", "model": "two"},
    )

    finished = Finished(FinishReason.CUT, model="maker/one", answer_id="gen-1")
    assert deltas == [finished]


def test_a_native_refusal_is_filtered():
    deltas = decode(choose({"content": "a"}, "stop", native_finish_reason="refusal"))

    assert deltas[-1] == Finished(FinishReason.FILTERED, "stop")


@pytest.mark.parametrize("usage", [None, {"completion_tokens": 9}])
def test_a_length_without_text_is_a_full_context(usage: object):
    deltas = decode(choose({}, "length"), {"choices": [], "usage": usage})

    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].reason is FinishReason.CONTEXT


@pytest.mark.parametrize("thinking", ["seen", "hidden"])
def test_a_length_reached_by_thinking_is_a_length(thinking: str):
    usage = {"completion_tokens_details": {"reasoning_tokens": 9}}
    seen = {"reasoning": "Hm"} if thinking == "seen" else {}
    deltas = decode(choose(seen, "length"), {"usage": usage} if not seen else {})

    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 3, "output_tokens": 0}, Usage(input_tokens=3)),
        (
            {"prompt_tokens": 3, "prompt_cache_hit_tokens": 2},
            Usage(input_tokens=3, cached_input_tokens=2),
        ),
        (
            {"prompt_tokens": 3, "prompt_tokens_details": {"cache_creation_tokens": 1}},
            Usage(input_tokens=3, cache_write_tokens=1),
        ),
        (
            {
                "prompt_tokens": 9,
                "prompt_tokens_details": {"cache_write_tokens": 5},
                "cache_creation": {"ephemeral_1h_input_tokens": 3},
            },
            Usage(input_tokens=9, cache_write_tokens=2, cache_write_1h_tokens=3),
        ),
        (
            {
                "prompt_tokens": 9,
                "prompt_tokens_details": {
                    "cache_write_tokens_details": {
                        "ttl_30m_tokens": 1,
                        "ttl_12h_tokens": 2,
                    }
                },
            },
            Usage(input_tokens=9, cache_write_tokens=1, cache_write_1h_tokens=2),
        ),
        (
            {"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(input_tokens=3),
        ),
        (
            {
                "completion_tokens": 3,
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
            Usage(output_tokens=3),
        ),
        ({"prompt_tokens": 3, "cost": 0.0015}, Usage(3, cost=Decimal("0.0015"))),
        ({"prompt_tokens": 3, "cost": "0"}, Usage(3, cost=Decimal(0))),
        (
            {
                "cost": 0.1,
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": 2},
            },
            Usage(cost=Decimal("2.1")),
        ),
        ({"prompt_tokens": 3, "cost": -1}, Usage(3)),
        ({"prompt_tokens": 3, "cost": 10**9}, Usage(3)),
        ({"prompt_tokens": 3, "cost": 10**30}, Usage(3)),
        ({"prompt_tokens": 3, "cost": float("nan")}, Usage(3)),
        ({"prompt_tokens": 3, "cost": "a lot"}, Usage(3)),
        ({"prompt_tokens": 3, "cost": True}, Usage(3)),
        ({"prompt_tokens": -1, "completion_tokens": True}, None),
        ({"prompt_tokens": 2**40}, None),
        ({"output_tokens": 0}, None),
        ("many", None),
    ],
)
def test_usage_is_read_by_the_names_we_trust(usage: object, read: Usage | None):
    assert decode({"usage": usage})[-1] == Finished(FinishReason.CUT, usage=read)


def test_later_usage_adds_and_no_zero_undoes_a_number():
    finished = decode(
        {"usage": {"prompt_tokens": 9, "completion_tokens": 1}},
        {"usage": None},
        {"usage": {"prompt_tokens": 9, "completion_tokens": 4, "cost": 0.5}},
        {"usage": {"prompt_tokens": 0, "completion_tokens": 0, "cost": 0}},
    )[-1]

    usage = Usage(input_tokens=9, output_tokens=4, cost=Decimal("0.5"))
    assert finished == Finished(FinishReason.CUT, usage=usage)


@pytest.mark.parametrize(
    "chunk",
    [
        choose(
            {
                "annotations": [
                    {"url_citation": {"url": "https://a.example", "title": "A\0"}},
                    {"url": "https://b.example"},
                    {"url": "javascript:alert(1)"},
                    7,
                ]
            }
        ),
        {"citations": [{"url": "https://a.example", "title": "A\0"}, 7, None]}
        | {"search_results": [{"url": "https://b.example"}]},
        {
            "choices": [
                {"message": {"annotations": [{"url": "https://a.example"}]}},
            ],
            "citations": [
                {"url": "https://a.example", "title": "A\0"},
                "https://b.example",
            ],
        },
    ],
)
def test_pages_are_cited_once_wherever_they_stand(chunk: object):
    finished = decode(chunk, chunk)[-1]

    assert isinstance(finished, Finished)
    assert sorted(finished.citations, key=lambda each: each.url) == [
        Citation("https://a.example", "A\ufffd"),
        Citation("https://b.example"),
    ]


def test_half_a_pair_at_the_end_is_replaced():
    assert decode(choose({"content": "a\ud83d"}))[:-1] == [Text("a"), Text("\ufffd")]


def test_what_fits_is_kept_of_a_delta_that_is_too_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 4)
    decoder = ChatDecoder()

    assert decoder.decode("", to_bytes(choose({"content": "aéé"}))) == [Text("aé")]
    with pytest.raises(GatewayError) as raised:
        decoder.finish()
    assert raised.value.kind is ErrorKind.TOO_LONG


def test_a_finish_reason_fits_its_column():
    finished = decode(choose({"content": "a"}, "because " * 1_000))[-1]

    assert isinstance(finished, Finished)
    assert finished.reason is FinishReason.STOP
    assert len(finished.raw_reason) == NAME_LETTERS


def test_calls_without_end_take_no_time_and_are_left_out():
    calls = [{"index": 0, "id": str(number)} for number in range(100_000)]
    began = time.process_time()

    deltas = decode(choose({"tool_calls": calls}, "tool_calls"))

    assert len(deltas) == MOST_CALLS + 1
    assert time.process_time() - began < 1.0


def test_a_message_beside_the_deltas_is_not_said_again():
    whole = {"role": "assistant", "content": "One two"}

    deltas = decode(
        choose({"content": "One "}, message={"content": "One "}),
        choose({"content": "two"}, message=whole),
        choose({}, "stop", message=whole),
    )

    assert deltas == [Text("One "), Text("two"), Finished(FinishReason.STOP, "stop")]


def test_of_a_whole_completion_the_message_counts():
    message = {"role": "assistant", "content": "One two"}
    decoder = ChatDecoder()

    deltas = decoder.decode_whole(to_bytes(choose({"content": ""}, message=message)))

    assert deltas == [Text("One two")]


def test_an_error_may_be_named_by_its_type_alone():
    event = {"type": "error", "code": "server_error", "message": "It broke."}

    with pytest.raises(GatewayError) as caught:
        decode(choose({"content": "a"}), event)

    assert (caught.value.kind, caught.value.detail) == (ErrorKind.SERVER, "It broke.")
