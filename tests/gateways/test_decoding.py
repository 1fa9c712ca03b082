from __future__ import annotations

import json

import pytest

from conversations import limits
from conversations.gateways.chat_completions import ChatDecoder
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.wire import Delta, Finished, FinishReason, Usage
from conversations.wire import ReasoningDelta as Reasoning
from conversations.wire import TextDelta as Text


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
        ({"reasoning_details": [{"data": "encrypted"}, 7]}, []),
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
        ("network_error", FinishReason.ERROR),
    ],
)
def test_finish_reasons_are_mapped(finish: str, reason: FinishReason):
    deltas = decode(choose({"content": "a"}), choose({}, finish))

    assert deltas == [Text("a"), Finished(reason, finish)]


def test_calls_win_over_stop():
    deltas = decode(choose({"tool_calls": [{"id": "1"}]}, "stop"))

    assert deltas[-1] == Finished(FinishReason.TOOL_CALLS, "stop")


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
        ({"prompt_tokens": -1, "completion_tokens": True}, None),
        ({"prompt_tokens": 2**40}, None),
        ({"output_tokens": 0}, None),
        ("many", None),
    ],
)
def test_usage_is_read_by_the_names_we_trust(usage: object, read: Usage | None):
    assert decode({"usage": usage})[-1] == Finished(FinishReason.CUT, usage=read)


def test_half_a_pair_at_the_end_is_replaced():
    assert decode(choose({"content": "a\ud83d"}))[:-1] == [Text("a"), Text("\ufffd")]


def test_what_fits_is_kept_of_a_delta_that_is_too_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 4)
    decoder = ChatDecoder()

    assert decoder.decode("", to_bytes(choose({"content": "aéé"}))) == [Text("aé")]
    with pytest.raises(GatewayError) as raised:
        decoder.finish()
    assert raised.value.kind is ErrorKind.TOO_LONG
