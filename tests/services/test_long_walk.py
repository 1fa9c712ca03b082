"""For every answer of a conversation of 300 turns the inspector tells the truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from conversations.models import (
    ContextPolicy,
    Conversation,
    Epoch,
    Fact,
    Generation,
    Summary,
    UsageRecord,
    User,
)
from conversations.services.branching.branches import list_path
from conversations.services.inspection import items as inspection_items
from conversations.services.inspection.reading import inspect_context
from conversations.services.rebuilding import rebuild_request
from conversations.wire import Outcome, Protocol, RollReason, State
from tests.factories import make_model
from tests.gateway import TestGateway
from tests.gateway.exchange import Recorded
from tests.services.conftest import Talk
from tests.services.inspecting import expect_sum, merged, texts_of
from tests.services.walking import (
    EDITED,
    FACT,
    KINDS,
    PIN,
    WRITER,
    Kind,
    Walk,
    make_economy,
    make_place,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conversations.services.inspection.reading import Inspection

ALL = 10_000
NEAR = 0.01


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def gateway(kind: Kind) -> Iterator[TestGateway]:
    with TestGateway(flavour=kind.preset, economy=make_economy(kind)) as gateway:
        yield gateway


@pytest.fixture
def conversation(
    transactional_db: None, kind: Kind, gateway: TestGateway, alice: User
) -> Conversation:
    url = gateway.url_for("compatible", Protocol.CHAT_COMPLETIONS)
    ContextPolicy.objects.create(summary_model=make_model(WRITER, base_url=url))
    return make_place(kind, gateway, alice)


@dataclass(frozen=True)
class Asked:
    """A generation and the request that the gateway answered with it."""

    row: Generation
    came: Recorded

    @property
    def prefixes(self) -> list[str]:
        assert self.came.asked is not None
        return self.came.asked.prefixes


async def test_whatever_happens_the_inspector_tells_the_truth(
    talk: Talk,
    gateway: TestGateway,
    kind: Kind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inspection_items, "MOST_TURNS", ALL)
    monkeypatch.setattr(inspection_items, "END_MESSAGES", ALL)
    walked = await walk(talk, gateway, kind)

    await talk.run(expect_everything_happened)
    asked = await talk.run(read_asked, gateway, kind)
    assert len(asked) == kind.turns + 2
    for each in asked:
        await talk.run(expect_same_bytes, each)
        await talk.run(expect_true, each)
        expect_counts(each)
    await talk.run(expect_growth, asked)
    expect_near(asked, walked)
    assert await talk.run(read_spent) == gateway.spent


def expect_everything_happened() -> None:
    states = Generation.objects.values_list("state", flat=True)
    assert set(states) == {State.COMPLETE, State.LENGTH}
    epochs = Epoch.objects.order_by("pk")
    assert {epoch.reason for epoch in epochs} == {
        RollReason.START,
        RollReason.FULL,
        RollReason.MODEL,
        RollReason.PROMPT,
        RollReason.TOO_LONG,
        RollReason.HAND,
    }
    trimmed = Generation.objects.select_related("epoch").get(trimmed=True)
    assert trimmed.epoch is not None
    assert trimmed.epoch.reason == RollReason.TOO_LONG
    memories = "\n".join(epoch.memory for epoch in epochs)
    assert PIN in memories
    assert FACT in memories
    assert EDITED in memories
    assert "It was said: " in memories
    assert any(epoch.summary_id for epoch in epochs)
    assert Summary.objects.count() > 3
    assert Fact.objects.count() > 3


def read_asked(gateway: TestGateway, kind: Kind) -> list[Asked]:
    """Put each generation beside its request: they came one after the other."""
    came = (
        request
        for request in gateway.requests
        if request.model in kind.models and request.status == 200
    )
    rows = Generation.objects.select_related(
        "message", "epoch", "usage", "revision", "model"
    )
    return [Asked(*pair) for pair in zip(rows.order_by("pk"), came, strict=True)]


def expect_same_bytes(each: Asked) -> None:
    rebuilt = rebuild_request(generation=each.row)
    assert rebuilt.matches, rebuilt.problem
    assert rebuilt.body == each.came.body


def expect_true(each: Asked) -> None:
    """What is listed is what came, and it adds up."""
    shown = inspect_context(reply=each.row.message, attempt=each.row.attempt)
    assert shown is not None
    assert shown.is_sent
    assert each.came.asked is not None
    blocks = [one for one in each.came.asked.blocks if one.kind == "text"]
    said = [(one.role, one.text) for one in blocks]
    assert merged(texts_of(shown.rows)) == merged(said)
    for row in shown.rows:
        expect_sum(row)
    expect_sizes(each, shown)


def expect_sizes(each: Asked, shown: Inspection) -> None:
    usage = each.came.usage
    assert usage is not None
    sizes, costs = shown.sizes, shown.costs
    assert sizes is not None
    sent = sum(row.tokens or 0 for row in shown.rows if row.is_sent)
    assert sent + sizes.around == sizes.estimate
    assert sizes.counted == sizes.best == usage.input_tokens
    assert costs.read == usage.cached_input_tokens
    assert costs.written == usage.cache_write_tokens
    assert costs.written_long == usage.cache_write_1h_tokens
    assert not costs.is_less


def expect_counts(each: Asked) -> None:
    row, usage = each.row, each.came.usage
    assert usage is not None
    assert row.usage.input_tokens == usage.input_tokens
    assert row.usage.output_tokens == usage.output_tokens
    assert row.usage.cost == usage.cost
    assert not row.usage.estimated
    assert row.predicted_cached in (None, usage.cached_input_tokens)
    assert row.manifest is not None
    has_turns = any(
        item["kind"] == "turns" and item["outcome"] == Outcome.SENT
        for item in row.manifest["items"]
    )
    assert (row.predicted or 0) <= row.manifest["budget"] or not has_turns


def expect_growth(asked: list[Asked]) -> None:
    """Within an epoch each request begins with the one before it on its branch."""
    of_epoch: dict[int | None, list[Asked]] = defaultdict(list)
    compared = 0
    for each in asked:
        above = set(list_path(leaf=each.row.message_id, limit=ALL))
        parent = each.row.message.parent_id
        for before in reversed(of_epoch[each.row.epoch_id]):
            here = before.row.message_id in above
            if not before.row.start and (
                here or parent == before.row.message.parent_id
            ):
                assert before.prefixes[-1] in each.prefixes
                compared += 1
                break
        of_epoch[each.row.epoch_id].append(each)
    assert compared == len(asked) - len(of_epoch)


def expect_near(asked: list[Asked], walked: Walk) -> None:
    """What was foreseen, at the meter and when it was sent, is near what came."""
    foreseen, predicted = [], []
    asked_before: set[int | None] = set()
    for each in asked:
        if each.row.model_id not in asked_before:
            # How a model counts is not known before it has counted.
            asked_before.add(each.row.model_id)
            continue
        real = each.row.usage.input_tokens or 0
        predicted.append(abs((each.row.predicted or 0) - real) / real)
        assert each.row.epoch is not None
        tokens = walked.foreseen.get(each.row.message_id)
        if tokens is not None and each.row.epoch.message_id != each.row.message_id:
            # The meter does not look what is in the turns that stay at a roll.
            foreseen.append(abs(tokens - real) / real)
    assert sum(predicted) / len(predicted) < NEAR
    assert sum(foreseen) / len(foreseen) < NEAR


def read_spent() -> Decimal:
    costs = UsageRecord.objects.values_list("cost", flat=True)
    return sum((cost for cost in costs if cost), Decimal(0))
