from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from conversations.context.assembly import CONTINUE_LINE
from conversations.gateways.base import ErrorKind, Gateways, ModelListing, Route
from conversations.gateways.demo import answers as demo_answers
from conversations.gateways.demo import thoughts as demo_thoughts
from conversations.wire import (
    AttachedFile,
    Dialect,
    FinishReason,
    ReasoningDelta,
    Request,
    RequestMessage,
    TextDelta,
)
from tests.gateways.asking import Heard, ask, count_words, request_for

ROUTE = Route("", "", preset="demo")


@pytest.fixture
async def gateways() -> AsyncIterator[Gateways]:
    gateways = Gateways(count_words, demo_speed=1_000)
    yield gateways
    await gateways.aclose()


async def say(gateways: Gateways, *contents: str, system: str = "") -> Heard:
    return await ask(gateways, ROUTE, request_for("demo", *contents, system=system))


async def test_an_ordinary_answer_says_what_was_sent(gateways: Gateways):
    heard = await say(
        gateways, "One", "Two", "Good morning", system="You are kind to everybody."
    )

    assert "4 messages" in heard.text
    assert "“You are kind to everybody.”" in heard.text
    assert "“Good morning”" in heard.text
    assert "no model behind me" in heard.text
    assert "OPENAI_API_KEY" in heard.text
    assert heard.finished.reason is FinishReason.STOP
    usage = heard.finished.usage
    assert usage is not None
    assert usage.input_tokens == 9 + 4 * 4
    assert usage.output_tokens == count_words(heard.text)
    assert f"about {usage.input_tokens} tokens" in heard.text
    assert heard.finished.model == "demo"


async def test_it_says_which_files_it_was_given(gateways: Gateways):
    files = (
        AttachedFile("1", "image", "plan.png", "image/png", 255, data=b"png"),
        AttachedFile("2", "pdf", "a.pdf", "application/pdf", 9, data=b"pdf"),
        AttachedFile("3", "text", "b.txt", "text/plain", 9, text="Word"),
    )
    asked = RequestMessage("user", "Look", files=files)
    request = Request("demo", (asked,), dialect=Dialect(files=True))

    text = (await ask(gateways, ROUTE, request)).text

    assert "”, and comes with one image and “a.pdf”." in text
    assert "Word" in text
    assert "base64" not in text


async def test_without_a_system_prompt_it_says_so(gateways: Gateways):
    text = (await say(gateways, "Hello")).text

    assert "one message" in text
    assert "no system prompt" in text


@pytest.mark.parametrize("question", ["help", "Help!", "?", "What can you do?"])
async def test_help_lists_what_can_be_asked_for(gateways: Gateways, question: str):
    text = (await say(gateways, question)).text

    listed = re.findall(r"^\| `(.+?)`", text, re.MULTILINE)
    assert listed == [
        "markdown", "code", "table", "long", "think", "slow", "count to 100", "cut",
        "length", "filtered", "error", "late error",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Show me Markdown of every kind", demo_answers.MARKDOWN),
        ("Some code, please", demo_answers.CODE),
        ("show me a table", demo_answers.TABLE),
        ("A long answer", demo_answers.LONG),
        ("slow", demo_answers.SLOW),
        ("count to 3", "1, 2, 3."),
        ("Count up to 0", "There is nothing to count."),
    ],
)
async def test_what_is_asked_for_is_shown(
    gateways: Gateways, question: str, answer: str
):
    gateways = Gateways(count_words, demo_speed=100_000)
    heard = await say(gateways, question)

    await gateways.aclose()
    assert heard.text == answer
    assert heard.finished.reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("a cut one", FinishReason.CUT),
        ("length", FinishReason.LENGTH),
        ("filtered", FinishReason.FILTERED),
    ],
)
async def test_an_answer_can_end_in_other_ways(
    gateways: Gateways, question: str, reason: FinishReason
):
    heard = await say(gateways, question)

    assert heard.text
    assert heard.finished.reason is reason


async def test_it_can_think_before_it_answers(gateways: Gateways):
    heard = await say(gateways, "Think about it")

    thought = [one for one in heard.deltas if isinstance(one, ReasoningDelta)]
    usage = heard.finished.usage
    assert "".join(one.text for one in thought) == demo_thoughts.THOUGHT
    assert heard.deltas[: len(thought)] == thought
    assert heard.text == demo_thoughts.THOUGHTFUL
    assert usage is not None
    assert usage.reasoning_tokens == count_words(demo_thoughts.THOUGHT)


async def test_an_answer_can_fail(gateways: Gateways):
    heard = await say(gateways, "fail please")

    assert heard.deltas == []
    assert heard.error is not None
    assert (heard.error.kind, heard.error.status) == (ErrorKind.SERVER, 500)
    assert heard.error.detail == demo_answers.ERROR


async def test_an_answer_can_fail_midway(gateways: Gateways):
    heard = await say(gateways, "a late error")

    assert heard.text
    assert demo_answers.LONG.startswith(heard.text)
    assert heard.error is not None
    assert heard.error.detail == demo_answers.LATE_ERROR


@pytest.mark.parametrize("question", ["length", "cut", "count to 400", "Hello"])
@pytest.mark.parametrize("broke_off_at", [1, 17, 100])
async def test_an_answer_can_be_continued(
    gateways: Gateways, question: str, broke_off_at: int
):
    partial = (await say(gateways, question)).text[:broke_off_at]

    heard = await say(gateways, question, partial, CONTINUE_LINE)

    once_more = (await say(gateways, question)).text
    assert (partial + heard.text).startswith(once_more)
    assert heard.finished.reason is FinishReason.STOP


async def test_what_cannot_be_continued_is_answered(gateways: Gateways):
    heard = await say(gateways, "Hello", "Somebody else's words", CONTINUE_LINE)

    assert "3 messages" in heard.text


async def test_a_long_question_is_no_request_for_a_trick(gateways: Gateways):
    question = (
        "I would like to know how I can reserve a table for two on Friday evening"
    )

    assert "no model behind me" in (await say(gateways, question)).text


async def test_the_demo_lists_one_model(gateways: Gateways):
    assert await gateways.list_models(ROUTE) == [ModelListing("demo", 32_000)]


async def test_a_request_without_messages_is_refused(gateways: Gateways):
    heard = await ask(gateways, ROUTE, Request("demo", ()))

    assert heard.error is not None
    assert heard.error.kind is ErrorKind.BAD_REQUEST


async def test_the_pace_is_a_readers(gateways: Gateways):
    human = Gateways(count_words)
    clock = asyncio.get_running_loop().time
    times = []
    stream = human.stream(ROUTE, Request("demo", (RequestMessage("user", "long"),)))

    async for delta in stream:
        if isinstance(delta, TextDelta):
            times.append(clock())
        if len(times) == 21:
            break
    await stream.aclose()
    await human.aclose()

    assert 5 < 20 / (times[-1] - times[0]) < 60
