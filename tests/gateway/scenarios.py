"""How the test gateway answers, by the name of the model: `name`, `name:K`, `name:K@R`.

K is a number (tokens mostly, or a status), R a rate in tokens a second.
"""

from __future__ import annotations

import gzip
import json
import time
from typing import TYPE_CHECKING

from conversations.gateways import demo_wire
from tests.gateway import failures

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.gateway.exchange import Exchange

    Scenario = Callable[[Exchange, int | None, float], Awaitable[None]]

MEGABYTE = 1_000_000


async def play(exchange: Exchange) -> None:
    """Answer as the model's name says; an unknown name is an unknown model."""
    name, _, rest = exchange.model.partition(":")
    count, _, rate = rest.partition("@")
    scenario = SCENARIOS.get(name)
    if scenario is None:
        message = f"The model `{exchange.model}` does not exist."
        failures.refuse(exchange, 404, message, code="model_not_found")
        return
    await scenario(exchange, int(count) if count else None, float(rate or 0))


async def ok(exchange: Exchange, count: int | None, rate: float) -> None:
    """Numbered tokens, usage, [DONE]."""
    exchange.start()
    exchange.write(demo_wire.opening(exchange.model))
    await exchange.tokens(5 if count is None else count, rate)
    exchange.finish()
    exchange.end()


async def slow(exchange: Exchange, count: int | None, rate: float) -> None:
    """A token every fifth of a second."""
    await ok(exchange, 300 if count is None else count, rate or 5)


async def timed(exchange: Exchange, count: int | None, rate: float) -> None:
    """Tokens `17@123456.789123 `: their number and when they were written."""
    exchange.start()
    began = time.monotonic()
    for number in range(100 if count is None else count):
        exchange.token(f"{number}@{time.monotonic():.6f} ")
        await exchange.pace(began, number + 1, rate or 30)
    exchange.finish()
    exchange.end()


async def paragraphs(exchange: Exchange, count: int | None, rate: float) -> None:
    """Numbered tokens; every tenth ends its paragraph."""
    exchange.start()
    began = time.monotonic()
    for number in range(100 if count is None else count):
        end = "\\n\\n" if number % 10 == 9 else " "
        exchange.token(f"t{number}{end}")
        await exchange.pace(began, number + 1, rate)
    exchange.finish()
    exchange.end()


async def endless(exchange: Exchange, _: int | None, rate: float) -> None:
    exchange.start()
    number = 0
    while True:
        await exchange.tokens(100, rate, start=number)
        number += 100


async def echo(exchange: Exchange, _: int | None, __: float) -> None:
    """Say the newest message again."""
    exchange.start()
    newest = exchange.request.messages[-1]["content"]
    for piece in demo_wire.split_pieces(newest):
        exchange.request.tokens_sent += 1
        exchange.write(demo_wire.text_chunk(exchange.model, piece))
    exchange.finish()
    exchange.end()


async def length(exchange: Exchange, count: int | None, rate: float) -> None:
    await _finish_with(exchange, "length", 3 if count is None else count, rate)


async def filtered(exchange: Exchange, count: int | None, rate: float) -> None:
    await _finish_with(exchange, "content_filter", 3 if count is None else count, rate)


async def empty_length(exchange: Exchange, _: int | None, __: float) -> None:
    """What some gateways make of a context that is too long."""
    await _finish_with(exchange, "length", 0)


async def unknown_reason(exchange: Exchange, _: int | None, __: float) -> None:
    await _finish_with(exchange, "because", 3)


async def refusal(exchange: Exchange, _: int | None, __: float) -> None:
    exchange.start()
    exchange.write(demo_wire.chunk(exchange.model, {"refusal": "I would rather not."}))
    exchange.finish()
    exchange.end()


async def tool_calls(exchange: Exchange, _: int | None, __: float) -> None:
    exchange.start()
    for call in (
        {"index": 0, "id": "call_1", "function": {"name": "look", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"up":1}'}},
    ):
        exchange.write(demo_wire.chunk(exchange.model, {"tool_calls": [call]}))
    exchange.finish("tool_calls")
    exchange.end()


async def reasoning(exchange: Exchange, _: int | None, __: float) -> None:
    """Thoughts under two names at once, before the role, then an answer."""
    exchange.start()
    for piece in ("Let me ", "think."):
        delta: dict[str, object] = {"reasoning": piece, "reasoning_content": piece}
        exchange.write(demo_wire.chunk(exchange.model, delta))
    exchange.write(demo_wire.opening(exchange.model))
    await exchange.tokens(2)
    details = {"reasoning_tokens": 7}
    cached = {"cached_tokens": 64, "cache_write_tokens": 32}
    exchange.finish(completion_tokens_details=details, prompt_tokens_details=cached)
    exchange.end()


async def whole(exchange: Exchange, _: int | None, __: float) -> None:
    """JSON although a stream was asked for."""
    usage = demo_wire.usage(100, 2)
    message: dict[str, object] = {"content": "t0 t1 "}
    body = demo_wire.completion(exchange.model, message, "stop", usage)
    exchange.answer(200, body)


async def nul(exchange: Exchange, _: int | None, __: float) -> None:
    """NUL, lone surrogates, and an emoji and a line end cut in two."""
    exchange.start()
    for text in ("a\0b ", "\ud83d", "\ude00 ", "\ude00 ", "\ud83d", "c\r", "\nd\r"):
        escaped = json.dumps({"choices": [{"delta": {"content": text}}]})
        exchange.write(b"data: " + escaped.encode() + b"\n\n")
    exchange.finish()
    exchange.end()


async def giant(exchange: Exchange, count: int | None, _: float) -> None:
    """One delta of a megabyte."""
    exchange.start()
    exchange.token("g" * (MEGABYTE if count is None else count))
    exchange.finish()
    exchange.end()


async def byte_by_byte(exchange: Exchange, count: int | None, _: float) -> None:
    """Every byte in a read of its own, UTF-8 characters and JSON cut anywhere."""
    exchange.start()
    pieces = ["é", "😀", "日本 "] + [f"t{number} " for number in range(count or 2)]
    chunks = [demo_wire.text_chunk(exchange.model, piece) for piece in pieces]
    end = demo_wire.chunk(exchange.model, {}, "stop")
    for byte in b"\xef\xbb\xbf: hello\r\n\r\n" + b"".join(chunks) + end:
        await exchange.write_all(bytes([byte]))
    exchange.end()


async def odd_lines(exchange: Exchange, _: int | None, __: float) -> None:
    """CR and CRLF, several data lines, no space, fields nobody knows, no last line."""
    exchange.start()
    exchange.write(b': ping\r\ndata:{"choices":\r\ndata: [{"delta":{"content":"t0 "}')
    exchange.write(b"}]}\r\nid: 7\r\n\r")
    exchange.write(b'\nretry: 9\rdata: {"choices":[{"delta":{"content":"t1 "}}]}\r\r')
    exchange.write(b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n')
    exchange.write(b'data: {"choices":[],"usage":null}\n\n')
    exchange.write(b'data: {"choices":[{"delta":{},"finish_reason":"eos"}]}')
    exchange.end()


async def comments(exchange: Exchange, count: int | None, rate: float) -> None:
    """Signs of life before the first token, 20 a second."""
    exchange.start()
    began = time.monotonic()
    for number in range(10 if count is None else count):
        exchange.write(b": PROCESSING\n\n")
        await exchange.pace(began, number + 1, rate or 20)
    await exchange.tokens(2)
    exchange.finish()
    exchange.end()


async def zipped(exchange: Exchange, _: int | None, __: float) -> None:
    """Compressed although nobody asked."""
    exchange.start(content_encoding="gzip")
    text = demo_wire.text_chunk(exchange.model, "t0 ")
    end = demo_wire.chunk(exchange.model, {}, "stop")
    exchange.write(gzip.compress(text + end))
    exchange.end()


async def usage_everywhere(exchange: Exchange, _: int | None, __: float) -> None:
    """Cumulative usage on every chunk, the finish twice, and then null."""
    exchange.start()
    for number in range(3):
        delta = {"delta": {"content": f"t{number} "}}
        usage = demo_wire.usage(100, number + 1)
        exchange.write(demo_wire.event({"choices": [delta], "usage": usage}))
    for end in ("stop", "length"):
        choice = {"delta": {"content": ""}, "finish_reason": end}
        exchange.write(demo_wire.event({"choices": [choice], "usage": None}))
    exchange.end()


async def no_usage(exchange: Exchange, count: int | None, rate: float) -> None:
    exchange.start()
    await exchange.tokens(3 if count is None else count, rate)
    exchange.write(demo_wire.chunk(exchange.model, {}, "stop") + demo_wire.DONE)
    exchange.end()


async def lingering(exchange: Exchange, count: int | None, _: float) -> None:
    """All is said, and the connection stays open; after [DONE], or `:0` without."""
    exchange.start()
    await exchange.tokens(2)
    exchange.write(demo_wire.chunk(exchange.model, {}, "stop"))
    if count is None:
        exchange.write(demo_wire.DONE)
    await exchange.hang()


async def _finish_with(
    exchange: Exchange, reason: str, count: int, rate: float = 0.0
) -> None:
    exchange.start()
    exchange.write(demo_wire.opening(exchange.model))
    await exchange.tokens(count, rate)
    exchange.finish(reason)
    exchange.end()


SCENARIOS: dict[str, Scenario] = {
    "ok": ok,
    "slow": slow,
    "timed": timed,
    "paragraphs": paragraphs,
    "endless": endless,
    "echo": echo,
    "length": length,
    "filtered": filtered,
    "empty-length": empty_length,
    "unknown-reason": unknown_reason,
    "refusal": refusal,
    "tool-calls": tool_calls,
    "reasoning": reasoning,
    "json": whole,
    "nul": nul,
    "giant": giant,
    "byte-by-byte": byte_by_byte,
    "odd-lines": odd_lines,
    "comments": comments,
    "gzip": zipped,
    "usage-everywhere": usage_everywhere,
    "no-usage": no_usage,
    "lingering": lingering,
    **failures.SCENARIOS,
}
