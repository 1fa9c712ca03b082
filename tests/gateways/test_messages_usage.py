from __future__ import annotations

from decimal import Decimal

import pytest

from conversations.wire import Usage
from tests.gateways.messages_events import finish, opened, said, stopped


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ([], None),
        ([{}], None),
        (["many"], None),
        ([{"input_tokens": 3}], Usage(input_tokens=3)),
        (
            [{"input_tokens": 3, "output_tokens": 1}, {"output_tokens": 9}],
            Usage(input_tokens=3, output_tokens=9),
        ),
        # With a key of one's own the maker is paid too.
        (
            [
                {
                    "input_tokens": 3,
                    "cost": 0.1,
                    "is_byok": True,
                    "cost_details": {"upstream_inference_cost": 2},
                }
            ],
            Usage(input_tokens=3, cost=Decimal("2.1")),
        ),
        # A gateway that knows nothing at first, and one that forgets at last.
        (
            [
                {"input_tokens": 0, "output_tokens": 0},
                {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 9},
            ],
            Usage(input_tokens=9, cached_input_tokens=4, output_tokens=9),
        ),
        (
            [
                {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 9},
                {"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 0},
                {"input_tokens": None, "output_tokens": None},
            ],
            Usage(input_tokens=9, cached_input_tokens=4, output_tokens=9),
        ),
        (
            [
                {
                    "input_tokens": 1,
                    "cache_read_input_tokens": 0,
                    "cache_creation_input_tokens": 30,
                    "cache_creation": {
                        "ephemeral_5m_input_tokens": 10,
                        "ephemeral_1h_input_tokens": 20,
                    },
                },
                {"input_tokens": 1, "cache_creation_input_tokens": 30},
            ],
            Usage(
                input_tokens=31,
                cached_input_tokens=0,
                cache_write_tokens=10,
                cache_write_1h_tokens=20,
            ),
        ),
        (
            [{"input_tokens": 1, "cache_creation_input_tokens": 30}],
            Usage(input_tokens=31, cache_write_tokens=30),
        ),
        (
            [{"input_tokens": 1, "cache_creation": {"ephemeral_1h_input_tokens": 20}}],
            Usage(input_tokens=21, cache_write_1h_tokens=20),
        ),
        (
            [{"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 7}}],
            Usage(output_tokens=9, reasoning_tokens=7),
        ),
        (
            [{"input_tokens": 3, "cost": 0.0042}],
            Usage(input_tokens=3, cost=Decimal("0.0042")),
        ),
        ([{"cost": "0.5"}, {"cost": 0}], Usage(cost=Decimal("0.5"))),
        ([{"input_tokens": -1, "output_tokens": True, "cost": -1}], None),
        ([{"input_tokens": 2**40, "cache_creation": 7}], None),
        (
            [{"input_tokens": 2**31 - 1, "cache_read_input_tokens": 9}],
            Usage(cached_input_tokens=9),
        ),
    ],
)
def test_usage_is_merged_number_by_number(told: list[object], usage: Usage | None):
    events = [stopped(None, each) for each in told]

    assert finish(*events).usage == usage
    if told:
        # Wherever it is told first.
        message = {"type": "message_start", "message": {"usage": told[0]}}
        assert finish(message, *events[1:], stopped("end_turn")).usage == usage


def test_the_output_of_a_stream_that_broke_off_is_not_what_its_beginning_said():
    begun = opened(input_tokens=10, output_tokens=1)

    assert finish(begun, said("One two three")).usage == Usage(input_tokens=10)
    assert finish(opened(output_tokens=1), said("One two three")).usage is None
    assert finish(begun, stopped("end_turn")).usage == Usage(
        input_tokens=10, output_tokens=1
    )
