"""One conversation, the same on every surface: what is said, sent, shown and counted."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

import pytest

from conversations.models import Generation, LanguageModel
from conversations.services.notes import (
    DECLINED,
    DECLINED_HERE,
    GUARDED,
    TOOL_UNKNOWN,
    TOOL_UNNAMED,
    note_for,
)
from conversations.services.rebuilding import Rebuilt, rebuild_request
from conversations.services.requests import LEAST_OUTPUT_TOKENS
from conversations.wire import Json, Protocol, State
from tests.contract.bodies import OUTPUT_TOKENS
from tests.contract.surfaces import CHAT, KEY, MESSAGES, RESPONSES, SILENT, SURFACES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.contract.conftest import Tell
    from tests.contract.story import Story, Told
    from tests.contract.surfaces import Surface
    from tests.gateway.exchange import Recorded

# Where each protocol has the conversation, and where it has what stands before it.
HISTORY = {CHAT: "messages", RESPONSES: "input", MESSAGES: "messages"}
# In tokens: less than the whole conversation, more than half of it.
WINDOW = 600
LMSTUDIO = "+says-lmstudio"


async def plain_turn(story: Story) -> None:
    """The first answer."""
    told = await story.ask("ok:3")

    assert_told(told, "t0 t1 t2 ")


async def reasoning(story: Story) -> None:
    """The model thinks, mostly aloud; thoughts are kept, and are no part of the text."""
    aloud = await story.ask(f"{story.surface.thoughts}:2")
    other = await story.ask(f"{story.surface.other_thoughts}:2")

    assert_told(aloud, "t0 t1 ")
    assert_told(other, "t0 t1 ")
    shown = "r0 r1 " if story.surface.shows_thoughts else ""
    assert aloud.generation.reasoning == shown
    hidden = story.surface.other_thoughts == "redacted"
    assert other.generation.reasoning == ("" if hidden else shown)


async def continuing(story: Story) -> None:
    """An answer reaches its limit and is gone on with, in the same message."""
    short = await story.ask("length:2")
    whole = await story.go_on("ok:3")

    assert_told(short, "t0 t1 ", State.LENGTH)
    assert_told(whole, "t0 t1 t0 t1 t2 ")
    assert (whole.reply.pk, whole.generation.attempt) == (short.reply.pk, 2)


async def filtering(story: Story) -> None:
    """An answer is ended by a guard; what it let through is kept, and explained."""
    told = await story.ask("filtered:2")

    assert_told(told, "t0 t1 ", State.FILTERED)
    declines = story.surface.protocol == MESSAGES
    note = note_for(told.generation, text=told.reply.content)
    assert note == (DECLINED_HERE if declines else GUARDED)


async def retrying(story: Story) -> None:
    """The gateway fails once and is asked again, the same, without a word being lost."""
    told = await story.ask("error:503", f"{story.surface.thoughts}:2")

    assert_told(told, "t0 t1 ", requests=2)
    assert told.generation.tries == 2
    refused, answered = told.requests
    assert (refused.status, answered.status) == (503, 200)


async def growing(story: Story) -> None:
    """Nothing that was sent was ever changed: each request begins with the one before."""
    before, after = story.told[0], await story.ask("ok:2")

    assert_told(after, "t0 t1 ")
    firsts = [each for each in story.told if each.generation.attempt == 1]
    assert len(firsts) == 7
    for earlier, later in pairwise(firsts):
        assert extends(story.surface.protocol, earlier.requests[0], later.requests[0])
    assert before.bodies[0] != after.bodies[0]


async def thoughts_back(story: Story) -> None:
    """What was thought is sent back where it may be, and nowhere else."""
    newest = json.loads(story.told[-1].bodies[-1])
    surface, kinds = story.surface, kinds_of(newest)

    assert surface.takes_thoughts_back is bool(kinds & THOUGHT_KINDS)
    if not surface.takes_thoughts_back:
        assert all(set(row) == {"role", "content"} for row in newest["messages"])
        assert b"r0 r1" not in story.told[-1].bodies[-1]


async def overflowing(story: Story) -> None:
    """The conversation gets too long: older turns are left out, once, and it goes on."""
    if story.surface.kind in SILENT:
        await stays_within(story)
        return
    worded = LMSTUDIO if story.surface.kind == "lmstudio" else ""
    told = await story.ask(*[f"window:{WINDOW}{worded}+ok:2"] * 2)

    refused, answered = told.requests
    assert refused.body == told.expected
    assert answered.body in shortened(story, told)
    assert answered.refusal == ""
    assert (told.reply.content, told.generation.state) == ("t0 t1 ", State.COMPLETE)
    assert (told.generation.trimmed, told.generation.tries) == (True, 1)


async def stays_within(story: Story) -> None:
    """Where a gateway would cut in silence, it is sent what it has loaded at most."""
    rows = LanguageModel.objects.all()
    await story.talk.run(rows.update, listed_window=WINDOW)
    await story.talk.run(story.talk.conversation.refresh_from_db)
    told = await story.ask(f"window:{WINDOW}+ok:2")

    (sent,) = told.requests
    assert sent.body in shortened(story, told)
    assert not sent.shortened
    assert (told.reply.content, told.generation.state) == ("t0 t1 ", State.COMPLETE)


async def calling(story: Story) -> None:
    """It asks for a tool, or means to and names none: failures, which are explained."""
    named = await story.ask("tool-calls")

    notes = [note_for(named.generation, text=named.reply.content)]
    if story.surface.protocol != RESPONSES:
        # A response has no word for it: one that calls nothing is complete.
        unnamed = await story.ask("tool-calls-none:1")
        assert unnamed.generation.state == State.FAILED
        notes.append(note_for(unnamed.generation, text=unnamed.reply.content))
    assert named.generation.state == State.FAILED
    assert named.generation.error_detail == "look"
    assert notes == [TOOL_UNKNOWN, TOOL_UNNAMED][: len(notes)]
    assert all(len(each.requests) == 1 for each in story.told[-len(notes) :])


async def counting(story: Story) -> None:
    """What was used is what the gateway says it was; unknown is not zero."""
    # A call that is all of an answer is counted by nobody.
    for told in (each for each in story.told if each.reply.content):
        truth, record = told.requests[-1].usage, told.generation.usage
        assert truth is not None
        assert not record.estimated
        assert record.input_tokens == truth.input_tokens
        assert record.cached_input_tokens in (truth.cached_input_tokens, None)
        assert record.output_tokens == truth.output_tokens
        if truth.reasoning_tokens:
            assert record.reasoning_tokens == truth.reasoning_tokens


async def citing(story: Story) -> None:
    """Pages that an answer refers to are kept beside it, each once."""
    told = await story.ask("citations:2")

    assert told.generation.state == State.COMPLETE
    assert [each["url"] for each in told.generation.citations] == [
        "https://example.org/one",
        "https://example.org/two?a=1&b=2",
    ]


async def refusing(story: Story) -> None:
    """The model declines; its words are the answer, and that it declined is said."""
    told = await story.ask("refusal:cyber")

    assert told.generation.state == State.FILTERED
    assert told.reply.content == "I would rather not."
    declined = {DECLINED, DECLINED_HERE}
    assert note_for(told.generation, text=told.reply.content) in declined


async def breaking_off(story: Story) -> None:
    """The stream just ends: what came is kept and nothing is asked again."""
    told = await story.ask("cut:2")

    assert (told.reply.content, told.generation.state) == ("t0 t1 ", State.CUT)
    assert len(told.requests) == 1
    assert told.generation.usage.estimated


async def failing(story: Story) -> None:
    """The gateway fails in the middle: what came is kept and nothing is asked again."""
    told = await story.ask("error")

    assert (told.reply.content, told.generation.state) == ("t0 t1 ", State.FAILED)
    assert len(told.requests) == 1
    assert told.generation.error_detail


async def rebuilding(story: Story) -> None:
    """Every request can be made again, byte for byte, from what is stored."""
    for told in story.told:
        newest = sha256(told.bodies[-1]).hexdigest()
        assert told.generation.request_sha256 == newest
        assert told.generation.protocol == story.surface.protocol
        rebuilt = await story.talk.run(rebuild_of, told.generation.pk)
        assert_same(rebuilt.body, told.bodies[-1])
        assert (rebuilt.matches, rebuilt.problem) == (True, "")


def rebuild_of(generation_id: int) -> Rebuilt:
    rows = Generation.objects.select_related("message", "epoch", "revision")
    return rebuild_request(generation=rows.get(pk=generation_id))


async def keys(story: Story) -> None:
    """The key is in one header and nowhere else; where there is none, none is sent."""
    surface = story.surface
    for request in (each for told in story.told for each in told.requests):
        shown = {name for name, value in request.headers.items() if KEY in value}
        assert shown == ({surface.key_header} if surface.has_key else set())
        assert KEY.encode() not in request.body
        assert KEY not in request.path
        if not surface.has_key:
            assert not {"authorization", "x-api-key"} & set(request.headers)


async def headers(story: Story) -> None:
    """The version of Anthropic's protocol is pinned, and each path is the surface's own."""
    for request in (each for told in story.told for each in told.requests):
        version = request.headers.get("anthropic-version")
        wanted = "2023-06-01" if story.surface.protocol == MESSAGES else None
        assert version == wanted
        assert "anthropic-beta" not in request.headers
        assert "idempotency-key" not in request.headers
        assert "cookie" not in request.headers


# In the order of the talk; the last ones look back at all of it.
STEPS: dict[str, Callable[[Story], Awaitable[None]]] = {
    "turn": plain_turn,
    "reasoning": reasoning,
    "continue": continuing,
    "filtered": filtering,
    "retry": retrying,
    "prefix": growing,
    "thoughts back": thoughts_back,
    "overflow": overflowing,
    "tool": calling,
    "usage": counting,
    "citations": citing,
    "refusal": refusing,
    "cut": breaking_off,
    "error": failing,
    "sha-256": rebuilding,
    "key": keys,
    "headers": headers,
}
THOUGHT_KINDS = {"thinking", "redacted_thinking", "reasoning"} | {
    f"reasoning.{kind}" for kind in ("text", "summary", "encrypted")
}


@pytest.mark.parametrize("surface", SURFACES, ids=str)
async def test_the_same_conversation_goes_well(
    surface: Surface, tell: Tell, subtests: pytest.Subtests
) -> None:
    story = await tell(surface)

    for name, step in STEPS.items():
        with subtests.test(name):
            await step(story)


def assert_told(
    told: Told, text: str, state: State = State.COMPLETE, *, requests: int = 1
) -> None:
    """It ended so, and every request for it was exactly what it should have been."""
    for body in told.bodies:
        assert_same(body, told.expected)
    assert len(told.requests) == requests
    assert (told.reply.content, told.generation.state) == (text, state)


def assert_same(body: bytes, expected: bytes) -> None:
    """Fail with the place where two bodies part."""
    pairs = enumerate(zip_longest(body, expected))
    place = next((at for at, (one, other) in pairs if one != other), len(body))
    around = slice(max(place - 80, 0), place + 160)
    assert body[around].decode(errors="replace") == expected[around].decode(
        errors="replace"
    )


def extends(protocol: Protocol, earlier: Recorded, later: Recorded) -> bool:
    """Whether `later` begins with all of `earlier`; what marks the cache may move."""
    before, after = (
        without_markers(json.loads(each.body)) for each in (earlier, later)
    )
    name = HISTORY[protocol]
    told, more = before.pop(name), after.pop(name)
    assert isinstance(told, list)
    assert isinstance(more, list)
    return before == after and len(more) > len(told) and more[: len(told)] == told


def without_markers(body: Json) -> Json:
    def strip(value: object) -> object:
        if isinstance(value, list):
            return [strip(each) for each in value]
        if isinstance(value, dict):
            names = (name for name in value if name != "cache_control")
            return {name: strip(value[name]) for name in names}
        return value

    stripped = strip(body)
    assert isinstance(stripped, dict)
    return stripped


def shortened(story: Story, told: Told) -> list[bytes]:
    """All the requests that might be left of the newest: whole turns, and plain.

    Thoughts stand for what came before them; where that is gone, so are they.
    """
    asked = story.said if story.said[-1].role == "user" else story.said[:-1]
    system, *talk = [each.plain for each in asked]
    starts = [place for place, each in enumerate(talk) if each.role == "user"]
    bodies = [story.body([system, *talk[start:]]) for start in starts[1:]]
    return [with_limit(body, told) for body in bodies]


def with_limit(body: bytes, told: Told) -> bytes:
    """Put in what is on record as left for the answer, which a small window bounds."""
    assert told.generation.manifest is not None
    limit = told.generation.manifest["request"]["max_output_tokens"]
    assert limit is None or LEAST_OUTPUT_TOKENS <= limit <= OUTPUT_TOKENS
    usual = f'"max_tokens":{OUTPUT_TOKENS}'.encode()
    return body.replace(usual, f'"max_tokens":{limit}'.encode())


def kinds_of(value: object) -> set[str]:
    """Every `type` in a body."""
    if isinstance(value, list):
        return set().union(*map(kinds_of, value))
    if not isinstance(value, dict):
        return set()
    kind = value.get("type")
    return (
        {kind, *kinds_of(list(value.values()))}
        if kind
        else kinds_of(list(value.values()))
    )
