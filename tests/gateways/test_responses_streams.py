from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from conversations.gateways.errors import GatewayError
from conversations.gateways.responses.decoder import ResponsesDecoder
from conversations.wire import Finished, FinishReason, Json
from tests.gateways.decoded import reasoning_of, text_of
from tests.gateways.responding import (
    done,
    end,
    message,
    of,
    read,
    say,
    stream,
    thought,
)

TEXTS = ["Grüße ", "日本", "😀", "a\n", " end"]
WHOLE = "".join(TEXTS)
SEALED = thought("Ich denke…")
ANSWER = message(WHOLE, phase="final_answer")
USAGE = {"input_tokens": 100, "output_tokens": 20}


def recorded() -> bytes:
    """A stream as OpenAI sends it, with reasoning, and [DONE] as OpenRouter adds it."""
    response: Json = {"id": "resp_1", "model": "m", "status": "in_progress"}
    events = [
        of("created", response=response),
        of("output_item.added", output_index=0, item=thought("")),
        of(
            "reasoning_summary_text.delta",
            output_index=0,
            summary_index=0,
            delta="Ich ",
        ),
        of(
            "reasoning_summary_text.delta",
            output_index=0,
            summary_index=0,
            delta="denke…",
        ),
        done(SEALED, 0),
        *(say(text, 1) for text in TEXTS),
        done(ANSWER, 1),
        end(SEALED, ANSWER, usage=USAGE),
    ]
    numbered = [event | {"sequence_number": n} for n, event in enumerate(events)]
    return stream(*numbered) + b": ping\n\ndata: [DONE]\n\n"


def test_a_stream_cut_anywhere_is_a_beginning_and_says_that_it_was_cut() -> None:
    data = recorded()
    last = data.index(b"event: response.completed")

    for place in range(len(data)):
        deltas = read(data[:place])
        finished = deltas[-1]

        assert isinstance(finished, Finished)
        assert WHOLE.startswith(text_of(deltas))
        assert "Ich denke…".startswith(reasoning_of(deltas))
        if finished.reason is FinishReason.CUT:
            assert finished.items == ()
        else:
            assert place > last
            assert (finished.reason, text_of(deltas)) == (FinishReason.STOP, WHOLE)
            assert finished.items == (SEALED, ANSWER)


def test_a_stream_in_two_pieces_is_the_same_stream() -> None:
    data = recorded()
    whole = read(data)

    assert text_of(whole) == WHOLE
    for place in range(len(data)):
        assert read(data[:place], data[place:]) == whole


@given(st.text(), st.lists(st.integers(0, 60)), st.booleans())
def test_the_text_that_goes_in_comes_out(
    text: str, places: list[int], named: bool
) -> None:
    """JSON may cut between the halves of a surrogate pair too."""
    units = text.encode("utf-16-le")
    cuts = sorted({0, len(units), *(2 * place for place in places)})
    pieces = [
        units[one:other].decode("utf-16-le", "surrogatepass")
        for one, other in pairwise(cuts)
    ]
    said = [say(piece) for piece in pieces]
    data = stream(*said, end(message(text)), named=named, ascii_only=True)
    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")

    for deltas in (
        read(data),
        read(*(data[n : n + 7] for n in range(0, len(data), 7))),
    ):
        assert text_of(deltas) == clean
        assert deltas[-1] == Finished(FinishReason.STOP, "completed")


STORED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.none() | st.booleans() | st.integers() | st.lists(STORED) | STORED
EXTRAS = st.dictionaries(STORED.map("x{}".format), VALUES, max_size=3)


@given(st.lists(EXTRAS, max_size=4), EXTRAS)
def test_items_come_out_as_they_went_in(thoughts: list[Json], answer: Json) -> None:
    items = [*(SEALED | extra for extra in thoughts), ANSWER | answer]
    data = stream(*(done(item, index) for index, item in enumerate(items)), end())

    finished = read(*(data[n : n + 7] for n in range(0, len(data), 7)))[-1]

    assert isinstance(finished, Finished)
    assert json.dumps(finished.items) == json.dumps(items)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
NAMES = ["type", "text", "refusal", "content", "summary", "annotations", "id", "url"]
FIELDS = ["delta", "item", "output_index", "summary_index", "response", "error"]
FIELDS += ["item_id", "arguments", "annotation", "refusal", "object", "code", "name"]
IN_RESPONSE = [
    "status",
    "output",
    "usage",
    "incomplete_details",
    "model",
    "id",
    "error",
]
KINDS = [
    "message",
    "reasoning",
    "function_call",
    "output_text",
    "response",
    "completed",
]
ANYTHING = st.recursive(
    LEAVES | st.sampled_from(KINDS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES + IN_RESPONSE), inner, max_size=4)
    ),
    max_leaves=12,
)
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([*ResponsesDecoder._HANDLERS, "", "x"]) | ANYTHING},
    optional=dict.fromkeys(FIELDS, ANYTHING),
)


@given(st.lists(EVENTS, max_size=6))
def test_nonsense_ends_in_a_named_state_or_in_an_error_of_the_gateway(
    events: list[Json],
) -> None:
    try:
        finished = read(stream(*events, named=False, ascii_only=True))[-1]
    except GatewayError:
        return
    assert isinstance(finished, Finished)
    assert finished.reason in FinishReason
