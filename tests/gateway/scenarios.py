"""The scenarios in which the test gateway answers well, or at least politely.

Each says its words through `Answer`, so each is served on every protocol.
"""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

from tests.gateway import failures, json_answers, notes
from tests.gateway.odd import ODD_CHAT, odd_frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.gateway.answer import Answer
    from tests.gateway.naming import Part

    Scenario = Callable[[Answer, Part], Awaitable[None]]

MEGABYTE = 1_000_000
THOUGHTS = ("Let me ", "think.")
PAGES = (
    ("https://example.org/one", "The first page"),
    ("https://example.org/two?a=1&b=2", "<b>The</b> second & last"),
)


async def ok(answer: Answer, part: Part) -> None:
    """Numbered tokens, usage, the end."""
    await _say(answer, part, "stop", 5)


async def slow(answer: Answer, part: Part) -> None:
    """A token every fifth of a second."""
    answer.start(role=True)
    await answer.tokens(part.count_or(300), part.rate or 5)
    answer.finish()


async def timed(answer: Answer, part: Part) -> None:
    """Tokens `17@123456.789123 `: their number and when they were written."""
    answer.start()
    began = time.monotonic()
    for number in range(part.count_or(100)):
        answer.token(f"{number}@{time.monotonic():.6f} ")
        await answer.exchange.pace(began, number + 1, part.rate or 30)
    answer.finish()


async def paragraphs(answer: Answer, part: Part) -> None:
    """Numbered tokens; every tenth ends its paragraph."""
    answer.start()
    began = time.monotonic()
    for number in range(part.count_or(100)):
        end = "\\n\\n" if number % 10 == 9 else " "
        answer.token(f"t{number}{end}")
        await answer.exchange.pace(began, number + 1, part.rate)
    answer.finish()


async def endless(answer: Answer, part: Part) -> None:
    """Numbered tokens without end, whatever the request allows."""
    answer.start()
    answer.left = None
    number = 0
    while True:
        await answer.tokens(100, part.rate, start=number)
        number += 100


async def echo(answer: Answer, part: Part) -> None:
    """Say the newest message again."""
    answer.start()
    await answer.say_all(answer.asked.newest, part.rate)
    answer.finish()


async def looks(answer: Answer, part: Part) -> None:
    """Say which images and PDFs there are in all of the prompt."""
    answer.start()
    said = "; ".join(piece.words for piece in answer.asked.pieces)
    await answer.say_all(said or "Nothing to look at.", part.rate)
    answer.finish()


async def length(answer: Answer, part: Part) -> None:
    await _say(answer, part, "length", 3)


async def filtered(answer: Answer, part: Part) -> None:
    await _say(answer, part, "filtered", 3)


async def guard_modified(answer: Answer, part: Part) -> None:
    """A guard has changed the text and says so by its finish reason."""
    answer.start(role=True)
    answer.say("Call me at [phone number removed]. ")
    await answer.tokens(part.count_or(2), part.rate)
    answer.finish("filtered")


async def empty_length(answer: Answer, _: Part) -> None:
    """What some gateways make of a context that is too long."""
    answer.start(role=True)
    answer.finish("length")


async def nothing(answer: Answer, _: Part) -> None:
    """A good end, and not a word before it."""
    answer.start(role=True)
    answer.finish()


async def unknown_reason(answer: Answer, part: Part) -> None:
    await _say(answer, part, "because", 3)


async def finish(answer: Answer, part: Part) -> None:
    """`finish-RAW`: three tokens, and any word of the protocol's own at the end."""
    await _say(answer, part, part.name.removeprefix("finish-"), 3)


async def refusal(answer: Answer, part: Part) -> None:
    """`refusal:cyber` names its category, where the protocol has one."""
    answer.start()
    answer.write(answer.writer.refuse("I would rather not."))
    messages = answer.writer.protocol == "messages"
    detail = "" if part.count is not None else part.argument
    answer.finish("filtered" if messages else "stop", detail=detail)


async def tool_calls(answer: Answer, _: Part) -> None:
    answer.start()
    answer.write(answer.writer.call(0, "look", ['{"up":1}']))
    answer.finish("tool_calls")


async def tool_calls_parallel(answer: Answer, _: Part) -> None:
    """Two calls, their arguments in pieces."""
    answer.start()
    answer.write(answer.writer.call(0, "look", ['{"u', 'p":', "1}"]))
    answer.write(answer.writer.call(1, "listen", ["{", "}"]))
    answer.finish("tool_calls")


async def tool_calls_garbled(answer: Answer, _: Part) -> None:
    """Arguments that are no JSON."""
    answer.start()
    answer.write(answer.writer.call(0, "look", ['{"up":', "oops"]))
    answer.finish("tool_calls")


async def tool_calls_none(answer: Answer, part: Part) -> None:
    """It ends to call a tool, and names none."""
    answer.start(role=True)
    await answer.tokens(part.count_or(0), part.rate)
    answer.finish("tool_calls")


async def reasoning(answer: Answer, part: Part) -> None:
    """Thoughts, then an answer; `:K@R` is K of each, at that rate.

    A chat completion has them under two names at once, before the role.
    """
    await _reason(answer, part, "plain")


async def thinking(answer: Answer, part: Part) -> None:
    """Thoughts that are signed, to be given back as they came."""
    await _reason(answer, part, "details")


async def reasoning_summary(answer: Answer, part: Part) -> None:
    await _reason(answer, part, "summary")


async def reasoning_text(answer: Answer, part: Part) -> None:
    """Thoughts in full, where a protocol tells those from summaries."""
    responses = answer.writer.protocol == "responses"
    await _reason(answer, part, "text" if responses else "plain")


async def redacted(answer: Answer, part: Part) -> None:
    """Thoughts nobody may read, sealed."""
    await _reason(answer, part, "hidden")


async def ponders(answer: Answer, part: Part) -> None:
    """`ponders:K`: K sealed thoughts, then the newest message again."""
    answer.start()
    await answer.think([f"r{number} " for number in range(part.count_or(2))], "hidden")
    answer.write(answer.writer.role() if not answer.whole else b"")
    await answer.say_all(answer.asked.newest, part.rate)
    answer.finish()


async def thinking_omitted(answer: Answer, part: Part) -> None:
    """A thought without words, but with a signature."""
    await _reason(answer, part, "omitted")


async def think_tags(answer: Answer, part: Part) -> None:
    """Thoughts inside the text, as raw local models have them, cut anywhere."""
    answer.start(role=True)
    count, rate = part.count_or(2), part.rate
    for piece in ("<th", "ink>\n", "Let me ", "think.", "\n</thi", "nk>\n\n"):
        answer.say(piece)
        await answer.exchange.pace(0, 0, 0)
    await answer.tokens(count, rate)
    answer.finish()


async def citations(answer: Answer, part: Part) -> None:
    """An answer that refers to two pages."""
    answer.start(role=True)
    await answer.say_all("As the pages say [1][2]. ", part.rate)
    for url, title in PAGES:
        answer.write(answer.writer.cite(url, title))
    await answer.tokens(part.count_or(2), part.rate)
    answer.finish()


async def nul(answer: Answer, _: Part) -> None:
    """NUL, lone surrogates, and an emoji and a line end cut in two."""
    answer.start()
    for text in ("a\0b ", "\ud83d", "\ude00 ", "\ude00 ", "\ud83d", "c\r", "\nd\r"):
        answer.say(text)
    answer.finish()


async def unicode(answer: Answer, _: Part) -> None:
    """Right to left, joiners, combining marks, and markup that means no good."""
    answer.start()
    for text in (
        "שלום \u202eolleh\u202c 👩‍👩‍👧‍👦 e\u0301 ",
        "<script>alert(1)</script> ",
        "[x](javascript:alert(1)) ",
        "\ufeff\u200b\u2028\u2029 end",
    ):
        answer.say(text)
    answer.finish()


async def giant(answer: Answer, part: Part) -> None:
    """One delta of a megabyte."""
    answer.start()
    answer.token("g" * part.count_or(MEGABYTE))
    answer.finish()


async def byte_by_byte(answer: Answer, part: Part) -> None:
    """Every byte in a read of its own, UTF-8 characters and JSON cut anywhere."""
    answer.start()
    answer.style.byte_by_byte = True
    answer.write(b"\xef\xbb\xbf: hello\r\n\r\n")
    for text in ("é", "😀", "日本 "):
        answer.say(text)
    await answer.tokens(part.count_or(2))
    answer.finish()


async def odd_lines(answer: Answer, _: Part) -> None:
    """CR and CRLF, several data lines, no space, fields nobody knows, no last line."""
    chat = answer.writer.protocol == "chat_completions"
    answer.exchange.start()
    for piece in ODD_CHAT if chat else odd_frames(answer):
        answer.exchange.write(piece)


async def comments(answer: Answer, part: Part) -> None:
    """Signs of life before the first token, 20 a second."""
    answer.start()
    began = time.monotonic()
    for number in range(part.count_or(10)):
        answer.write(answer.writer.ping())
        await answer.exchange.pace(began, number + 1, part.rate or 20)
    await answer.tokens(2)
    answer.finish()


async def pinged(answer: Answer, part: Part) -> None:
    """Signs of life and empty deltas between the tokens."""
    answer.start(role=True)
    for number in range(part.count_or(3)):
        answer.write(answer.writer.ping())
        answer.write(answer.writer.say(""))
        await answer.tokens(1, part.rate, start=number)
    answer.finish()


async def zipped(answer: Answer, part: Part) -> None:
    """Compressed although nobody asked."""
    answer.exchange.headers["content-encoding"] = "gzip"
    answer.exchange.start()
    frames = answer.writer.opening()
    frames += b"".join(answer.writer.say(f"t{n} ") for n in range(part.count_or(1)))
    answer.exchange.request.tokens_sent = part.count_or(1)
    frames += answer.writer.closing("stop", answer.count())
    answer.exchange.write(gzip.compress(frames))


async def usage_everywhere(answer: Answer, part: Part) -> None:
    """Cumulative usage on every delta, the finish twice, and then null."""
    answer.start()
    await answer.tokens(part.count_or(3), part.rate)
    answer.finish()
    if answer.writer.protocol == "chat_completions":
        answer.write(answer.writer.closing("length", answer.count()))


async def no_usage(answer: Answer, part: Part) -> None:
    answer.style.usage = "never"
    answer.start()
    await answer.tokens(part.count_or(3), part.rate)
    answer.finish()


async def lingering(answer: Answer, part: Part) -> None:
    """All is said, and the connection stays open; after [DONE], or `:0` without."""
    answer.style.done = None if part.count is None else False
    answer.start()
    await answer.tokens(2)
    answer.finish()
    await answer.exchange.hang()


async def _say(answer: Answer, part: Part, reason: str, count: int) -> None:
    answer.start(role=True)
    await answer.tokens(part.count_or(count), part.rate)
    answer.finish(reason)


async def _reason(answer: Answer, part: Part, kind: str) -> None:
    answer.start()
    thoughts = list(THOUGHTS)
    if part.count is not None:
        thoughts = [f"r{number} " for number in range(part.count)]
    await answer.think(thoughts, kind, part.rate)
    answer.write(answer.writer.role() if not answer.whole else b"")
    await answer.tokens(part.count_or(2), part.rate)
    answer.finish()


SCENARIOS: dict[str, Scenario] = {
    "ok": ok,
    "slow": slow,
    "timed": timed,
    "paragraphs": paragraphs,
    "endless": endless,
    "echo": echo,
    "looks": looks,
    "length": length,
    "filtered": filtered,
    "guard-modified": guard_modified,
    "empty-length": empty_length,
    "nothing": nothing,
    "unknown-reason": unknown_reason,
    "finish-": finish,
    "refusal": refusal,
    "tool-calls": tool_calls,
    "tool-calls-parallel": tool_calls_parallel,
    "tool-calls-garbled": tool_calls_garbled,
    "tool-calls-none": tool_calls_none,
    "reasoning": reasoning,
    "reasoning-details": thinking,
    "reasoning-summary": reasoning_summary,
    "reasoning-text": reasoning_text,
    "reasoning-encrypted": redacted,
    "thinking": thinking,
    "redacted": redacted,
    "ponders": ponders,
    "thinking-omitted": thinking_omitted,
    "think-tags": think_tags,
    "citations": citations,
    "nul": nul,
    "unicode": unicode,
    "giant": giant,
    "byte-by-byte": byte_by_byte,
    "odd-lines": odd_lines,
    "comments": comments,
    "pinged": pinged,
    "gzip": zipped,
    "usage-everywhere": usage_everywhere,
    "no-usage": no_usage,
    "lingering": lingering,
    **json_answers.SCENARIOS,
    **notes.SCENARIOS,
    **failures.SCENARIOS,
}
