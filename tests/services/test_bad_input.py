"""Whatever a gateway sends: a named end, what was said is kept, and nothing leaks."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from django.core import serializers

from conversations import limits
from conversations.models import Conversation, Endpoint, Generation, Message, User
from conversations.services.keys import set_key
from conversations.services.notes import note_for
from conversations.wire import Protocol, State
from tests.factories import make_conversation, make_model
from tests.gateway import TestGateway
from tests.services.conftest import Talk

if TYPE_CHECKING:
    from conversations.live.hub import Hub

KEY = "sk-canary-0123456789abcdefCANARY"
PREFIX = {
    Protocol.CHAT_COMPLETIONS: "/v1",
    Protocol.RESPONSES: "/v1",
    Protocol.MESSAGES: "/v1",
}
# What is sent, how that ends, and how the text that is kept begins.
SCENARIOS = [
    ("html", {State.FAILED}, ""),
    ("empty", {State.FAILED}, ""),
    ("json-other", {State.FAILED}, ""),
    ("json-error", {State.FAILED}, ""),
    ("redirect", {State.FAILED}, ""),
    ("echo-key", {State.FAILED}, ""),
    ("echo-key-late", {State.FAILED}, "t0 "),
    ("json+ok:3", {State.COMPLETE}, "t0 t1 t2 "),
    ("garbage", {State.CUT}, "t0 "),
    ("endless-line", {State.FAILED, State.LENGTH}, ""),
    ("endless-error", {State.FAILED}, ""),
    ("endless", {State.LENGTH}, "t0 t1 "),
    ("giant", {State.COMPLETE, State.LENGTH}, ""),
    ("nul", {State.COMPLETE}, ""),
    ("unicode", {State.COMPLETE}, ""),
    ("usage-absurd+ok:2", {State.COMPLETE}, "t0 t1 "),
    ("byte-by-byte", {State.COMPLETE}, ""),
    ("odd-lines", {State.COMPLETE}, ""),
    ("stall:2", {State.CUT}, "t0 t1 "),
    ("stall-pinging:2", {State.CUT}, "t0 t1 "),
    ("reset:2", {State.CUT}, "t0 t1 "),
    ("cut", {State.CUT}, "t0 "),
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "RETRY_FIRST_SECONDS": 0.01,
        "RETRY_MOST_SECONDS": 0.02,
        "GATEWAY_IDLE_SECONDS": 1.5,
        "GATEWAY_FIRST_BYTE_SECONDS": 3.0,
        "GATEWAY_TOTAL_SECONDS": 3.0,
        "GATEWAY_EVENT_BYTES": 2_500_000,
        "ANSWER_BYTES": 100_000,
    }.items():
        monkeypatch.setattr(limits, name, value)


@pytest.fixture(params=list(Protocol))
def conversation(
    request: pytest.FixtureRequest,
    transactional_db: None,
    alice: User,
    gateway: TestGateway,
) -> Conversation:
    protocol: Protocol = request.param
    base_url = gateway.base_url.removesuffix("/v1") + PREFIX[protocol]
    model = make_model("ok", base_url=base_url)
    Endpoint.objects.update(protocol=protocol)
    set_key(gateway=model.gateway, key=KEY)
    return make_conversation(owner=alice, model=model)


@pytest.mark.parametrize(("scenario", "states", "begins"), SCENARIOS)
async def test_it_ends_in_a_named_state_with_a_sentence_and_no_secret(
    talk: Talk,
    hub: Hub,
    caplog: pytest.LogCaptureFixture,
    scenario: str,
    states: set[State],
    begins: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    other = await talk.run(
        make_conversation, owner=talk.author, model=talk.conversation.model
    )
    beside = Talk(hub, other, talk.author)
    await talk.use("ok:40@200")
    waits = await beside.send("Beside it")
    await talk.use(scenario)

    reply = await talk.ask()

    generation = await talk.generation(reply)
    assert State(generation.state) in states, generation.error_detail
    assert reply.content.startswith(begins)
    if generation.state != State.COMPLETE:
        assert await talk.run(note_for, generation, text=reply.content)
    assert KEY[3:] not in await talk.run(everything_stored)
    assert KEY[3:] not in caplog.text
    assert (await beside.generation(waits)).state == State.COMPLETE
    assert (await beside.fresh(waits)).content.endswith("t39 ")


def everything_stored() -> str:
    rows = [*Generation.objects.all(), *Message.objects.all()]
    return json.dumps(serializers.serialize("json", rows))
