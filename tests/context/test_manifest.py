from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.context.manifest import from_json, to_json
from conversations.wire import Item, Outcome

ITEMS = st.lists(
    st.builds(Item, reason=..., first=..., last=..., turns=st.integers(0, 10_000))
).map(tuple)


@given(ITEMS)
def test_a_manifest_comes_back_as_it_was_stored(items: tuple[Item, ...]) -> None:
    assert from_json(json.loads(json.dumps(to_json(items)))) == items


def test_a_line_holds_only_what_it_says() -> None:
    lines = to_json([Item("system", Outcome.SENT, 12, first="7", last="7")])

    assert lines == [
        {"kind": "system", "outcome": "sent", "tokens": 12, "first": "7", "last": "7"}
    ]


def test_an_unknown_outcome_is_refused() -> None:
    with pytest.raises(ValueError, match="lost"):
        from_json([{"kind": "asking", "outcome": "lost", "tokens": 1}])
