"""The scenarios in which the test gateway fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations.gateways import demo_wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.gateway.exchange import Exchange

    Scenario = Callable[[Exchange, int | None, float], Awaitable[None]]

HTML = (
    b"<!doctype html><html><head><title>Welcome to the proxy</title></head>"
    b"<body><h1>It works</h1></body></html>"
)
# Errors inside a stream, in the shapes seen in the wild; `error:STATUS` is the rest.
ERRORS_IN_STREAM: dict[str, bytes] = {
    "error-openrouter": demo_wire.event(
        {
            "error": {
                "code": 502,
                "message": "Provider disconnected",
                "metadata": {"error_type": "provider_unavailable"},
            },
            "choices": [{"delta": {"content": ""}, "finish_reason": "error"}],
        }
    ),
    "error-litellm": demo_wire.event(demo_wire.error("Too busy", "", "429")),
    "error-string": demo_wire.event({"error": "The model crashed"}),
    "error-vllm": demo_wire.event(
        {"object": "error", "message": "This model's maximum context length is 10"}
    ),
    "error-event": b'event: error\ndata: {"message": "Overloaded"}\n\n',
    "error-nested": demo_wire.event(
        {"type": "error", "error": {"type": "overloaded_error", "message": "Full"}}
    ),
}


def refuse(exchange: Exchange, status: int, message: str, code: object = None) -> None:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = demo_wire.to_bytes(demo_wire.error(message, kind, code))
    exchange.answer(status, body)


async def error(exchange: Exchange, status: int | None, rate: float) -> None:
    """`error:429` is a status; `error` fails after two tokens, `error@30` slowly."""
    if status is not None:
        refuse(exchange, status, f"The test gateway says {status}.")
        return
    exchange.start()
    await exchange.tokens(2, rate)
    message = demo_wire.error("The test gateway fails in the middle.")
    exchange.write(demo_wire.event(message))
    exchange.end()


async def error_in_stream(exchange: Exchange, count: int | None, rate: float) -> None:
    """K tokens, one by default, and then the error that the name says."""
    exchange.start()
    await exchange.tokens(1 if count is None else count, rate)
    exchange.write(ERRORS_IN_STREAM[exchange.model.partition(":")[0]])
    exchange.end()


async def overflow(exchange: Exchange, status: int | None, _: float) -> None:
    message = "This model's maximum context length is 10 tokens."
    refuse(exchange, status or 400, message, code="context_length_exceeded")


async def quota(exchange: Exchange, _: int | None, __: float) -> None:
    refuse(exchange, 429, "You exceeded your quota.", code="insufficient_quota")


async def echo_key(exchange: Exchange, _: int | None, __: float) -> None:
    """401, with the key in the message, and masked, and half."""
    key = exchange.request.headers.get("authorization", "").removeprefix("Bearer ")
    masked = f"{key[:8]}******{key[-4:]}"
    message = f"Incorrect API key: {key} ({masked}, {key[:12]}), Bearer {key}"
    refuse(exchange, 401, message, code="invalid_api_key")


async def echo_key_late(exchange: Exchange, _: int | None, __: float) -> None:
    """The key in an error in the middle of a stream."""
    exchange.start()
    await exchange.tokens(1)
    key = exchange.request.headers.get("authorization", "")
    exchange.write(demo_wire.event(demo_wire.error(f"Bad header: {key}")))
    exchange.end()


async def redirect(exchange: Exchange, status: int | None, _: float) -> None:
    exchange.start(status or 307, "", location="/v1/elsewhere")
    exchange.end()


async def html(exchange: Exchange, status: int | None, _: float) -> None:
    """A page, with status 200 where none is named."""
    exchange.answer(status or 200, HTML, "text/html; charset=utf-8")


async def empty(exchange: Exchange, status: int | None, _: float) -> None:
    """No body at all."""
    exchange.answer(status or 200, b"", demo_wire.STREAM_TYPE)


async def json_error(exchange: Exchange, _: int | None, __: float) -> None:
    """An error that says 200."""
    refuse(exchange, 200, "Something went wrong.", code="502")


async def json_other(exchange: Exchange, _: int | None, __: float) -> None:
    exchange.answer(200, b'{"status":"ok"}')


async def garbage(exchange: Exchange, _: int | None, __: float) -> None:
    """A token, then a line that is no JSON."""
    exchange.start()
    await exchange.tokens(1)
    exchange.write(b"data: {oops\n\n")
    exchange.end()


async def endless_line(exchange: Exchange, _: int | None, __: float) -> None:
    exchange.start()
    while True:
        await exchange.write_all(b"x" * 65_536)


async def endless_error(exchange: Exchange, _: int | None, __: float) -> None:
    exchange.start(500, "text/plain")
    while True:
        await exchange.write_all(b"failure " * 1_024)


async def stall(exchange: Exchange, count: int | None, rate: float) -> None:
    """Silence before the first byte, or after K tokens."""
    if count is not None:
        exchange.start()
        await exchange.tokens(count, rate)
    await exchange.hang()


async def stall_headers(exchange: Exchange, _: int | None, __: float) -> None:
    """Silence after the headers."""
    exchange.start()
    await exchange.hang()


async def cut(exchange: Exchange, count: int | None, rate: float) -> None:
    """A stream that ends well, but for a finish reason."""
    exchange.start()
    await exchange.tokens(3 if count is None else count, rate)
    exchange.end()


async def drop(exchange: Exchange, count: int | None, rate: float) -> None:
    """The connection ends before the body does."""
    exchange.start()
    await exchange.tokens(3 if count is None else count, rate)
    exchange.close()


async def reset(exchange: Exchange, count: int | None, rate: float) -> None:
    if count is None or count:
        exchange.start()
        await exchange.tokens(3 if count is None else count, rate)
        # What is in flight when a reset comes is lost; let the client read it.
        await exchange.pace(0, 0, 0)
    exchange.reset()


async def drop_after_finish(exchange: Exchange, _: int | None, __: float) -> None:
    exchange.start()
    await exchange.tokens(2)
    exchange.write(demo_wire.chunk(exchange.model, {}, "stop"))
    exchange.close()


SCENARIOS: dict[str, Scenario] = {
    "error": error,
    **dict.fromkeys(ERRORS_IN_STREAM, error_in_stream),
    "overflow": overflow,
    "quota": quota,
    "echo-key": echo_key,
    "echo-key-late": echo_key_late,
    "redirect": redirect,
    "html": html,
    "empty": empty,
    "json-error": json_error,
    "json-other": json_other,
    "garbage": garbage,
    "endless-line": endless_line,
    "endless-error": endless_error,
    "stall": stall,
    "stall-headers": stall_headers,
    "cut": cut,
    "drop": drop,
    "reset": reset,
    "drop-after-finish": drop_after_finish,
}
