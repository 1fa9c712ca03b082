from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import limits
from conversations.gateways.chat_completions.decoder import ChatDecoder
from conversations.gateways.errors import ErrorKind, GatewayError
from conversations.gateways.transport.sse import EventSplitter
from conversations.wire import Delta, Finished, FinishReason
from tests.gateways.decoded import read_pieces, text_of

TEXTS = ["Grüße ", "日本", "😀", "\ud83d", "\ude00", "a\r", "\nb", "\0", "", "c " * 50]


def chunk(text: str, *, ascii_only: bool) -> str:
    value = {"choices": [{"index": 0, "delta": {"content": text}}]}
    return json.dumps(value, ensure_ascii=ascii_only)


def make_stream(line_end: str) -> bytes:
    """A stream with something of everything, each line ended by `line_end`."""
    end = line_end.encode()
    lines = [b"\xef\xbb\xbf: hello", b""]
    for text in TEXTS:
        lone = "\ud800" <= text[:1] <= "\udfff"
        data = chunk(text, ascii_only=lone)
        lines += [b"event: message", b"data:" + data.encode(), b""]
    lines += [b": ping", b'data: {"choices":[{"delta":{},', b'data: "finish_reason":']
    lines += [b'data: "stop"}]}', b"id: 1", b"", b"data: [DONE]", b"", b""]
    return end.join(lines)


WHOLE = "Grüße 日本😀😀a\nb\ufffd" + "c " * 50


def read(pieces: list[bytes]) -> list[Delta]:
    return read_pieces(ChatDecoder(), pieces)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % len(stream) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(bounds)]


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
@given(places=st.lists(st.integers(min_value=0), max_size=60))
def test_the_same_bytes_give_the_same_deltas_however_they_are_cut(
    line_end: str, places: list[int]
):
    stream = make_stream(line_end)

    deltas = read(cut(stream, places))

    assert text_of(deltas) == WHOLE
    assert deltas == read([stream])
    assert deltas == read([bytes([byte]) for byte in stream])
    assert isinstance(deltas[-1], Finished)
    assert deltas[-1].reason is FinishReason.STOP


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_a_stream_cut_at_any_byte_ends_in_one_way_or_another(line_end: str):
    stream = make_stream(line_end)

    for place in range(len(stream)):
        deltas = read([stream[:place]])
        assert WHOLE.startswith(text_of(deltas).rstrip("\ufffd\n"))
        assert isinstance(deltas[-1], Finished)
        assert deltas[-1].reason in {FinishReason.CUT, FinishReason.STOP}


@given(junk=st.lists(st.binary(max_size=40), max_size=20))
def test_no_bytes_are_a_crash(junk: list[bytes]):
    try:
        deltas = read([b"data: ", *junk, b"\n\n"])
    except GatewayError:
        return
    assert isinstance(deltas[-1], Finished)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(
        ["choices", "delta", "message", "content", "error", "usage", "index", "model",
         "finish_reason", "tool_calls", "function", "reasoning", "reasoning_details",
         "refusal", "text", "prompt_tokens", "prompt_tokens_details", "code", "type"]
    ), inner, max_size=5),
    max_leaves=30,
)  # fmt: skip


@given(values=st.lists(JSON, max_size=4), finish=st.booleans())
def test_no_json_is_a_crash(values: list[object], finish: bool):
    delta = {"delta": values[-1] if values else None, "finish_reason": values[:1]}
    values = [*values, {"choices": values}, {"choices": [delta] if finish else delta}]
    pieces = [f"data: {json.dumps(value)}\n\n".encode() for value in values]

    for piece in pieces:
        try:
            deltas = read([piece])
        except GatewayError:
            continue
        assert isinstance(deltas[-1], Finished)
        text_of(deltas).encode()


def test_a_deep_value_is_garbled():
    with pytest.raises(GatewayError) as raised:
        read([b"data: " + b"[" * 200_000 + b"\n\n"])

    assert raised.value.kind is ErrorKind.GARBLED


def test_one_event_may_not_outgrow_its_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "GATEWAY_EVENT_BYTES", 1_000)
    splitter = EventSplitter()
    splitter.feed(b"data: ....\n" * 90)

    with pytest.raises(GatewayError) as raised:
        splitter.feed(b"data: ....\n")

    assert raised.value.kind is ErrorKind.TOO_LONG


def test_comments_without_end_are_no_event(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "GATEWAY_EVENT_BYTES", 1_000)
    splitter = EventSplitter()

    assert [event for _ in range(500) for event in splitter.feed(b": ping\n")] == []
    assert splitter.feed(b"data: x\n\n") == [("", b"x")]
