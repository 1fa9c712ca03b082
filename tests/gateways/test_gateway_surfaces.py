"""The test gateway speaks what the official SDKs understand, whatever the scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from conversations.wire import Protocol
from tests.gateways.posting import BODIES, CHAT, MESSAGES, RESPONSES, post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.gateway import TestGateway


@dataclass
class Said:
    """What an SDK has made of a stream."""

    text: str
    reason: str
    output_tokens: int | None
    kinds: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)


@pytest.fixture
async def openai(gateway: TestGateway) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(
        api_key="any", base_url=gateway.base_url, max_retries=0
    ) as sdk:
        yield sdk


@pytest.fixture
async def anthropic(gateway: TestGateway) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(
        api_key="any", base_url=gateway.root_url, max_retries=0
    ) as sdk:
        yield sdk


async def chat(sdk: AsyncOpenAI, model: str) -> Said:
    stream = await sdk.chat.completions.create(
        model=model, stream=True, messages=[{"role": "user", "content": "Hello you"}]
    )
    said = Said("", "", None)
    async for chunk in stream:
        if chunk.usage is not None:
            said.output_tokens = chunk.usage.completion_tokens
        for choice in chunk.choices:
            said.text += choice.delta.content or choice.delta.refusal or ""
            said.reason = said.reason or choice.finish_reason or ""
            notes = (choice.delta.model_extra or {}).get("annotations", [])
            said.pages += [note["url_citation"]["url"] for note in notes]
            said.kinds += ["call" for _ in choice.delta.tool_calls or []]
    return said


async def respond(sdk: AsyncOpenAI, model: str) -> Said:
    """Read a stream with the SDK's helper, which checks that it all fits together."""
    said = Said("", "", None)
    async with sdk.responses.stream(
        model=model, input="Hello you", store=False
    ) as all_:
        async for event in all_:
            if event.type in ("response.output_text.delta", "response.refusal.delta"):
                said.text += event.delta
            elif event.type in ("response.completed", "response.incomplete"):
                response = event.response
                details = response.incomplete_details
                said.reason = str(details.reason if details else response.status)
                said.kinds = [item.type for item in response.output]
                usage = response.usage
                said.output_tokens = usage.output_tokens if usage else None
            elif event.type == "response.output_text.annotation.added":
                said.pages.append(str(getattr(event.annotation, "url", "")))
    return said


async def write(sdk: AsyncAnthropic, model: str) -> Said:
    async with sdk.messages.stream(
        model=model,
        max_tokens=4_000,
        messages=[{"role": "user", "content": "Hello you"}],
    ) as stream:
        message = await stream.get_final_message()
    texts = [block for block in message.content if block.type == "text"]
    notes = [note for block in texts for note in block.citations or []]
    return Said(
        "".join(block.text for block in texts),
        str(message.stop_reason),
        message.usage.output_tokens,
        [block.type for block in message.content],
        [str(getattr(note, "url", "")) for note in notes],
    )


@pytest.fixture
def ask(
    openai: AsyncOpenAI, anthropic: AsyncAnthropic
) -> Callable[[Protocol, str], Awaitable[Said]]:
    async def ask(protocol: Protocol, model: str) -> Said:
        if protocol is CHAT:
            return await chat(openai, model)
        if protocol is RESPONSES:
            return await respond(openai, model)
        return await write(anthropic, model)

    return ask


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    ("model", "text", "tokens"),
    [
        ("ok", "t0 t1 t2 t3 t4 ", 5),
        ("slow:2@100", "t0 t1 ", 2),
        ("paragraphs:2", "t0 t1 ", 2),
        ("echo", "Hello you", 2),
        ("nothing", "", 0),
        ("reasoning", "t0 t1 ", 2),
        ("reasoning:3", "t0 t1 t2 ", 3),
        ("thinking", "t0 t1 ", 2),
        ("reasoning-summary", "t0 t1 ", 2),
        ("reasoning-text", "t0 t1 ", 2),
        ("redacted", "t0 t1 ", 2),
        ("thinking-omitted", "t0 t1 ", 2),
        ("think-tags", "<think>\nLet me think.\n</think>\n\nt0 t1 ", 8),
        ("citations", "As the pages say [1][2]. t0 t1 ", 9),
        ("comments:2@100", "t0 t1 ", 2),
        ("pinged:2", "t0 t1 ", 2),
        ("byte-by-byte", "é😀日本 t0 t1 ", 5),
        ("gzip:2", "t0 t1 ", 2),
        ("giant:5000", "g" * 5_000, 1),
        (
            "json-fenced",
            '```json\n{"title": "A title", "summary": "A summary.", '
            '"facts": ["One fact."]}\n```',
            None,
        ),
        ("usage-everywhere", "t0 t1 t2 ", 3),
        ("usage-alias+ok:2", "t0 t1 ", 2),
        ("usage-filled+ok:2", "t0 t1 ", 2),
        ("usage-late+ok:2", "t0 t1 ", 2),
        ("crlf+ok:2", "t0 t1 ", 2),
        ("cr+reasoning", "t0 t1 ", 2),
        ("pieces+ok:1", "t0 ", 1),
        ("with-done+ok:2", "t0 t1 ", 2),
        ("no-sequence+ok:2", "t0 t1 ", 2),
        ("closes+ok:2", "t0 t1 ", 2),
        ("provider/ok:2", "t0 t1 ", 2),
    ],
)
async def test_each_scenario_is_understood_on_each_protocol(
    ask: Callable[[Protocol, str], Awaitable[Said]],
    protocol: Protocol,
    model: str,
    text: str,
    tokens: int | None,
):
    said = await ask(protocol, model)

    assert said.text == text
    assert said.reason in ("stop", "completed", "end_turn")
    assert tokens is None or said.output_tokens == tokens


@pytest.mark.parametrize(
    ("model", "reasons"),
    [
        ("length", ("length", "max_output_tokens", "max_tokens")),
        ("empty-length", ("length", "max_output_tokens", "max_tokens")),
        ("filtered", ("content_filter", "content_filter", "refusal")),
        ("guard-modified", ("content_filter", "content_filter", "refusal")),
        ("refusal", ("stop", "completed", "refusal")),
        ("tool-calls", ("tool_calls", "completed", "tool_use")),
        ("tool-calls-parallel", ("tool_calls", "completed", "tool_use")),
        ("tool-calls-none", ("tool_calls", "completed", "tool_use")),
        ("unknown-reason", ("because", "because", "because")),
        ("finish-pause_turn", ("pause_turn", "pause_turn", "pause_turn")),
        ("finish-steered", ("steered", "steered", "steered")),
    ],
)
async def test_each_end_has_each_protocols_own_word(
    ask: Callable[[Protocol, str], Awaitable[Said]],
    model: str,
    reasons: tuple[str, str, str],
):
    found = [(await ask(protocol, model)).reason for protocol in Protocol]

    assert tuple(found) == reasons


async def test_thoughts_calls_and_pages_are_what_the_sdks_take_them_for(
    ask: Callable[[Protocol, str], Awaitable[Said]],
):
    assert (await ask(RESPONSES, "reasoning")).kinds == ["reasoning", "message"]
    assert (await ask(MESSAGES, "thinking")).kinds == ["thinking", "text"]
    assert (await ask(MESSAGES, "redacted")).kinds == ["redacted_thinking", "text"]
    assert (await ask(RESPONSES, "tool-calls-parallel")).kinds == ["function_call"] * 2
    assert (await ask(MESSAGES, "tool-calls-parallel")).kinds == ["tool_use"] * 2
    for protocol in Protocol:
        pages = (await ask(protocol, "citations")).pages
        assert pages == ["https://example.org/one", "https://example.org/two?a=1&b=2"]


@pytest.mark.parametrize("protocol", Protocol)
def test_who_asks_for_no_stream_gets_json(gateway: TestGateway, protocol: Protocol):
    sent = BODIES[protocol]("reasoning") | {"stream": False}

    reply = post(gateway, protocol, sent)

    assert reply.headers["content-type"] == "application/json"
    assert "t0 t1 " in str(reply.json)
    assert "Let me think." in str(reply.json)


def test_some_stream_although_nobody_asked_and_some_do_not_although_asked(
    gateway: TestGateway,
):
    sent = {"model": "ok", "messages": [{"role": "user", "content": "Hello"}]}

    always = post(gateway, CHAT, sent, flavour="ezrouter")
    never = post(gateway, CHAT, "json")

    assert always.headers["content-type"].startswith("text/event-stream")
    assert never.json["choices"][0]["message"]["content"] == "t0 t1 "


def test_encrypted_reasoning_is_complete_only_when_it_is_done(gateway: TestGateway):
    events = post(gateway, RESPONSES, "reasoning-encrypted").events

    added, done = (
        event["item"]["encrypted_content"]
        for event in events
        if event["type"].startswith("response.output_item.")
        and event["item"]["type"] == "reasoning"
    )
    assert added != done
    assert done == events[-1]["response"]["output"][0]["encrypted_content"]


def test_a_chat_completion_has_thoughts_in_details_with_one_signature(
    gateway: TestGateway,
):
    events = post(gateway, CHAT, "reasoning-details").events

    details = [
        detail
        for event in events
        for choice in event["choices"]
        for detail in choice["delta"].get("reasoning_details", [])
    ]
    assert "".join(each.get("text", "") for each in details) == "Let me think."
    assert sum("signature" in each for each in details) == 1
    assert {each["index"] for each in details} == {0}


@pytest.mark.parametrize("protocol", Protocol)
def test_errors_in_the_middle_are_the_protocols_own(
    gateway: TestGateway, protocol: Protocol
):
    last = post(gateway, protocol, "error").events[-1]

    assert "The test gateway fails in the middle." in str(last)
    kinds = {RESPONSES: "response.failed", MESSAGES: "error"}
    assert last.get("type") == kinds.get(protocol)


@pytest.mark.parametrize("protocol", Protocol)
def test_what_was_asked_reads_alike_on_each_protocol(
    gateway: TestGateway, protocol: Protocol
):
    post(gateway, protocol, "ok")

    found = gateway.requests[0].asked
    assert found is not None
    assert (found.protocol, found.turns) == (protocol, [("user", "Hello")])


def test_no_two_answers_share_an_id(gateway: TestGateway):
    first, second = (post(gateway, MESSAGES, "ok").events[0] for _ in range(2))

    assert first["message"]["id"] != second["message"]["id"]
