"""The twelve facts about gateways that overturn what would be obvious to write.

Each is tried on the surfaces it is true of, through everything from the message that a
person sends to the row that is kept.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from conversations.gateways.presets import PRESETS
from conversations.models import (
    Conversation,
    LanguageModel,
    Price,
    PromptRevision,
    UsageRecord,
)
from conversations.services.calls import ask_once
from conversations.services.notes import TOOL_UNNAMED, note_for
from conversations.wire import FinishReason, Protocol, RequestMessage, State
from tests.contract.surfaces import (
    CHAT,
    KEY,
    MESSAGES,
    MODEL,
    PRESET_SURFACES,
    RESPONSES,
    Surface,
)
from tests.gateway.economy import Economy

if TYPE_CHECKING:
    from conversations.wire import Json
    from tests.contract.conftest import Tell
    from tests.contract.story import Story, Told
    from tests.gateway import TestGateway

OPENAI, OPENROUTER = Surface("openai", CHAT), Surface("openrouter", CHAT)
ANTHROPIC = Surface("anthropic", MESSAGES)
EZROUTER, EZROUTER_CLAUDE = Surface("ezrouter", CHAT), Surface("ezrouter", MESSAGES)
ONE_EACH = [EZROUTER, Surface("openai", RESPONSES), ANTHROPIC]
OPENROUTERS = [Surface("openrouter", protocol) for protocol in Protocol]
MESSAGES_SURFACES = [each for each in PRESET_SURFACES if each.protocol == MESSAGES]
# More than any gateway needs to keep it: 1,200 tokens.
LONG = "+".join(["word"] * 600)
MILLION = Decimal(1_000_000)

# As each gateway documents it.
ADDRESSES = {
    ("ezrouter", CHAT): "https://www.ezrouter.dev/v1/chat/completions",
    ("ezrouter", MESSAGES): "https://www.ezrouter.dev/anthropic/v1/messages",
    ("openrouter", CHAT): "https://openrouter.ai/api/v1/chat/completions",
    ("openrouter", RESPONSES): "https://openrouter.ai/api/v1/responses",
    ("openrouter", MESSAGES): "https://openrouter.ai/api/v1/messages",
    ("opper", CHAT): "https://api.opper.ai/v3/compat/chat/completions",
    ("opper", RESPONSES): "https://api.opper.ai/v3/compat/responses",
    ("opper", MESSAGES): "https://api.opper.ai/v3/compat/v1/messages",
    ("openai", CHAT): "https://api.openai.com/v1/chat/completions",
    ("openai", RESPONSES): "https://api.openai.com/v1/responses",
    ("anthropic", MESSAGES): "https://api.anthropic.com/v1/messages",
    ("ollama", CHAT): "http://127.0.0.1:11434/v1/chat/completions",
    ("ollama", RESPONSES): "http://127.0.0.1:11434/v1/responses",
    ("ollama", MESSAGES): "http://127.0.0.1:11434/v1/messages",
}


@pytest.mark.parametrize("surface", ONE_EACH, ids=str)
async def test_fact_1_an_answer_is_read_as_what_it_is_and_not_as_what_was_asked_for(
    surface: Surface, tell: Tell
) -> None:
    story = await tell(surface)

    streamed = await story.ask(f"{surface.thoughts}:2")
    whole = await story.ask(f"json+{surface.thoughts}:2")

    for told in (streamed, whole):
        assert json.loads(told.bodies[0])["stream"] is True
        assert (told.reply.content, told.generation.reasoning) == ("t0 t1 ", "r0 r1 ")
        assert told.generation.state == State.COMPLETE
        assert not told.generation.usage.estimated


@pytest.mark.parametrize("surface", ONE_EACH, ids=str)
async def test_fact_1_a_call_that_nobody_watches_is_streamed_and_put_together_too(
    surface: Surface, tell: Tell, gateway: TestGateway
) -> None:
    story = await tell(surface)
    model = await story.talk.run(_model_of, story)
    gateway.script(MODEL, "ok:3")

    reply = await ask_once(
        model=model,
        messages=(RequestMessage("user", "A title, please."),),
        user=None,
        purpose=UsageRecord.Purpose.TEST,
        max_output_tokens=50,
    )

    assert gateway.requests[0].json["stream"] is True
    assert (reply.text, reply.finished.reason) == ("t0 t1 t2 ", FinishReason.STOP)


@pytest.mark.parametrize(
    "scenario",
    [
        "ok:2",
        "ok:2+filter-results",
        "ok:2+debug-chunk",
        "ok:2+usage-filled",
        "ok:2+usage-alias",
    ],
)
async def test_fact_2_pieces_without_a_choice_are_usage_or_nothing(
    scenario: str, tell: Tell
) -> None:
    story = await tell(OPENAI)

    told = await story.ask(scenario)

    truth, usage = told.requests[0].usage, told.generation.usage
    assert truth is not None
    assert (told.reply.content, told.generation.state) == ("t0 t1 ", State.COMPLETE)
    assert (usage.input_tokens, usage.output_tokens) == (
        truth.input_tokens,
        truth.output_tokens,
    )


@pytest.mark.parametrize("surface", ONE_EACH, ids=str)
async def test_fact_3_a_stream_that_ends_well_but_for_its_reason_is_no_whole_answer(
    surface: Surface, tell: Tell
) -> None:
    story = await tell(surface)

    cut = await story.ask("cut:2")
    whole = await story.go_on("ok:1")

    assert (cut.reply.content, cut.generation.state) == ("t0 t1 ", State.CUT)
    assert (whole.reply.content, whole.generation.state) == (
        "t0 t1 t0 ",
        State.COMPLETE,
    )


@pytest.mark.parametrize("surface", PRESET_SURFACES, ids=str)
async def test_fact_4_each_protocol_has_its_own_address_and_its_own_door(
    surface: Surface, tell: Tell, gateway: TestGateway
) -> None:
    known = PRESETS[surface.preset].surfaces[surface.protocol]
    documented = ADDRESSES[surface.kind, surface.protocol]
    end = documented.removeprefix(known.base_url)
    story = await tell(surface)

    told = await story.ask("ok:1")

    (request,) = told.requests
    assert f"{known.base_url}{request.path.removeprefix(_prefix(story))}" == documented
    assert request.path == f"{_prefix(story)}{end}"
    assert gateway.state.auth == ("flavour" if surface.has_key else "")
    shown = {name: value for name, value in request.headers.items() if KEY in value}
    bearer = {"authorization": f"Bearer {KEY}"}
    door = {"x-api-key": KEY} if surface.kind == "anthropic" else bearer
    assert shown == (door if surface.has_key else {})


async def test_fact_4_no_address_is_left_untried() -> None:
    assert {(each.kind, each.protocol) for each in PRESET_SURFACES} == set(ADDRESSES)


async def test_fact_5_a_hidden_prompt_is_counted_and_makes_nothing_else_larger(
    tell: Tell, gateway: TestGateway
) -> None:
    gateway.state.economy = Economy(hidden=23_000)
    story = await tell(EZROUTER)
    await story.talk.run(LanguageModel.objects.update, listed_window=30_000)

    told = [await story.ask(f"window:30000+ok:{count}") for count in range(1, 6)]

    for each in told:
        truth, manifest = each.requests[0].usage, each.generation.manifest
        assert truth is not None
        assert each.generation.usage.input_tokens == truth.input_tokens
        assert truth.input_tokens is not None
        assert truth.input_tokens > 23_000
        # What we sent is what we counted: no ratio has come between.
        assert manifest is not None
        assert manifest["tokens"] < 1_000
        assert each.bodies == [each.expected]


async def test_fact_5_where_a_hidden_prompt_fills_the_window_older_turns_make_room(
    tell: Tell, gateway: TestGateway
) -> None:
    gateway.state.economy = Economy(hidden=23_000)
    story = await tell(EZROUTER)
    await story.talk.run(LanguageModel.objects.update, listed_window=24_000)
    for count in range(1, 6):
        await story.ask(f"ok:{count}")

    told = await story.ask(*["window:23450+ok:2"] * 2)

    refused, answered = told.requests
    assert (told.reply.content, told.generation.state) == ("t0 t1 ", State.COMPLETE)
    assert told.generation.trimmed
    assert len(answered.body) < len(refused.body)


@pytest.mark.parametrize(
    "surface",
    [ANTHROPIC, OPENROUTER, Surface("openai", RESPONSES), EZROUTER_CLAUDE],
    ids=str,
)
@pytest.mark.parametrize("change", ["prompt", "model"])
async def test_fact_6_thoughts_are_sent_back_only_after_what_they_followed(
    surface: Surface, change: str, tell: Tell, gateway: TestGateway
) -> None:
    story = await tell(surface)
    await story.ask("thinking:2")
    before = await story.ask("thinking:2")
    assert _thoughts(before) == 1

    if change == "prompt":
        await story.talk.run(_revise_prompt, story)
    else:
        await story.talk.run(_choose_another_model, story, "acme/thinker-2")
        gateway.script("acme/thinker-2", "thinking:2", "thinking:2")
    first = await story.ask("thinking:2")
    second = await story.ask("thinking:2")

    # Signed after another prompt or by another model, they would have been refused.
    assert [_thoughts(first), _thoughts(second)] == [0, 1]
    assert [each.refusal for each in gateway.requests] == [""] * 4


async def test_fact_6_an_answer_that_was_gone_on_with_is_sent_back_as_text(
    tell: Tell,
) -> None:
    story = await tell(ANTHROPIC)
    await story.talk.run(LanguageModel.objects.update, listed_max_output=2)
    short = await story.ask("thinking:5")
    whole = await story.go_on("ok:1")

    after = await story.ask("ok:1")

    assert short.generation.state == State.LENGTH
    assert whole.reply.content == "t0 t1 t0 "
    text = {"type": "text", "text": "t0 t1 t0 "}
    sent = after.requests[0].messages[1]
    assert sent == {"role": "assistant", "content": [text]}


@pytest.mark.parametrize("surface", [OPENAI, Surface("openai", RESPONSES)], ids=str)
async def test_fact_7_each_prompt_is_found_again_whole_and_its_writes_are_paid_for(
    surface: Surface, tell: Tell, gateway: TestGateway
) -> None:
    gateway.state.economy = Economy(cache="implicit")
    story = await tell(surface)
    await story.talk.run(
        _set_price,
        story,
        input="2",
        cached_input="0.2",
        cache_write="2.5",
        output="10",
    )
    story.question = LONG

    told = [await story.ask(f"{surface.thoughts}:2") for _ in range(3)]

    usages = [each.generation.usage for each in told]
    sizes = [usage.input_tokens or 0 for usage in usages]
    cached = [usage.cached_input_tokens or 0 for usage in usages]
    written = [usage.cache_write_tokens or 0 for usage in usages]
    assert cached[0] == 0
    # A match is exact, at a breakpoint: all that was written before, or nothing.
    assert [cached[1], cached[2]] == [written[0], cached[1] + written[1]]
    for usage, size, read, kept in zip(usages, sizes, cached, written, strict=True):
        paid = (size - read - kept) * 2 + read * Decimal("0.2") + kept * Decimal("2.5")
        paid += (usage.output_tokens or 0) * 10
        assert usage.cost == paid / MILLION


@pytest.mark.parametrize(
    ("surface", "name"),
    [
        (ANTHROPIC, MODEL),
        (EZROUTER_CLAUDE, "claude-thinker-1"),
        *((each, "anthropic/claude-thinker-1") for each in OPENROUTERS),
    ],
    ids=str,
)
async def test_fact_7_where_only_marks_are_found_again_they_are_where_they_are_found(
    surface: Surface, name: str, tell: Tell, gateway: TestGateway
) -> None:
    gateway.state.economy = Economy(cache="breakpoint")
    story = await tell(surface, name)
    story.question = LONG

    told = [await story.ask("thinking:2") for _ in range(3)]

    usages = [each.generation.usage for each in told]
    cached = [usage.cached_input_tokens or 0 for usage in usages]
    written = [usage.cache_write_1h_tokens or 0 for usage in usages]
    assert [usage.cache_write_tokens or 0 for usage in usages] == [0, 0, 0]
    assert all(written)
    assert cached == [0, written[0], written[0] + written[1]]


async def test_fact_8_above_a_cliff_all_of_a_request_is_paid_at_the_dearer_rate(
    tell: Tell,
) -> None:
    story = await tell(EZROUTER)
    tier = {"above": 400, "input": "4", "output": "15"}
    await story.talk.run(_set_price, story, input="2", output="10", tiers=[tier])

    below = await story.ask("ok:2")
    story.question = "word " * 500
    above = await story.ask("ok:2")

    for told, rates in ((below, (2, 10)), (above, (4, 15))):
        usage = told.generation.usage
        tokens = (usage.input_tokens or 0, usage.output_tokens or 0)
        paid = sum(size * rate for size, rate in zip(tokens, rates, strict=True))
        assert usage.cost == Decimal(paid) / MILLION


async def test_fact_8_no_earlier_turn_makes_a_request_go_over_the_cliff(
    tell: Tell,
) -> None:
    story = await tell(EZROUTER)
    tier = {"above": 400, "input": "4", "output": "15"}
    await story.talk.run(_set_price, story, input="2", output="10", tiers=[tier])

    told = [await story.ask("ok:2") for _ in range(6)]

    sizes = [each.generation.usage.input_tokens or 0 for each in told]
    assert 200 < max(sizes) <= 400
    assert len(told[-1].bodies[0]) < len(told[-1].expected)


@pytest.mark.parametrize("surface", OPENROUTERS, ids=str)
async def test_fact_9_openrouter_is_told_not_to_compress(
    surface: Surface, tell: Tell
) -> None:
    story = await tell(surface)
    for _ in range(4):
        await story.ask("ok:1")

    told = await story.ask(*["window:400+ok:1"] * 2)

    off = [{"id": "context-compression", "enabled": False}]
    for request in told.requests:
        assert request.json["plugins"] == off
        assert not request.shortened or request.path.endswith("/responses")
    assert told.generation.state == State.COMPLETE


async def test_fact_9_ollama_gets_no_more_than_it_loads_where_nobody_says_how_much(
    tell: Tell,
) -> None:
    story = await tell(Surface("ollama", CHAT))
    await story.talk.run(LanguageModel.objects.update, listed_window=None)
    story.question = "word " * 900

    told = [await story.ask("truncates:4096+ok:1") for _ in range(6)]

    assert [each.requests[0].shortened for each in told] == [False] * 6
    assert len(told[-1].bodies[0]) < len(told[-1].expected)


@pytest.mark.parametrize("surface", PRESET_SURFACES, ids=str)
async def test_fact_9_no_gateway_is_asked_to_shorten_what_it_is_sent(
    surface: Surface, tell: Tell
) -> None:
    story = await tell(surface)

    told = await story.ask("ok:1")

    sent = set(json.loads(told.bodies[0]))
    assert sent.isdisjoint({"truncation", "transforms", "context_management"})


@pytest.mark.parametrize("surface", [Surface("openrouter", RESPONSES)], ids=str)
async def test_fact_10_an_overflow_that_calls_itself_a_success_is_an_overflow(
    surface: Surface, tell: Tell
) -> None:
    story = await tell(surface)
    for _ in range(4):
        await story.ask("ok:1")

    told = await story.ask(*["window:300+ok:1"] * 2)
    hopeless = await story.ask(*["window:20"] * 2)

    full, answered = told.requests
    assert (full.status, answered.status) == (200, 200)
    assert len(answered.body) < len(full.body)
    assert (told.reply.content, told.generation.state) == ("t0 ", State.COMPLETE)
    assert hopeless.generation.state == State.CONTEXT_FULL


@pytest.mark.parametrize("surface", MESSAGES_SURFACES, ids=str)
async def test_fact_11_the_version_is_pinned_and_no_sampling_is_asked_for(
    surface: Surface, tell: Tell
) -> None:
    story = await tell(surface)

    told = await story.ask("ok:1")

    (request,) = told.requests
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert set(request.json).isdisjoint({"temperature", "top_p", "top_k"})
    shown = {"authorization", "x-api-key"} & set(request.headers)
    assert len(shown) == (1 if surface.has_key else 0)


async def test_fact_12_a_call_of_a_tool_that_is_never_named_is_an_explained_failure(
    tell: Tell,
) -> None:
    story = await tell(EZROUTER)

    told = await story.ask("tool-calls-none:0")

    assert told.generation.state == State.FAILED
    assert note_for(told.generation, text="") == TOOL_UNNAMED
    assert len(told.requests) == 1


def _model_of(story: Story) -> LanguageModel:
    model = story.talk.conversation.model
    assert model is not None
    return LanguageModel.objects.select_related("gateway").get(pk=model.pk)


def _prefix(story: Story) -> str:
    """The path of the surface's base URL at the test gateway."""
    surface, gateway = story.surface, story.gateway
    url = gateway.url_for(surface.kind, surface.protocol)
    return url.removeprefix(gateway.root_url)


def _thoughts(told: Told) -> int:
    """How many thoughts a request sends back."""
    body: Json = json.loads(told.bodies[-1])
    found = json.dumps(body)
    kinds = ('"thinking": "', '"encrypted_content": "', '"reasoning.text"')
    return sum(found.count(kind) for kind in kinds)


def _revise_prompt(story: Story) -> None:
    prompt = story.talk.conversation.prompt
    assert prompt is not None
    PromptRevision.objects.create(prompt=prompt, number=2, text="You are brief.")


def _choose_another_model(story: Story, name: str) -> None:
    model = _model_of(story)
    model.pk, model.name = None, name
    model.save()
    Conversation.objects.update(model=model)


def _set_price(story: Story, **rates: object) -> None:
    Price.objects.create(model=_model_of(story), **rates)
